import type { Place } from "../record.js";
import type { Warning } from "../warning.js";

/** Which order of day and month a date's numbers allow. */
export type DayMonth = "dayFirst" | "monthFirst" | "either";

/** Returns which of the first two numbers of a date like `03/04/2024` can be its day; undefined for text that is no such date. */
export function dayMonthOf(text: string): DayMonth | undefined {
  const parts = twoNumbers.exec(text);
  if (parts === null) return undefined;
  const [first, second] = [Number(parts[1]), Number(parts[3])];
  const dayFirst = first >= 1 && first <= 31 && second >= 1 && second <= 12;
  const monthFirst = second >= 1 && second <= 31 && first >= 1 && first <= 12;
  if (dayFirst && monthFirst) return "either";
  return dayFirst ? "dayFirst" : monthFirst ? "monthFirst" : undefined;
}

/** What the mapping must say so that a date text can be read, as the end of a sentence; empty where nothing helps. */
export function dateFix(text: string): string {
  const order = dayMonthOf(text);
  if (order === "either")
    return `; whether day or month comes first must be said: ${columnsWith(text, "dayFirst")}, or ${formatOf(text, "monthFirst")}`;
  if (order !== undefined) return `; say how to read it: ${columnsWith(text, order)}`;
  const iso = /^\d{4}-\d\d-\d\d(?:([T ])(\d\d:\d\d)(:\d\d(\.\d{1,3})?)?)?$/.exec(text);
  if (iso === null) return "";
  const [, parter, time, seconds, fraction] = iso;
  const gap = parter === "T" ? "'T'" : " ";
  const rest =
    time === undefined ? "" : `${gap}HH:mm${seconds === undefined ? "" : ":ss"}${fraction === undefined ? "" : ".u"}`;
  return `; say its zone: columns: { <column>: { date: yyyy-MM-dd${rest}, zone: <zone> } }`;
}

/** Counts the dates of each property whose order is not said. */
export interface DayMonthTally {
  add(
    text: string,
    order: DayMonth,
    field: { readonly blueprint: string; readonly path: string; readonly at?: Place | undefined },
  ): void;
  /** One warning for each property: how many values prove either order. */
  warnings(): readonly Warning[];
}

/** Starts counting. */
export function tallyDayMonths(): DayMonthTally {
  const fields = new Map<string, Counted>();
  return {
    add(text, order, { blueprint, path, at }) {
      const key = JSON.stringify([blueprint, path]);
      const known = fields.get(key) ?? { blueprint, path, first: at, count: noneYet(), example: {} };
      known.count[order]++;
      known.example[order] ??= text;
      fields.set(key, known);
    },
    warnings: () =>
      [...fields.values()].map((field) => ({
        code: "ambiguous_dates",
        message: verdictOf(field),
        blueprint: field.blueprint,
        path: field.path,
        count: field.count.dayFirst + field.count.monthFirst + field.count.either,
        ...(field.first === undefined ? {} : { first: field.first }),
      })),
  };
}

interface Counted {
  readonly blueprint: string;
  readonly path: string;
  readonly first: Place | undefined;
  readonly count: Record<DayMonth, number>;
  readonly example: Partial<Record<DayMonth, string>>;
}

const twoNumbers = /^\s*(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)(.*)$/s;

function noneYet(): Record<DayMonth, number> {
  return { dayFirst: 0, monthFirst: 0, either: 0 };
}

function verdictOf({ count, example }: Counted): string {
  const shown = (order: DayMonth): string => (example[order] === undefined ? "" : ` (as ${example[order]})`);
  const counted =
    `of these dates ${count.dayFirst} can only have the day first${shown("dayFirst")}, ` +
    `${count.monthFirst} only the month${shown("monthFirst")}, ${count.either} either${shown("either")}`;
  if (count.dayFirst > 0 && count.monthFirst > 0) return `${counted}: both orders are mixed, so correct the source`;
  const proven = count.dayFirst > 0 ? "dayFirst" : count.monthFirst > 0 ? "monthFirst" : undefined;
  if (proven !== undefined) return `${counted}: write ${columnsWith(example[proven] ?? "", proven)}`;
  const text = example.either ?? "";
  return `${counted}: nothing proves either, so ask whoever made the source, and write ${columnsWith(text, "dayFirst")} or ${formatOf(text, "monthFirst")}`;
}

function columnsWith(text: string, order: DayMonth): string {
  return `columns: { <column>: { date: ${formatOf(text, order)}, zone: <zone> } }`;
}

function formatOf(text: string, order: DayMonth): string {
  const [, , sign = "/", , year = "", rest = ""] = twoNumbers.exec(text) ?? [];
  const date = (order === "monthFirst" ? ["M", "d"] : ["d", "M"]).concat(year.length === 2 ? "yy" : "yyyy").join(sign);
  const time = /^(,? )\d{1,2}:\d\d(:\d\d)?( ?[ap]m)?\s*$/i.exec(rest);
  if (time === null) return date;
  const half = time[3];
  return `${date}${time[1]}${half === undefined ? "H" : "h"}:mm${time[2] === undefined ? "" : ":ss"}${half === undefined ? "" : `${half.startsWith(" ") ? " " : ""}a`}`;
}
