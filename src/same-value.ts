import type { Blueprint, Property } from "./blueprint.js";
import { type EntityBody, isSearchQuery } from "./entity.js";

/**
 * Whether two values of a property mean the same: null and absent are alike, as are notations of one instant in a date; keys of an object have no
 * order, elements of an array have.
 */
export function sameValue(a: unknown, b: unknown, property?: Partial<Property>): boolean {
  if (isAbsent(a) || isAbsent(b)) return isAbsent(a) && isAbsent(b);
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => sameItem(item, b[i], property?.items));
  return sameItem(a, b, property);
}

/**
 * Whether two values of a relation or of a team mean the same: targets have no order and count once, one may be given as text or as a list, and none
 * as null, as an empty list or not at all. What a search finds is not known here: it is never the same.
 */
export function sameNames(a: unknown, b: unknown): boolean {
  if (isSearchQuery(a) || isSearchQuery(b)) return false;
  const [left, right] = [namesOf(a), namesOf(b)];
  return left.size === right.size && [...left].every((name) => right.has(name));
}

/** A value of a property in one notation: the JSON of two is the same text where {@link sameValue} finds them the same. */
export function plainValue(value: unknown, property?: Partial<Property>): unknown {
  if (Array.isArray(value)) return value.map((item) => plainItem(item, property?.items));
  return plainItem(value, property);
}

/** The names in a value of a relation or of a team in one notation: two are alike where {@link sameNames} finds them the same. */
export function plainNames(value: unknown): readonly unknown[] {
  return [...namesOf(value)].sort();
}

/** Fields of an entity besides its identifier, properties and relations. */
export const headFields = ["title", "icon", "team"] as const;
/** One of {@link headFields}. */
export type HeadField = (typeof headFields)[number];

/** Whether a field of a body is what the catalog's entity has; an entity without a title may be given its identifier as one. */
export function sameHead(
  name: HeadField,
  body: Partial<EntityBody>,
  found: Readonly<Record<string, unknown>>,
): boolean {
  if (name === "team") return sameNames(body.team, found.team);
  const [after, before] = [body[name] ?? null, found[name] ?? null];
  return after === before || (name === "title" && after === null && before === found.identifier);
}

/** Whether two JSON values are equal, whatever the order of keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(own(a, key), own(b, key)))
  );
}

/**
 * Whether an entity of the catalog has every value of a body; what it has besides does not count. Searches in place of a name are left out: what they find is
 * not known here.
 *
 * @param blueprint - types of the properties; without it a date is the same only in the same notation
 */
export function holds(
  body: Partial<EntityBody>,
  found: Readonly<Record<string, unknown>>,
  blueprint?: Blueprint,
): boolean {
  const { properties = {}, relations = {} } = body;
  const held = { properties: objectOf(found.properties), relations: objectOf(found.relations) };
  return (
    headFields.every((name) => body[name] === undefined || isSearchQuery(body[name]) || sameHead(name, body, found)) &&
    Object.entries(properties).every(([key, value]) =>
      sameValue(value, own(held.properties, key), blueprint?.schema.properties[key]),
    ) &&
    Object.entries(relations).every(
      ([key, value]) => isSearchQuery(value) || sameNames(value, own(held.relations, key)),
    )
  );
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function sameItem(a: unknown, b: unknown, property?: Partial<Property>): boolean {
  if (typeof a === "string" && typeof b === "string")
    return a === b || (isDate(property) && instantOf(a) !== undefined && instantOf(a) === instantOf(b));
  return sameJson(a, b);
}

function plainItem(value: unknown, property?: Partial<Property>): unknown {
  if (typeof value === "string") return (isDate(property) ? instantOf(value) : undefined) ?? value;
  if (Array.isArray(value)) return value.map((item) => plainItem(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, plainItem(item)]),
  );
}

function namesOf(value: unknown): ReadonlySet<unknown> {
  return new Set(Array.isArray(value) ? value : isAbsent(value) ? [] : [value]);
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Readonly<Record<string, unknown>>)[key] : undefined;
}

function isDate(property?: Partial<Property>): boolean {
  return property?.format === "date-time" || property?.format === "timer";
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)$/i;

/** An instant as text that is the same for all its notations, to any fraction of a second; undefined for what is not a date with time and zone. */
function instantOf(text: string): string | undefined {
  const [, day, time, fraction = "", zone = ""] = rfc3339.exec(text) ?? [];
  if (day === undefined) return undefined;
  const ms = Date.parse(`${day}T${time}${zone.toUpperCase().replace(/([+-]\d\d)(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(ms) ? undefined : `${ms} ${fraction.replace(/0+$/, "")}`;
}

/** A decimal number as JSON, CSV exports and people write it, without thousands: `3`, `-0.25`, `.5`, `1E5`, `007`. No hex, no blanks, no other digits. */
export const decimalPattern = /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number of a decimal text, if its value survives to the last digit; undefined where the text is not a decimal or a double cannot hold it. */
export function exactNumber(text: string): number | undefined {
  if (!decimalPattern.test(text)) return undefined;
  const number = Number(text);
  if (!isLossless(text, number)) return undefined;
  return number === 0 ? 0 : number;
}

/** Returns whether every number written in a JSON text survives being read. */
export function jsonNumbersAreLossless(json: string): boolean {
  if (!/\d[eE]|[\d.]{16}/.test(json)) return true;
  const numbers = json.replace(/"(?:[^"\\]|\\.)*"/g, " ").match(/-?\d[\d.eE+-]*/g) ?? [];
  return numbers.every((text) => isLossless(text, Number(text)));
}

/** Fifteen significant digits always survive a double, so short plain text needs no comparison. @source IEEE 754-2019, binary64 */
function isLossless(text: string, number: number): boolean {
  if (text.length <= 15 && !/[eE]/.test(text)) return true;
  return Number.isFinite(number) && normalForm(text) === normalForm(String(number));
}

/** A decimal's value as `sign digits e exponent`, the same for all spellings of one value. */
function normalForm(text: string): string {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = withoutTrailingZeros(digits);
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign === "-" ? "-" : ""}${significant}e${power}`;
}

/** By hand: a regular expression would take quadratic time on a run of zeros. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}
