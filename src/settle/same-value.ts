import type { Property } from "../blueprint.js";

/**
 * Tells whether two values of a property mean the same: null and absent are alike, as are notations of one instant in a date; keys of an object have
 * no order, elements of an array have.
 */
export function sameValue(a: unknown, b: unknown, property?: Partial<Property>): boolean {
  if (a === null || a === undefined) return b === null || b === undefined;
  if (b === null || b === undefined) return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => sameItem(item, b[i], property?.items));
  return sameItem(a, b, property);
}

function sameItem(a: unknown, b: unknown, property?: Partial<Property>): boolean {
  if (typeof a === "string" && typeof b === "string")
    return a === b || (isDate(property) && instantOf(a) !== undefined && instantOf(a) === instantOf(b));
  return sameJson(a, b);
}

/** Tells whether two JSON values are equal, whatever the order of keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(fieldOf(a, key), fieldOf(b, key)))
  );
}

function fieldOf(object: object, key: string): unknown {
  return (object as Readonly<Record<string, unknown>>)[key];
}

function isDate(property?: Partial<Property>): boolean {
  return property?.format === "date-time" || property?.format === "timer";
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/i;

/** An instant as text that is the same for all its notations, to any fraction of a second; undefined for what is no date with time and zone. */
function instantOf(text: string): string | undefined {
  const [, day, time, fraction = "", zone = ""] = rfc3339.exec(text) ?? [];
  if (day === undefined) return undefined;
  const ms = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : `${ms} ${fraction.replace(/0+$/, "")}`;
}
