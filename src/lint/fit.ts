import type { Property } from "../blueprint.js";
import type { Yield } from "./yields.js";

/** A field of an entity that is no property. */
export type HeadField = "identifier" | "title" | "icon" | "team";

/** Types that a property refuses whatever the value, by the rules of `check`; text may always be the JSON text of what is wanted. */
const refusedByType: Readonly<Record<Property["type"], readonly Yield[]>> = {
  string: ["array", "object"],
  number: ["boolean", "array", "object"],
  boolean: ["array", "object"],
  array: ["number", "boolean", "object"],
  object: ["number", "boolean", "array"],
};

/** Formats that neither a number nor a boolean can be the text of. */
const wordyFormats: readonly string[] = ["date-time", "url", "email", "ipv4", "ipv6"];

const refusedByHead: Readonly<Record<HeadField, readonly Yield[]>> = {
  identifier: ["number", "boolean", "array"],
  title: ["array", "object"],
  icon: ["number", "boolean", "array", "object"],
  team: ["number", "boolean"],
};

/** Tells whether a property refuses every value of a type. */
export function propertyRefuses(property: Property, type: Yield): boolean {
  if (refusedByType[property.type]?.includes(type)) return true;
  const isWordy = property.type === "string" && wordyFormats.includes(property.format ?? "");
  return isWordy && (type === "number" || type === "boolean");
}

/** Tells whether a relation refuses every value of a type; an object may be a search query. */
export function relationRefuses(type: Yield): boolean {
  return type === "number" || type === "boolean";
}

/** Tells whether identifier, title, icon or team refuse every value of a type. */
export function headRefuses(field: HeadField, type: Yield): boolean {
  return refusedByHead[field].includes(type);
}

const kinds: Readonly<Record<Yield, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/** A type in words. */
export function inWords(type: Yield): string {
  return kinds[type];
}

/** How an expression of one type is mended for a property of another. */
export function mendFor(wanted: string, type: Yield): string {
  if (wanted === "array")
    return type === "object" ? "write `[.[]]`, or name the key that holds the list" : 'write `split(";")` or `[…]`';
  if (type === "array")
    return wanted === "string" ? 'write `join(", ")`, or pick one with `first`' : "pick one with `first`";
  if (type === "object") return "name the key that is meant, or write `tojson`";
  return wanted === "string"
    ? "write `tostring`"
    : `write an expression that gives ${wanted === "object" ? "an object" : `a ${wanted}`}`;
}
