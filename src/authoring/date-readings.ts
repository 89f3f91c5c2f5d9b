/** How the texts of a column can be read as dates: counts of each. Filled by {@link addReading}. */
export interface DateReadings {
  /** `2024-05-01T10:00:00Z`: date, time and zone, accepted as they are. */
  full: number;
  /** `2024-05-01`. */
  isoDay: number;
  /** Any other writing whose order is clear: `2024-05-01 10:00:00`, `3 Apr 2025`. */
  clear: number;
  /** `31/12/2024`: the first number can only be a day. */
  dayFirst: number;
  /** `12/31/2024`: the second number can only be a day. */
  monthFirst: number;
  /** `03/04/2024`: either. */
  either: number;
  /** Anything else. */
  other: number;
  /** Texts of one writing, by it: Luxon's tokens, but `1` and `2` for a day and a month in unknown order. */
  readonly writings: Map<string, Writing>;
}

interface Writing {
  count: number;
  /** True once a day or month had one digit, or a day, month or hour began with a zero. */
  isShort: boolean;
  isPadded: boolean;
  isShortHour: boolean;
}

/** `20240501`, which is a number as well. */
export const compactDay = "yyyyMMdd";

/** Opens the readings of a column. */
export function openReadings(): DateReadings {
  return { full: 0, isoDay: 0, clear: 0, dayFirst: 0, monthFirst: 0, either: 0, other: 0, writings: new Map() };
}

const full = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const compact = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/;
const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const longMonths = "january february march april may june july august september october november december".split(" ");
const iso = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?![\d])(.*)$/;
const numeric = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)(.*)$/;
const dayName = /^(\d{1,2})(\. |[ -])([A-Za-z]{3,9})([ -])(\d{4}|\d{2})(?!\d)(.*)$/;
const nameDay = /^([A-Za-z]{3,9}) (\d{1,2}), (\d{4})(?!\d)(.*)$/;
const time =
  /^(T|,? )(\d{1,2}):[0-5]\d(:[0-5]\d)?([.,]\d{1,9})?( ?[AaPp][Mm])?(Z|[+-]\d\d:\d\d|[+-]\d{4}| (?:UTC|GMT)| [+-]\d\d:\d\d| [+-]\d{4})?$/;

/** Counts one more text. */
export function addReading(readings: DateReadings, text: string): void {
  if (full.test(text)) {
    readings.full++;
    return;
  }
  const read = readingOf(text);
  if (read === undefined) {
    readings.other++;
    return;
  }
  readings[read.is]++;
  const writing = readings.writings.get(read.writing) ?? {
    count: 0,
    isShort: false,
    isPadded: false,
    isShortHour: false,
  };
  readings.writings.set(read.writing, writing);
  writing.count++;
  writing.isShort ||= read.parts.some((part) => part.length === 1);
  writing.isPadded ||= read.parts.some((part) => part.startsWith("0"));
  writing.isShortHour ||= read.hour?.length === 1;
}

type Order = "isoDay" | "clear" | "dayFirst" | "monthFirst" | "either";

interface DateReading {
  readonly is: Order;
  readonly writing: string;
  readonly parts: readonly string[];
  readonly hour?: string | undefined;
}

function readingOf(text: string): DateReading | undefined {
  if (compact.test(text)) return { is: "clear", writing: compactDay, parts: [] };
  const [, isoYear, isoSeparator = "", isoMonth = "", isoDay = "", isoRest = ""] = iso.exec(text) ?? [];
  if (isoYear !== undefined) {
    if (Number(isoMonth) < 1 || Number(isoMonth) > 12 || Number(isoDay) < 1 || Number(isoDay) > 31) return undefined;
    const isPlainDay = isoSeparator === "-" && isoRest === "" && isoMonth.length === 2 && isoDay.length === 2;
    const writing = `yyyy${isoSeparator}M${isoSeparator}d`;
    return withTime(isPlainDay ? "isoDay" : "clear", writing, [isoMonth, isoDay], isoRest);
  }
  const [, first, separator = "", second = "", year = "", rest = ""] = numeric.exec(text) ?? [];
  if (first !== undefined) {
    const order = orderOf(Number(first), Number(second));
    if (order === undefined) return undefined;
    const writing = ["1", "2", year.length === 2 ? "yy" : "yyyy"].join(separator);
    return withTime(order, writing, [first, second], rest);
  }
  const [, day, gap = "", month = "", gap2 = "", shortYear = "", after = ""] = dayName.exec(text) ?? [];
  if (day !== undefined) {
    const token = monthToken(month);
    if (token === undefined || Number(day) < 1 || Number(day) > 31) return undefined;
    return withTime("clear", `d${gap}${token}${gap2}${shortYear.length === 2 ? "yy" : "yyyy"}`, [day], after);
  }
  const [, name = "", dayBehind, , tail = ""] = nameDay.exec(text) ?? [];
  const token = monthToken(name);
  if (dayBehind === undefined || token === undefined) return undefined;
  return withTime("clear", `${token} d, yyyy`, [dayBehind], tail);
}

function monthToken(name: string): "MMM" | "MMMM" | undefined {
  const small = name.toLowerCase();
  return months.includes(small) ? "MMM" : longMonths.includes(small) ? "MMMM" : undefined;
}

function withTime(is: Order, writing: string, parts: readonly string[], rest: string): DateReading | undefined {
  if (rest === "") return { is, writing, parts };
  const found = time.exec(rest);
  if (found === null) return undefined;
  const [, gap = "", hour = "", seconds, fraction, half, zone] = found;
  if (Number(hour) > (half === undefined ? 23 : 12)) return undefined;
  const clock = [
    gap === "T" ? "'T'" : gap,
    half === undefined ? "H" : "h",
    ":mm",
    seconds === undefined ? "" : ":ss",
    fraction === undefined ? "" : `${fraction.charAt(0)}u`,
    half === undefined ? "" : `${half.startsWith(" ") ? " " : ""}a`,
    zone === undefined ? "" : zoneToken(zone),
  ].join("");
  return { is, writing: writing + clock, parts, hour };
}

function zoneToken(zone: string): string {
  const gap = zone.startsWith(" ") ? " " : "";
  if (/[+-]/.test(zone)) return `${gap}${zone.includes(":") ? "ZZ" : "ZZZ"}`;
  return `'${zone}'`;
}

function orderOf(first: number, second: number): "dayFirst" | "monthFirst" | "either" | undefined {
  if (first < 1 || second < 1 || first > 31 || second > 31 || (first > 12 && second > 12)) return undefined;
  if (first > 12) return "dayFirst";
  return second > 12 ? "monthFirst" : "either";
}

/** How a column's dates are read. */
export interface ProvenDates {
  /** Luxon's tokens, for `source.columns`. */
  readonly format: string;
  /** Texts that are written so. */
  readonly count: number;
  /** True where the format reads an offset, so that no zone is to be named. */
  readonly hasOffset: boolean;
}

/**
 * The reading of the most frequent writing; undefined where there is none, or where nothing proves whether day or month comes first.
 * One letter reads one digit or two: only what is seen padded, and never short, is said to be padded.
 */
export function provenDates({ dayFirst, monthFirst, writings }: DateReadings): ProvenDates | undefined {
  const [most] = [...writings].sort(([, a], [, b]) => b.count - a.count);
  if (most === undefined) return undefined;
  const [writing, { count, isShort, isPadded, isShortHour }] = most;
  const isNumeric = writing.startsWith("1");
  if (isNumeric && dayFirst > 0 === monthFirst > 0) return undefined;
  const [one, two] = dayFirst > 0 ? ["d", "M"] : ["M", "d"];
  const ordered = isNumeric ? writing.replace("1", one as string).replace("2", two as string) : writing;
  const hasOffset = /Z/.test(writing.replaceAll(/'[^']*'/g, ""));
  const padded = (given: string): string =>
    given.replaceAll(/'[^']*'|[A-Za-z]+/g, (token) => (token === "d" || token === "M" ? token + token : token));
  let format = ordered;
  if (!isShort && isPadded) format = padded(format);
  if (!isShortHour) format = format.replace(/(?<=[ '])([Hh])(?=:mm)/, "$1$1");
  return { format, count, hasOffset };
}

/** The format that the counts prove, in the letters of `source.columns`; undefined when they prove none. */
export function provenFormat(readings: DateReadings): string | undefined {
  return provenDates(readings)?.format;
}

/** Fewest dates that may prove an order by other dates. */
const minBeside = 3;

/** Which of day and month is first in dates that can be read either way, where another column has the same days in a writing that is clear. */
export function orderBeside(
  texts: ReadonlySet<string>,
  others: ReadonlySet<string>,
): "dayFirst" | "monthFirst" | undefined {
  if (texts.size < minBeside) return undefined;
  const days = new Set([...others].flatMap((text) => /^\d{4}-\d\d-\d\d/.exec(text)?.[0] ?? []));
  const isAll = (order: "dayFirst" | "monthFirst"): boolean =>
    [...texts].every((text) => {
      const [, first = "", , second = "", year = ""] = numeric.exec(text) ?? [];
      const [month, day] = order === "dayFirst" ? [second, first] : [first, second];
      return days.has(`${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`);
    });
  const [isDayFirst, isMonthFirst] = [isAll("dayFirst"), isAll("monthFirst")];
  if (isDayFirst === isMonthFirst) return undefined;
  return isDayFirst ? "dayFirst" : "monthFirst";
}
