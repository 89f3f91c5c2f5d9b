import { addReading, type DateReadings, noReadings } from "../authoring/date-readings.js";
import { formatJudges } from "../check/formats.js";
import { identifierFault } from "../check/identifier.js";

/** Texts that people write for "no value". A source's own words beyond these are its author's to name. */
export const usualBlanks: ReadonlySet<string> = new Set([
  "",
  "N/A",
  "n/a",
  "#N/A",
  "-",
  "--",
  "(blank)",
  "(none)",
  "NULL",
  "null",
  "\\N",
]);

/** Delimiters of lists in one text, the likeliest first. */
export const listDelimiters = [";", "|", ", ", ","] as const;

/** What the values of one column, or of one path of keys, are like. */
export interface FieldStats {
  /** Keys from the record's root; one for a column. */
  readonly path: readonly string[];
  /** Values that are neither null, missing nor a usual blank. */
  values: number;
  /** Values by JSON type. */
  readonly types: Map<"string" | "number" | "boolean" | "array" | "object", number>;
  /** Types of the elements of arrays. */
  readonly items: Set<string>;
  /** Values and how often each came; no further ones once there are {@link maxDistinct}. */
  readonly distinct: Map<string, number>;
  /** Values that came before: nought means that the field tells records apart. */
  repeated: number;
  /** Values that cannot be identifiers, and the first reason. */
  unfit: number;
  firstUnfit: string | undefined;
  /** Positions of records that this field cannot identify, the first few. */
  readonly lost: number[];
  /** Texts that are of a format, by its name; `number`, `boolean` and `padded` (leading zeros) beside Port's. */
  readonly fits: Map<string, number>;
  dates: DateReadings;
  longest: number;
  /** Texts that hold a delimiter of lists, and texts that would be a sound list by it. */
  readonly lists: Map<string, { held: number; sound: number }>;
  readonly seen: Set<string>;
}

/** Most values that are kept by name. */
export const maxDistinct = 40;
/** Positions that are kept. */
const maxLost = 5;
const judged = ["url", "email", "ipv4", "ipv6", "date-time"] as const;

/** Opens the statistics of a field. */
export function openStats(path: readonly string[]): FieldStats {
  return {
    path,
    values: 0,
    types: new Map(),
    items: new Set(),
    distinct: new Map(),
    repeated: 0,
    unfit: 0,
    firstUnfit: undefined,
    lost: [],
    fits: new Map(),
    dates: noReadings,
    longest: 0,
    lists: new Map(),
    seen: new Set(),
  };
}

/** Counts one value; null and blanks count as none. */
export function addValue(stats: FieldStats, value: unknown, position: number): void {
  if (value === null || value === undefined || (typeof value === "string" && usualBlanks.has(value))) {
    lose(stats, position);
    return;
  }
  stats.values++;
  const type = Array.isArray(value) ? "array" : (typeof value as "string" | "number" | "boolean" | "object");
  stats.types.set(type, (stats.types.get(type) ?? 0) + 1);
  if (Array.isArray(value))
    for (const item of value) stats.items.add(item === null ? "null" : Array.isArray(item) ? "array" : typeof item);
  if (type === "array" || type === "object") return;
  const text = String(value);
  const fault = identifierFault(text);
  if (stats.seen.has(text)) stats.repeated++;
  if (fault !== undefined || stats.seen.has(text)) lose(stats, position);
  stats.seen.add(text);
  if (fault !== undefined) {
    stats.unfit++;
    stats.firstUnfit ??= `${JSON.stringify(text.slice(0, 60))} ${fault}`;
  }
  const times = stats.distinct.get(text);
  if (times !== undefined || stats.distinct.size < maxDistinct) stats.distinct.set(text, (times ?? 0) + 1);
  if (typeof value === "string") addText(stats, value);
}

function lose({ lost }: FieldStats, position: number): void {
  if (lost.length < maxLost) lost.push(position);
}

function addText(stats: FieldStats, text: string): void {
  stats.longest = Math.max(stats.longest, text.length);
  stats.dates = addReading(stats.dates, text);
  const count = (name: string): void => void stats.fits.set(name, (stats.fits.get(name) ?? 0) + 1);
  for (const format of judged) if (formatJudges.get(format)?.(text).verdict === "fits") count(format);
  if (/^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?$/.test(text)) count("number");
  if (/^-?0\d/.test(text)) count("padded");
  if (/^(?:true|false|yes|no)$/i.test(text)) count("boolean");
  if (text.includes("\n")) count("lines");
  for (const delimiter of listDelimiters) {
    if (!text.includes(delimiter)) continue;
    const own = stats.lists.get(delimiter) ?? { held: 0, sound: 0 };
    own.held++;
    if (text.split(delimiter).every((token) => /^[\p{L}\p{N}][\p{L}\p{N}_.:/@+-]{0,60}$/u.test(token))) own.sound++;
    stats.lists.set(delimiter, own);
  }
}
