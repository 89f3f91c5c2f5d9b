/** How the texts of a column can be read as dates: counts of each. */
export interface DateReadings {
  /** `2024-05-01T10:00:00Z`: date, time and zone. */
  readonly full: number;
  /** `2024-05-01`. */
  readonly isoDay: number;
  /** `31/12/2024`: the first number can only be a day. */
  readonly dayFirst: number;
  /** `12/31/2024`: the second number can only be a day. */
  readonly monthFirst: number;
  /** `03/04/2024`: either. */
  readonly either: number;
  /** Anything else. */
  readonly other: number;
  /** The separator of the first numeric date; undefined without one. */
  readonly separator?: string;
  /** Digits of its year. */
  readonly yearDigits?: number;
}

/** No text yet. */
export const noReadings: DateReadings = { full: 0, isoDay: 0, dayFirst: 0, monthFirst: 0, either: 0, other: 0 };

const full = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)$/;
const isoDay = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const numeric = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})$/;

/** Counts one more text. */
export function addReading(readings: DateReadings, text: string): DateReadings {
  if (full.test(text)) return { ...readings, full: readings.full + 1 };
  if (isoDay.test(text)) return { ...readings, isoDay: readings.isoDay + 1 };
  const match = numeric.exec(text);
  if (match === null) return { ...readings, other: readings.other + 1 };
  const [, first = "", separator = "", second = "", year = ""] = match;
  const reading = readingOf(Number(first), Number(second));
  const seen = { separator: readings.separator ?? separator, yearDigits: readings.yearDigits ?? year.length };
  return { ...readings, ...(reading === "other" ? {} : seen), [reading]: readings[reading] + 1 };
}

function readingOf(first: number, second: number): "dayFirst" | "monthFirst" | "either" | "other" {
  if (first < 1 || second < 1 || first > 31 || second > 31 || (first > 12 && second > 12)) return "other";
  if (first > 12) return "dayFirst";
  return second > 12 ? "monthFirst" : "either";
}

/** The format that the counts prove, in the letters of `source.columns`; undefined when they prove none or two. */
export function provenFormat({ dayFirst, monthFirst, separator = "/", yearDigits }: DateReadings): string | undefined {
  if (dayFirst > 0 === monthFirst > 0) return undefined;
  const year = yearDigits === 2 ? "yy" : "yyyy";
  return (dayFirst > 0 ? ["dd", "MM", year] : ["MM", "dd", year]).join(separator);
}
