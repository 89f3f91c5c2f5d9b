import { isIPv4, isIPv6 } from "node:net";
import { Ajv, type ErrorObject } from "ajv";
import type { Property } from "../blueprint.js";
import { lenientRegExp } from "../pattern.js";
import type { RejectCode } from "../reject.js";
import { type Diagnostics, identifierFix } from "./diagnostics.js";

/**
 * How a text fits a format. `wrong`: refused by every published validator of a format that Port enforces; `unusual`: refused by the
 * strict ones, or of a format that Port may not enforce, so that the API decides.
 */
interface FormatVerdict {
  readonly verdict: "fits" | "unusual" | "wrong";
  /** What the format looks like, for a message: `an IPv4 address, such as …`. */
  readonly expects: string;
}

/** Judges a text by one format. */
export type FormatJudge = (text: string) => FormatVerdict;

/**
 * Port's formats that are looked at. Markdown, yaml and proto hold any text, so they have no judge.
 * @source API reference, "Create a blueprint"; the lax readings are those of ajv-formats in its fast mode, the strict ones the RFCs'
 */
export const formatJudges: ReadonlyMap<string, FormatJudge> = new Map([
  ["date-time", judge("a date and time with zone, such as 2024-05-01T10:00:00Z", isDateTime, isLaxDateTime)],
  ["timer", judge("a date and time with zone, such as 2024-05-01T10:00:00Z", isDateTime, anyText)],
  ["url", judge("an absolute URL, such as https://example.com/path", isUrl, (text) => laxUrl.test(text))],
  ["email", judge("an e-mail address, such as name@example.com", isEmail, (text) => laxEmail.test(text))],
  ["idn-email", judge("an e-mail address, such as name@example.com", (text) => laxEmail.test(text), anyText)],
  ["ipv4", judge("an IPv4 address, such as 192.0.2.1", isIPv4, isLaxIpv4)],
  ["ipv6", judge("an IPv6 address, such as 2001:db8::1", (text) => isIPv6(text) && !text.includes("%"), isIPv6)],
  ["user", judge("a user's e-mail address", (text) => laxEmail.test(text), anyText)],
  ["team", judge("a team's name", (text) => text.trim() !== "", anyText)],
  ["blueprints", judge("a blueprint's identifier", (text) => identifierPattern.test(text), anyText)],
]);

const laxUrl = /^[a-z][a-z0-9+.-]*:\S*$/i;
const laxEmail = /^[^\s@]+@[^\s@]+$/;
const strictEmail = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i;
const dateTime =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;
const laxDateTime = /^\d{4}-[01]\d-[0-3]\d[T\s][0-2]\d:[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)$/i;

function judge(expects: string, isStrict: (text: string) => boolean, isLax: (text: string) => boolean): FormatJudge {
  const fits: FormatVerdict = { verdict: "fits", expects };
  const unusual: FormatVerdict = { verdict: "unusual", expects };
  const wrong: FormatVerdict = { verdict: "wrong", expects };
  return (text) => (isStrict(text) ? fits : isLax(text) ? unusual : wrong);
}

function anyText(): boolean {
  return true;
}

function isDateTime(text: string): boolean {
  const parts = dateTime.exec(text);
  if (parts === null) return false;
  const day = Number(parts[3]);
  return day <= 28 || day <= new Date(Date.UTC(Number(parts[1]), Number(parts[2]), 0)).getUTCDate();
}

function isLaxDateTime(text: string): boolean {
  return laxDateTime.test(text);
}

/** Any scheme with an authority, so that intranet hosts pass, which Ajv's own `url` refuses. */
function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/]\S*$/i.test(text) && URL.canParse(text);
}

function isEmail(text: string): boolean {
  return strictEmail.test(text);
}

/** Leading zeros pass: some validators take them. */
function isLaxIpv4(text: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255);
}

/** Most characters of an entity's identifier. @source API reference, "Create an entity" */
const maxIdentifierCharacters = 1000;

/** An entity's identifier, in the widest form the API has published (with the apostrophe). @source API reference, "Create an entity", August 2026 */
const identifierPattern = /^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/='-]+$/u;

/**
 * Says what is wrong with a text as an entity's identifier, as the end of a sentence; undefined when it can be one.
 * Nothing is trimmed or changed: an identifier is compared to the letter.
 */
export function identifierFault(text: string): string | undefined {
  // the class without \p{L} is several times faster, and most identifiers are plain
  if (text.length <= maxIdentifierCharacters && plainIdentifier.test(text)) return undefined;
  if (text === "") return "is empty";
  if (text === "." || text === "..") return 'is "." or ".."';
  const stranger = /[^\p{L}0-9@_.+:\\/='-]/u.exec(text);
  if (stranger !== null) {
    return `holds ${characterName(stranger[0])}; letters, digits and @ _ . + : \\ / = ' - are allowed${identifierFix(text, stranger[0])}`;
  }
  const isLong = text.length > maxIdentifierCharacters && [...text].length > maxIdentifierCharacters;
  return isLong ? `is longer than ${maxIdentifierCharacters} characters` : undefined;
}

const plainIdentifier = /^[A-Za-z0-9@_+:\\/='-][A-Za-z0-9@_.+:\\/='-]*$/;

function characterName(character: string): string {
  if (character === " ") return "a space";
  if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(character)) return `"${character}"`;
  return `the character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Checks a typed value against a property's constraints; reports every breach. */
export type ConstraintCheck = (value: unknown, diagnostics: Diagnostics) => void;

/**
 * Compiles the keywords of a property that bound its value: lengths, pattern, bounds, items, an object's schema. Type, primitive enums and
 * formats of text are the typers' own, so most properties have none of these keywords and need no validator.
 *
 * @returns undefined without such words; `"unreadable"` when the schema is none that this validator understands, so that only the API checks it
 */
export function compileConstraints(property: Partial<Property>): ConstraintCheck | "unreadable" | undefined {
  const schema = constraintSchema(property);
  if (schema === undefined) return undefined;
  const validate = compile(schema, true) ?? compile(schema, false);
  if (validate === undefined) return "unreadable";
  return (value, diagnostics) => {
    if (validate(value)) return;
    for (const error of validate.errors ?? []) diagnostics.refuse(codeOf(error), messageOf(error));
  };
}

/** Keywords that the typers check, and keywords that only describe. */
const otherWords: ReadonlySet<string> = new Set(
  "type format enum items title icon description default enumColors enumCollection spec specAuthentication dateFormat colorized colors".split(
    " ",
  ),
);

function constraintSchema(property: Partial<Property>): Record<string, unknown> | undefined {
  const schema: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(property)) {
    if (!otherWords.has(word)) schema[word] = value;
  }
  if (property.enum !== undefined && !isTypedEnum(property)) schema.enum = property.enum;
  const items = property.items === undefined ? undefined : constraintSchema(property.items);
  if (items !== undefined) schema.items = items;
  return Object.keys(schema).length === 0 ? undefined : schema;
}

/** Returns whether the typer of the property compares its enum itself. */
export function isTypedEnum({ type, enum: values }: Partial<Property>): boolean {
  return values !== undefined && (type === "string" || type === "number" || type === "boolean");
}

/** Patterns are read as Unicode ones first; some that Port holds are only legal without. */
function compile(schema: Record<string, unknown>, unicodeRegExp: boolean) {
  try {
    return makeAjv(unicodeRegExp).compile(schema);
  } catch {
    return undefined;
  }
}

function makeAjv(unicodeRegExp: boolean): Ajv {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    logger: false,
    validateSchema: false,
    unicodeRegExp,
    multipleOfPrecision: 9,
    // A pattern that backtracks must not hold an import; what takes too long is left to the API.
    code: { regExp: lenientRegExp },
  });
  for (const [format, judge] of formatJudges) ajv.addFormat(format, (text) => judge(text).verdict !== "wrong");
  for (const format of ["markdown", "yaml", "proto", "labeled-url"]) ajv.addFormat(format, true);
  return ajv;
}

const codes: ReadonlyMap<string, RejectCode> = new Map([
  ["type", "wrong_type"],
  ["format", "bad_format"],
  ["enum", "not_in_enum"],
  ["const", "not_in_enum"],
  ["required", "required_missing"],
  ["additionalProperties", "unknown_property"],
]);

function codeOf({ keyword }: ErrorObject): RejectCode {
  return codes.get(keyword) ?? "out_of_bounds";
}

function messageOf({ instancePath, keyword, message, params }: ErrorObject): string {
  const place = instancePath === "" ? "" : `at ${instancePath.slice(1).replaceAll("/", ".")}: `;
  if (keyword === "enum") return `${place}is none of ${JSON.stringify(params.allowedValues)}`;
  if (keyword === "additionalProperties")
    return `${place}has the key "${params.additionalProperty}", which may not be there`;
  return `${place}${breach(keyword, params) ?? message ?? keyword}`;
}

/** What a bound that is broken says, as the end of a sentence. */
function breach(keyword: string, params: Readonly<Record<string, unknown>>): string | undefined {
  const words: Readonly<Record<string, string>> = {
    minLength: `is shorter than ${params.limit} characters`,
    maxLength: `is longer than ${params.limit} characters`,
    minItems: `has fewer than ${params.limit} items`,
    maxItems: `has more than ${params.limit} items`,
    minimum: `is below ${params.limit}`,
    maximum: `is above ${params.limit}`,
    exclusiveMinimum: `is not above ${params.limit}`,
    exclusiveMaximum: `is not below ${params.limit}`,
    multipleOf: `is not a multiple of ${params.multipleOf}`,
    pattern: `does not match the pattern ${params.pattern}`,
    required: `lacks the key "${params.missingProperty}"`,
    uniqueItems: "has an item twice",
  };
  return words[keyword];
}
