import { isIPv4, isIPv6 } from "node:net";
import { Ajv, type ErrorObject } from "ajv";
import { boundedRegExp } from "../pattern.js";
import type { Readings } from "./emulator-options.js";

/** Pattern of an entity's identifier. As in Port's API description, which has the apostrophe since August 2026. */
export function identifierPattern(apostrophe: boolean): string {
  return `^(?!\\.{1,2}$)[\\p{L}0-9@_.+:\\\\/=${apostrophe ? "'" : ""}-]+$`;
}

/** Most items of one bulk write, and identifiers of one bulk delete; replies say so, too. As in Port's API description. */
export const [maxBulk, maxBulkDelete] = [20, 100];

/** Body schemas of the routes that write entities. As in Port's API description. */
export interface EntityBodies {
  /** POST, and an item of a bulk write. */
  readonly create: object;
  /** PUT. */
  readonly replace: object;
  /** PATCH. */
  readonly patch: object;
  readonly bulk: object;
  /** A bulk write whose items are checked one by one. */
  readonly bulkLoose: object;
  readonly bulkDelete: object;
}

/** Gives the body schemas of the routes that write entities; the same objects each time, so that they are compiled once. */
export function entityBodies({ apostrophe, nullField }: Pick<Readings, "apostrophe" | "nullField">): EntityBodies {
  const key = `${apostrophe} ${nullField}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const identifier = { type: "string", pattern: identifierPattern(apostrophe), maxLength: 1000 };
  const text = { type: "string" };
  const nullable = { type: ["string", "null"] };
  const orQuery = (otherwise: object) => choose({ type: "object" }, queryRef, otherwise);
  const field = nullField === "clear" ? nullable : text;
  const team = orQuery({ anyOf: [field, { type: "array", items: text }] });
  const relation = orQuery({ anyOf: [identifier, { type: "array", items: identifier }, { type: "null" }] });
  const relations = { type: "object", additionalProperties: relation };
  const properties = { type: "object" };
  const body = { type: "object", properties: { identifier, title: field, icon: field, team, properties, relations } };
  const create = {
    ...body,
    properties: { ...body.properties, identifier: orQuery(identifier) },
  };
  const patch = {
    type: "object",
    properties: {
      identifier,
      title: nullable,
      icon: nullable,
      team: orQuery({ anyOf: [nullable, { type: "array", items: text }] }),
      properties: { type: "object", propertyNames: { pattern: "^[A-Za-z0-9@_=\\\\-]+$" } },
      relations,
    },
    additionalProperties: false,
  };
  const bodies: EntityBodies = {
    create: { ...create, $defs },
    replace: { ...body, $defs },
    patch: { ...patch, $defs },
    bulk: listOf(create, maxBulk),
    bulkLoose: listOf({}, maxBulk),
    bulkDelete: listOf({ type: "string" }, maxBulkDelete),
  };
  made.set(key, bodies);
  return bodies;
}

const made = new Map<string, EntityBodies>();

/** A {@link queryDefinition}, wherever it is; queries nest. */
const queryRef = { $ref: "#/$defs/query" };

const one = { anyOf: [{ type: "string" }, { type: "number" }, { type: "null" }] };
const texts = { type: "array", items: { type: "string" } };

/** A search in place of an identifier, a relation or a team. Components `def-5` and `def-6` of Port's API description. */
const queryDefinition = {
  type: "object",
  properties: {
    combinator: { enum: ["and", "or"] },
    rules: {
      type: "array",
      items: {
        type: "object",
        anyOf: [
          rule(["="], one),
          rule(["in", "containsAny"], texts),
          rule(["contains"], { anyOf: [{ type: "string" }, texts, { type: "null" }] }),
          queryRef,
        ],
      },
    },
  },
  required: ["combinator", "rules"],
  additionalProperties: false,
};

const $defs = { query: queryDefinition };

function rule(operators: readonly string[], value: object): object {
  return {
    properties: { property: { type: "string" }, operator: { enum: operators }, value },
    required: ["property", "operator", "value"],
    additionalProperties: false,
  };
}

function listOf(items: object, maxItems: number): object {
  return {
    type: "object",
    properties: { entities: { type: "array", minItems: 1, maxItems, items } },
    required: ["entities"],
    additionalProperties: false,
    $defs,
  };
}

// Making one compiles JSON Schema's own schema, which takes longer than all else at the start of an emulator.
const validators = new Map<string, Ajv>();

/** Gives the validator for property schemas and request bodies: it stops at the first fault, coerces nothing and knows Port's formats. One for each pair of arguments. */
export function sharedAjv(formats: Readings["formats"], useDefaults = false): Ajv {
  const key = `${formats} ${useDefaults}`;
  const known = validators.get(key);
  if (known !== undefined) return known;
  // A blueprint's property is a JSON Schema with foreign words (icon, enumColors, spec), so not strict.
  const ajv = new Ajv({
    strict: false,
    logger: false,
    useDefaults,
    formats: propertyFormats(formats),
    code: { regExp: boundedRegExp },
  });
  validators.set(key, ajv);
  return ajv;
}

/**
 * Says what Ajv found in the words of Port's replies: quoted path, then the rule.
 * A live reply: `"query" must have required property 'combinator'`.
 */
export function describeFault(faults: readonly ErrorObject[] | null | undefined, root: string): string {
  const fault = faults?.[0];
  if (fault === undefined) return `"${root}" is not valid`;
  const path = fault.instancePath.slice(1).replaceAll("~1", "/").replaceAll("~0", "~");
  const extra: unknown = fault.params.additionalProperty;
  const detail = typeof extra === "string" ? `, additional property: "${extra}"` : "";
  return `"${path === "" ? root : path}" ${fault.message ?? "is not valid"}${detail}`;
}

type FormatTest = true | ((text: string) => boolean);

const dateTime =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T\s]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:Z|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)$/i;
// What every month has, in the form that nearly all writers use: no calendar needed.
const plainDateTime =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?Z$/;

const atom = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+";
const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const email = new RegExp(`^${atom}(?:\\.${atom})*@(?:${label}\\.)+${label}$`, "i");
// Nobody says how addresses in other scripts are checked.
const anyEmail = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;

const enforced: Readonly<Record<string, FormatTest>> = {
  "date-time": isDateTime,
  url: isUrl,
  uri: isUrl,
  email: (text) => email.test(text),
  "idn-email": (text) => anyEmail.test(text),
  ipv4: isIPv4,
  ipv6: (text) => isIPv6(text) && !text.includes("%"),
};
const unchecked: readonly string[] = ["markdown", "yaml", "user", "blueprints", "team", "proto", "labeled-url"];

/**
 * Gives the formats of properties as Ajv takes them; `true` is one that is known and not enforced. A timer may have run out: entities are checked whole, so those
 * whose timer has could never be changed again.
 * Dates, mail and network addresses are checked as Ajv's own formats check them, which is inferred.
 */
export function propertyFormats(reading: Readings["formats"]): Readonly<Record<string, FormatTest>> {
  const free = Object.fromEntries(unchecked.map((name) => [name, true] as const));
  if (reading === "off")
    return { ...free, timer: true, ...Object.fromEntries(Object.keys(enforced).map((n) => [n, true] as const)) };
  return { ...free, ...enforced, timer: reading === "all" ? isDateTime : true };
}

function isDateTime(text: string): boolean {
  if (plainDateTime.test(text)) return true;
  const parts = dateTime.exec(text);
  if (parts === null) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  if (day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()) return false;
  if (second < 60) return true;
  // A leap second ends a day of UTC.
  const [sign, offsetHour = 0, offsetMinute = 0] = [parts[7], Number(parts[8] ?? 0), Number(parts[9] ?? 0)];
  const offset = (offsetHour * 60 + offsetMinute) * (sign === "-" ? -1 : 1);
  return (hour * 60 + minute - offset + 2880) % 1440 === 1439;
}

// Intranet hosts without a dot are addresses too, so no pattern of public names.
function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(text) && !/\s/.test(text) && URL.canParse(text);
}

/** A JSON Schema with one branch or the other by a test, so that a fault is one of the branch that was meant and not, as with `anyOf`, of the first. */
export function choose(test: object, then: object, otherwise: object): object {
  return { if: test, then, else: otherwise };
}
