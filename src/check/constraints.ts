import { Ajv, type ErrorObject } from "ajv";
import type { Property } from "../blueprint.js";
import { lenientRegExp } from "../pattern.js";
import type { RejectCode } from "../reject.js";
import type { Diagnostics } from "./diagnostics.js";
import { formatJudges } from "./formats.js";

/** Checks a typed value against a property's constraint words; tells every breach. */
export type ConstraintCheck = (value: unknown, diagnostics: Diagnostics) => void;

/**
 * Compiles the words of a property that bound its value: lengths, pattern, bounds, items, an object's schema. Type, primitive enums and
 * formats of text are the typers' own, so most properties have none of these words and need no validator.
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

/** Words that the typers look after, and words that only describe. */
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

/** Tells whether the typer of the property compares its enum itself. */
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
    // A pattern that backtracks must not hold an import; what cannot be told in time the API judges.
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
  return `${place}${message ?? keyword}`;
}
