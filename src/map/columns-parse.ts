import { DateTime, type DateTimeOptions, FixedOffsetZone, IANAZone, type Zone } from "luxon";
import { decimalPattern, exactNumber } from "../same-value.js";
import type { ColumnOptions } from "../source-options.js";

/** Why a cell cannot be read by its column's format; a value, not an exception. */
export class CellFault {
  /** The end of a sentence that begins with the value. */
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Reads the text of a cell, trimmed and not empty, by its column's format; a {@link CellFault} where it does not fit. */
export type ReadCell = (text: string) => unknown;

type DateOptions = Extract<ColumnOptions, { date: unknown }>;

/** What is wrong with a date format; undefined when nothing is. */
export function dateIssue({ date, zone, locale = "en" }: DateOptions): string | undefined {
  const { tokens, stranger } = tokensOf(date);
  if (stranger !== undefined) return `has ${JSON.stringify(stranger)}, which is not a token${hintFor(stranger)}`;
  const has = (...some: string[]): boolean => some.some((token) => tokens.includes(token));
  const year = has("y", "yy", "yyyy");
  const month = has("M", "MM", "MMM", "MMMM", "L", "LL", "LLL", "LLLL");
  const day = has("d", "dd");
  if (!(year && ((month && day) || has("o", "ooo"))) && !(has("kk", "kkkk") && has("W", "WW") && has("c", "E")))
    return "must have year, month and day, as in dd.MM.yyyy";
  if (has("h", "hh") !== has("a"))
    return "must have the hour of half a day, h, and a together; H is the hour of a whole day";
  if (has("m", "mm") && !has("h", "hh", "H", "HH")) return "has minutes without an hour";
  if (has("s", "ss") && !has("m", "mm")) return "has seconds without minutes";
  if (has(...offsetTokens)) return zone === undefined ? undefined : "reads an offset itself; leave the zone out";
  if (zone === undefined) return "needs the zone of its column, as zone: Europe/Berlin or zone: UTC";
  if (zoneOf(zone) === undefined)
    return `has the zone ${JSON.stringify(zone)}, which is not known; write one as Europe/Berlin or UTC`;
  if (!isLocale(locale))
    return `has the locale ${JSON.stringify(locale)}, which is not a language; write one as de or en-GB`;
  return undefined;
}

/**
 * Makes the reader of a date format: text becomes ISO 8601 with the offset of its zone on that day, milliseconds only where there are some.
 *
 * Hours that the zone skips or has twice on a change of clock are refused. What the format leaves out is the lowest: 00:00. A year of two digits is
 * one of 1961 to 2060. Dates repeat, so those read last are kept, at most 5,000.
 */
export function dateReader({ date, zone, locale = "en" }: DateOptions): ReadCell {
  const options: DateTimeOptions = { locale, numberingSystem: "latn", zone: "utc" };
  const { tokens } = tokensOf(date);
  const ownOffset = tokens.some((token) => offsetTokens.includes(token));
  const parser = DateTime.buildFormatParser(date, options);
  const read: ReadCell = (text) => {
    const parsed = DateTime.fromFormatParser(text, parser, ownOffset ? { ...options, setZone: true } : options);
    if (!parsed.isValid) return new CellFault(reasonOf(parsed.invalidExplanation ?? "", date));
    if (tokens.some((token) => token.startsWith("u")) && finerThanMs.test(text))
      return new CellFault("is finer than milliseconds, which is all a date-time keeps");
    if (tokens.includes("a") && !isHalfDay(text, date, options))
      return new CellFault("has an hour that half a day lacks");
    return ownOffset ? isoOf(parsed) : inZone(parsed, zoneOf(zone ?? "") ?? FixedOffsetZone.utcInstance);
  };
  const known = new Map<string, unknown>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = read(text);
    if (known.size >= maxKnown) known.clear();
    known.set(text, value);
    return value;
  };
}

const maxKnown = 5000;
const offsetTokens: readonly string[] = ["Z", "ZZ", "ZZZ", "z"];
/** @source Luxon, "Parsing": the tokens that do not change with locale or version */
const knownTokens: ReadonlySet<string> = new Set(
  "y yy yyyy M MM MMM MMMM L LL LLL LLLL d dd o ooo kk kkkk W WW c E EEE EEEE ccc cccc H HH h hh a m mm s ss S SSS u uu uuu Z ZZ ZZZ z".split(
    " ",
  ),
);
const finerThanMs = /[.,]\d{3}\d*[1-9]/;

/** Cuts a format into runs of one letter; text in single quotes is none. */
function tokensOf(format: string): { readonly tokens: readonly string[]; readonly stranger?: string } {
  const bare = format.replace(/'[^']*'/g, " ");
  if (bare.includes("'")) return { tokens: [], stranger: "'" };
  const tokens = [...bare.matchAll(/(\p{L})\1*/gu)].map(([token]) => token);
  const stranger = tokens.find((token) => !knownTokens.has(token));
  return stranger === undefined ? { tokens } : { tokens, stranger };
}

function hintFor(stranger: string): string {
  if (stranger === "'") return "; a quote that opens must close";
  if (/^[YD]+$/.test(stranger)) return `; write ${stranger.toLowerCase()}`;
  return "; put letters that are text in single quotes, as yyyy-MM-dd'T'HH:mm";
}

function zoneOf(zone: string): Zone | undefined {
  if (zone.toLowerCase() === "utc") return FixedOffsetZone.utcInstance;
  return IANAZone.isValidZone(zone) ? IANAZone.create(zone) : undefined;
}

function isLocale(locale: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(locale).length > 0;
  } catch {
    return false;
  }
}

function inZone(wall: DateTime, zone: Zone): string | CellFault {
  const there = DateTime.fromObject(wall.toObject(), { zone });
  if (there.toFormat("yyyyMMddHHmmss") !== wall.toFormat("yyyyMMddHHmmss"))
    return new CellFault(`names an hour that ${zone.name} skips on that day, when clocks go forward`);
  if (there.getPossibleOffsets().length > 1)
    return new CellFault(`names an hour that ${zone.name} has twice on that day, when clocks go back`);
  return isoOf(there);
}

/** Offsets of before standard time have seconds, which ISO 8601 cannot write. */
function isoOf(date: DateTime): string {
  const exact = Number.isInteger(date.offset) ? date : date.toUTC();
  return exact.toISO({ suppressMilliseconds: true }) ?? "";
}

/** Luxon takes 13 PM for 13:00. Each token before the hour is one group of its pattern. */
function isHalfDay(text: string, format: string, options: DateTimeOptions): boolean {
  const { tokens = [], rawMatches = [] } = DateTime.fromFormatExplain(text, format, options) as Explained;
  const hour = Number(rawMatches?.[tokens.findIndex(({ val }) => val === "h" || val === "hh") + 1]);
  return !(hour < 1 || hour > 12);
}

/** What Luxon gives beside its declared fields. */
interface Explained {
  readonly tokens?: readonly { readonly val: string }[];
  readonly rawMatches?: readonly string[] | null;
}

function reasonOf(explanation: string, format: string): string {
  const out = /you specified (\S+) .*as an? (\w+), which/.exec(explanation);
  if (out !== null) return `has ${out[1]} as its ${out[2]}, which does not exist, in the format ${format}`;
  return /weekday/.test(explanation) ? "names a weekday that this date is not" : `does not fit the format ${format}`;
}

type NumberSigns = Extract<ColumnOptions, { number: unknown }>["number"];

/** What is wrong with a number format; undefined when nothing is. */
export function numberIssue({ decimal = ".", group, unit = "" }: NumberSigns): string | undefined {
  if (/\d/.test(unit)) return `has the unit ${JSON.stringify(unit)}, which holds a digit`;
  return decimal === group
    ? `has ${JSON.stringify(decimal)} both before the fraction and between thousands`
    : undefined;
}

/**
 * Makes the reader of a number format. Thousands are all separated, in threes, or not at all; the value must survive to the last digit.
 * `1.234` under `{ decimal: "," }` is refused, not read as something else.
 */
export function numberReader({ decimal = ".", group, unit }: NumberSigns): ReadCell {
  const parted = group === undefined ? undefined : partedPattern(group);
  const example = `1${group ?? ""}234${decimal}5${unit === undefined ? "" : ` ${unit}`}`;
  return (given) => {
    const text = unit === undefined ? given : withoutUnit(given, unit);
    const whole = parted?.test(cutFraction(text, decimal)) === true ? text.replaceAll(parters(group), "") : text;
    // what stays of the other sign makes the text no decimal
    const plain = decimal === "." ? whole : whole.includes(".") ? "" : whole.replace(decimal, ".");
    const number = exactNumber(plain);
    if (number !== undefined) return number;
    if (decimalPattern.test(plain)) return new CellFault("has more digits than a number can hold");
    return new CellFault(`is not a number as this column writes them, such as ${example}`);
  };
}

/** The unit is before the number, after its sign or after the number; never on both sides. */
function withoutUnit(text: string, unit: string): string {
  if (text.endsWith(unit)) return text.slice(0, -unit.length).trimEnd();
  const sign = /^[+-]?/.exec(text)?.[0] ?? "";
  return text.startsWith(unit, sign.length) ? sign + text.slice(sign.length + unit.length).trimStart() : text;
}

function cutFraction(text: string, decimal: string): string {
  const end = text.indexOf(decimal);
  return end < 0 ? text : text.slice(0, end);
}

function partedPattern(group: string): RegExp {
  return new RegExp(`^[+-]?\\d{1,3}(?:(${signs(group)})\\d{3})(?:\\1\\d{3})*$`, "u");
}

function parters(group = ""): RegExp {
  return new RegExp(signs(group), "gu");
}

/** A space means those that spreadsheets write: plain, no-break, narrow no-break, thin. */
function signs(group: string): string {
  if (group === " ") return "[ \\u00A0\\u202F\\u2009]";
  return group === "'" ? "['\\u2019]" : `[${group}]`;
}
