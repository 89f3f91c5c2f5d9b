import type { Place } from "../record.js";
import { type Finding, type RejectCode, shownValue } from "../reject.js";
import type { Warning, WarningCode } from "../warning.js";

/** Where typers report faults. It knows which field is being typed, so that they need not. */
export interface Diagnostics {
  /** Records a fault of the current field. Returns undefined, so that a typer can end with it. */
  readonly refuse: (code: RejectCode, message: string) => undefined;
  /** Records something unusual about the current field, which is sent all the same. */
  readonly warn: (code: WarningCode, message: string) => void;
  /** Counts a refused date of the current field whose day and month the mapping does not tell apart. */
  readonly countDayMonth: (text: string, order: DayMonth) => void;
}

/** Turns a raw value into a property's value, or reports a fault and returns undefined. Null never reaches a typer. */
export type Typer = (value: unknown, diagnostics: Diagnostics) => unknown;

/** A {@link Diagnostics} as check holds it: it is given the current entity and field, and gives what was found. */
export interface EntityDiagnostics extends Diagnostics {
  /** Starts on an entity. */
  readonly open: (blueprint: string, at: Place) => void;
  /** Starts on a field of it; `value` is what a fault shows. */
  readonly at: (path: string, value: unknown) => void;
  /** The entity's faults so far; empty when it passes. */
  readonly findings: () => readonly Finding[];
  /** The warnings since the last call, same code, blueprint and path counted together. */
  readonly takeWarnings: () => readonly Warning[];
  /** The stage's findings about the order of day and month. */
  readonly dayMonths: () => readonly Warning[];
}

/** Opens diagnostics; one serves a whole stage, so that a sound entity costs no allocation. */
export function openDiagnostics(): EntityDiagnostics {
  let blueprint = "";
  let place: Place | undefined;
  let path = "";
  let offending: unknown;
  let found: Finding[] = [];
  let warnings = new Map<string, Warning>();
  const dayMonths = tallyDayMonths();
  return {
    open(name, at) {
      blueprint = name;
      place = at;
      if (found.length > 0) found = [];
    },
    at(field, value) {
      path = field;
      offending = value;
    },
    refuse(code, message) {
      const value = shownValue(offending, path);
      found.push({ code, message, path, ...(value === undefined ? {} : { value }) });
      return undefined;
    },
    warn(code, message) {
      const key = JSON.stringify([code, blueprint, path]);
      const known = warnings.get(key);
      const first = known?.first ?? place;
      warnings.set(key, {
        code,
        message: known?.message ?? message,
        blueprint,
        path,
        count: (known?.count ?? 0) + 1,
        ...(first === undefined ? {} : { first }),
      });
    },
    countDayMonth: (text, order) => dayMonths.add(text, order, { blueprint, path, at: place }),
    dayMonths: dayMonths.warnings,
    findings: () => found,
    takeWarnings() {
      if (warnings.size === 0) return [];
      const taken = [...warnings.values()];
      warnings = new Map();
      return taken;
    },
  };
}

/**
 * Fixes that fit a value, as the end of a message: what to write after the expression of the mapping, which works when it is pasted there. A value itself
 * is never in them, so that no secret is.
 */

/** What to write after the expression; null stays null. */
export function appendFix(filter: string): string {
  return `; write \`| values | ${filter}\` after the expression`;
}

/** The jq expression that leaves out the white space around a text. */
export const trimExpression = String.raw`gsub("^\\s+|\\s+$"; "")`;

/** What joins the elements of a list in a text: the most frequent sign in it, with a space where one always follows. */
function separatorOf(text: string): string | undefined {
  const counts = [";", ",", "|", "\n", "\t"].map((sign) => [sign, text.split(sign).length - 1] as const);
  const [sign, count] = counts.reduce((most, each) => (each[1] > most[1] ? each : most));
  if (count === 0) return undefined;
  return text.split(`${sign} `).length - 1 === count ? `${sign} ` : sign;
}

/** For text where a list belongs. */
export function listFix(text: string): string {
  const separator = separatorOf(text);
  return appendFix(separator === undefined ? "[.]" : `split(${JSON.stringify(separator)})`);
}

/** Why text is not a number, as the end of a sentence, and what makes one of it. */
export function numberFault(text: string): string {
  if (text === "") return 'is empty, not a number; if it means no value, write under source: `blanks: [""]`';
  if (text.trim() !== text) return `is a number with spaces around it${appendFix(trimExpression)}`;
  if (/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text)) return written('"," between thousands', 'gsub(","; "")');
  if (/^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$/.test(text))
    return written('"." between thousands', 'gsub("[.]"; "") | sub(","; ".")');
  if (/^[+-]?\d{1,3}(?:[' \u00A0\u202F\u2019]\d{3})+(?:[.,]\d+)?$/.test(text))
    return written("a space or apostrophe between thousands", 'gsub("[^0-9.,+-]"; "") | sub(","; ".")');
  if (/^[+-]?\d+,\d*$/.test(text)) return written("a decimal comma", 'sub(","; ".")');
  if (/^[+-]?\d+(?:\.\d+)? ?%$/.test(text))
    return `is a percentage, not a plain number${appendFix('rtrimstr("%") | rtrimstr(" ")')}`;
  if (/^[^\d.,+-]*[+-]?\d+(?:\.\d+)?[^\d.,+-]*$/.test(text))
    return `is a number with a unit or other text${appendFix('gsub("[^0-9.+-]"; "")')}`;
  const isWord = /^(?:\?+|nan|none|nil|unknown|tbd)$/i.test(text);
  if (isWord || /^(?:-+|\.+|n\/?a|null)$/i.test(text)) {
    const blanks = isWord
      ? `columns: { <column>: { blanks: [${JSON.stringify(text)}] } }`
      : `blanks: ["", ${JSON.stringify(text)}]`;
    return `is not a number; if it means no value, write under source: \`${blanks}\``;
  }
  return "is not a number";
}

function written(how: string, filter: string): string {
  const fix = appendFix(filter);
  return `is a number with ${how}${fix}, or say under source.columns how the column writes its numbers`;
}

/** For a text without its scheme where a URL belongs. */
export function urlFix(text: string): string {
  return /^[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]\S*)?$/.test(text) ? appendFix('"https://" + .') : "";
}

/** For an identifier that holds a character which none may hold. */
export function identifierFix(text: string, stranger: string): string {
  const trimmed = text.trim();
  if (trimmed !== text && !/\s/.test(trimmed)) return appendFix(trimExpression);
  if (/[\p{Cc}\p{Cs}"]/u.test(stranger)) return "";
  const sign = /[\p{L}\p{N} ]/u.test(stranger) ? stranger : `\\${stranger}`;
  return appendFix(`gsub(${JSON.stringify(sign)}; "-")`);
}

/** Which order of day and month a date's numbers allow. */
type DayMonth = "dayFirst" | "monthFirst" | "either";

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
function tallyDayMonths() {
  const fields = new Map<string, Counted>();
  return {
    add(
      text: string,
      order: DayMonth,
      { blueprint, path, at }: { readonly blueprint: string; readonly path: string; readonly at: Place | undefined },
    ): void {
      const key = JSON.stringify([blueprint, path]);
      const known = fields.get(key) ?? { blueprint, path, first: at, count: noneYet(), example: {} };
      known.count[order]++;
      known.example[order] ??= text;
      fields.set(key, known);
    },
    /** One warning for each property: how many values prove either order. */
    warnings: (): readonly Warning[] =>
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
