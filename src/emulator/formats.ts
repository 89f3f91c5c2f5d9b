import { isIPv4, isIPv6 } from "node:net";
import type { Readings } from "./readings.js";

type Format = true | ((text: string) => boolean);

const dateTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/i;
// What every month has, in the form that nearly all writers use: no calendar needed.
const plainDateTime =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?Z$/;
const email = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;

const enforced: Readonly<Record<string, Format>> = {
  "date-time": isDateTime,
  url: isUrl,
  uri: isUrl,
  email: (text) => email.test(text),
  "idn-email": (text) => email.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
};
const unchecked: readonly string[] = ["markdown", "yaml", "user", "blueprints", "team", "proto", "labeled-url"];

/** Gives the formats of properties as Ajv takes them; `true` stands for one that is known and not enforced. */
export function propertyFormats(reading: Readings["formats"]): Readonly<Record<string, Format>> {
  const free = Object.fromEntries(unchecked.map((name) => [name, true] as const));
  if (reading === "off")
    return { ...free, timer: true, ...Object.fromEntries(Object.keys(enforced).map((n) => [n, true] as const)) };
  return { ...free, ...enforced, timer: reading === "all" ? isDateTime : true };
}

function isDateTime(text: string): boolean {
  if (plainDateTime.test(text)) return true;
  return dateTime.test(text) && !Number.isNaN(Date.parse(text.replace(" ", "T")));
}

// Intranet hosts without a dot are addresses too, so no pattern of public names.
function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(text) && !/\s/.test(text) && URL.canParse(text);
}
