import { addReading, type DateReadings, openReadings } from "../authoring/date-readings.js";
import { formatJudges, identifierFault } from "../check/constraints.js";
import { trimExpression } from "../check/diagnostics.js";
import { pathExpression } from "./names.js";
import { addNumber, type NumberReadings, openNumbers } from "./numbers.js";

/** Texts that people write for "no value". Further words of a source are for its author to name. */
export const usualBlanks: ReadonlySet<string> = new Set([
  "",
  "N/A",
  "n/a",
  "#N/A",
  "n.a.",
  "-",
  "--",
  "(blank)",
  "(none)",
  "(empty)",
  "NULL",
  "null",
  "\\N",
]);

/** Words that mean "no value" among numbers, dates or addresses, and are values among words. */
const softBlanks: ReadonlySet<string> = new Set([
  "none",
  "nil",
  "nan",
  "unknown",
  "tbd",
  "tbc",
  "?",
  "??",
  "???",
  "not available",
  "undefined",
  "k.a.",
  "keine",
]);

/** Delimiters of lists in one text, the likeliest first. */
export const listDelimiters = [";", "|", ", ", ","] as const;

/** What the values of one column, or of one path of keys, are like. */
export interface FieldStats {
  /** Keys from the record's root; one for a column. */
  readonly path: readonly string[];
  /** The keys that it is known by: its path, without the key that an element of a list is under. */
  readonly name: readonly string[];
  /** Values that are neither null, missing nor a usual blank. */
  values: number;
  /** Values by JSON type. */
  readonly types: Map<"string" | "number" | "boolean" | "array" | "object", number>;
  /** Types of the elements of arrays. */
  readonly items: Set<string>;
  /** Values and how often each came; no further ones once there are {@link maxDistinct}. */
  readonly distinct: Map<string, number>;
  /** Values that came before: 0 means that the field tells records apart. */
  repeated: number;
  /** The first value that came again. */
  firstRepeated: string | undefined;
  /** How many values there were when the last new one came. */
  lastNew: number;
  /** Texts with white space around them. What is said of values below is said of the texts without it. */
  spaced: number;
  /** Values that cannot be identifiers, and the first reason. */
  unfit: number;
  firstUnfit: string | undefined;
  /** Positions of records that this field cannot identify, the first few. */
  readonly lost: number[];
  /** Texts that are of a format, by its name; `padded` (leading zeros) and `lines` beside Port's. */
  readonly fits: Map<string, number>;
  readonly numbers: NumberReadings;
  readonly dates: DateReadings;
  /** Whole numbers that may be seconds or milliseconds since 1970. */
  readonly epochs: { seconds: number; milliseconds: number };
  /** Words that may mean "no value", how often they came, and in which record first. */
  readonly soft: Map<string, { count: number; readonly first: number }>;
  /** How many texts are one word. */
  words: number;
  longest: number;
  /** Texts that hold a delimiter of lists, and texts that would be a sound list by it. */
  readonly lists: Map<string, { held: number; sound: number }>;
  /** Every value once, as text, up to {@link maxSeen}; of a list of texts its elements. */
  readonly seen: Set<string>;
  /** How often this field and another had the same text in one record. */
  readonly echoes: Map<FieldStats, number>;
}

/** Most values that are kept by name. */
export const maxDistinct = 40;
/** Most different values that are remembered: those beyond count as new, so that memory stays bounded. */
const maxSeen = 100_000;
/** Positions that are kept. */
const maxLost = 5;
/** Of what a browser or a tool opens: `docker://20.10.12` is a URL too, but names a version. */
const linkSchemes = /^(?:https?|s?ftps?|ssh|git(?:\+\w+)?|svn|s3|gs|wss?|ldaps?|amqps?|smb|nfs|rdp|mailto|jdbc|file):/i;
const judged = ["url", "email", "ipv4", "ipv6"] as const;

/** Opens the statistics of a field. */
export function openStats(path: readonly string[], name = path): FieldStats {
  return {
    path,
    name,
    values: 0,
    types: new Map(),
    items: new Set(),
    distinct: new Map(),
    repeated: 0,
    firstRepeated: undefined,
    lastNew: 0,
    spaced: 0,
    unfit: 0,
    firstUnfit: undefined,
    lost: [],
    fits: new Map(),
    numbers: openNumbers(),
    dates: openReadings(),
    epochs: { seconds: 0, milliseconds: 0 },
    soft: new Map(),
    words: 0,
    longest: 0,
    lists: new Map(),
    seen: new Set(),
    echoes: new Map(),
  };
}

/** Counts one value; null and blanks count as none. */
export function addValue(stats: FieldStats, value: unknown, position: number): void {
  if (value === null || value === undefined || (typeof value === "string" && usualBlanks.has(value.trim()))) {
    lose(stats, position);
    return;
  }
  stats.values++;
  const type = Array.isArray(value) ? "array" : (typeof value as "string" | "number" | "boolean" | "object");
  stats.types.set(type, (stats.types.get(type) ?? 0) + 1);
  if (Array.isArray(value))
    for (const item of value) {
      stats.items.add(item === null ? "null" : Array.isArray(item) ? "array" : typeof item);
      if (typeof item === "string" && stats.seen.size < maxSeen) stats.seen.add(item);
    }
  if (type === "array" || type === "object") return;
  addScalar(stats, String(value), position);
  if (typeof value === "string") addText(stats, value, position);
  else if (typeof value === "number") addEpoch(stats, String(value));
}

function addScalar(stats: FieldStats, given: string, position: number): void {
  const text = given.trim();
  if (text !== given) stats.spaced++;
  const fault = identifierFault(text);
  const isKnown = stats.seen.has(text);
  if (isKnown) {
    stats.repeated++;
    stats.firstRepeated ??= text.slice(0, 60);
  } else stats.lastNew = stats.values;
  if (fault !== undefined || isKnown) lose(stats, position);
  if (stats.seen.size < maxSeen) stats.seen.add(text);
  if (fault !== undefined) {
    stats.unfit++;
    stats.firstUnfit ??= `${JSON.stringify(text.slice(0, 60))} ${fault}`;
  }
  const times = stats.distinct.get(text);
  if (times !== undefined || stats.distinct.size < maxDistinct) stats.distinct.set(text, (times ?? 0) + 1);
}

function lose({ lost }: FieldStats, position: number): void {
  if (lost.length < maxLost) lost.push(position);
}

function isWord(text: string): boolean {
  return /^[\p{L}\p{N}][\p{L}\p{N}_.:/@+-]{0,60}$/u.test(text);
}

/** The path of a field's text, without the white space around it where some values have it. */
export function trimmedPath({ path, spaced }: Pick<FieldStats, "path" | "spaced">): string {
  return spaced > 0 ? `${pathExpression(path)} | values | ${trimExpression}` : pathExpression(path);
}

/** The jq expression that splits a text by a delimiter, as a column's `split` does. */
export function splitExpression(delimiter: string): string {
  const parts = `split(${JSON.stringify(delimiter)})`;
  return delimiter === ", " ? parts : `${parts} | map(${trimExpression})`;
}

function addText(stats: FieldStats, text: string, position: number): void {
  const trimmed = text.trim();
  stats.longest = Math.max(stats.longest, text.length);
  addReading(stats.dates, trimmed);
  addNumber(stats.numbers, text);
  addEpoch(stats, trimmed);
  const count = (name: string): void => void stats.fits.set(name, (stats.fits.get(name) ?? 0) + 1);
  for (const format of judged)
    if (formatJudges.get(format)?.(trimmed).verdict === "fits" && (format !== "url" || linkSchemes.test(trimmed)))
      count(format);
  if (/^-?0\d+(?:[.,]\d+)?$/.test(trimmed)) count("padded");
  if (text.includes("\n")) count("lines");
  if (softBlanks.has(trimmed.toLowerCase())) {
    const known = stats.soft.get(text);
    if (known === undefined) stats.soft.set(text, { count: 1, first: position });
    else known.count++;
  }
  if (isWord(trimmed)) stats.words++;
  for (const delimiter of listDelimiters) {
    if (!text.includes(delimiter)) continue;
    const own = stats.lists.get(delimiter) ?? { held: 0, sound: 0 };
    own.held++;
    if (text.split(delimiter).every((token) => isWord(token.trim()))) own.sound++;
    stats.lists.set(delimiter, own);
  }
}

/** From 2000 to 2064: what is outside is not a moment that an inventory holds. */
function addEpoch({ epochs }: FieldStats, text: string): void {
  if (!/^\d{9,13}$/.test(text)) return;
  const number = Number(text);
  if (number >= 946_684_800 && number < 3_000_000_000) epochs.seconds++;
  else if (number >= 946_684_800_000 && number < 3_000_000_000_000) epochs.milliseconds++;
}
