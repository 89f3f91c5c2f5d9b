import { provenDates } from "../authoring/date-readings.js";
import { trimmedPath } from "./field-stats.js";
import { normalName } from "./names.js";
import type { FieldProposal, SurveyedField } from "./proposal.js";

/** Words for true and false, as a column has them. */
export interface BooleanWords {
  readonly true: string[];
  readonly false: string[];
  /** Values that are one of them. */
  readonly count: number;
  /** True for words that a boolean property understands without a setting. */
  readonly isUnderstood: boolean;
}

const pairs: readonly (readonly [string, string, boolean])[] = [
  ["true", "false", true],
  ["yes", "no", true],
  ["y", "n", true],
  ["t", "f", true],
  ["on", "off", true],
  ["ja", "nein", false],
  ["oui", "non", false],
  ["sí", "no", false],
  ["si", "no", false],
  ["sim", "não", false],
  ["vrai", "faux", false],
  ["wahr", "falsch", false],
  ["да", "нет", false],
];

/** The pair of words that most values are; undefined where none is, or where a column holds more words than a pair and a few mistakes. */
export function booleanWords(distinct: ReadonlyMap<string, number>, values: number): BooleanWords | undefined {
  if (distinct.size > 20) return undefined;
  const counts = new Map<string, number>();
  for (const [text, count] of distinct) {
    const word = text.trim().toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + count);
  }
  const of = (...words: readonly string[]): number => words.reduce((sum, word) => sum + (counts.get(word) ?? 0), 0);
  const understood = of(...pairs.flatMap(([yes, no, isUnderstood]) => (isUnderstood ? [yes, no] : [])));
  if (understood === values) return { true: [], false: [], count: understood, isUnderstood: true };
  const [best] = [...pairs].sort((a, b) => of(b[0], b[1]) - of(a[0], a[1]));
  if (best === undefined || of(best[0], best[1]) === 0) return undefined;
  const [yes, no, isUnderstood] = best;
  return { true: [yes], false: [no], count: of(yes, no), isUnderstood };
}

/** The expression that reads such words where no column format can: it fails on others. */
export function booleanExpression(path: string, { true: yes, false: no }: BooleanWords): string {
  const is = (words: readonly string[]): string => words.map((word) => `. == ${JSON.stringify(word)}`).join(" or ");
  return `${path} | values | ascii_downcase | if ${is(yes)} then true elif ${is(no)} then false else error("neither true nor false") end`;
}

/** What becomes of a day. */
const midnight = "each becomes its midnight in UTC, as Port has no type for a day alone";
/** The comment beside a field of days. */
export const days = `days; ${midnight}`;

/** Proposes how a field of dates is read; undefined where its texts are not dates. */
export function proposeDate(field: SurveyedField, isMost: (count: number) => boolean): FieldProposal | undefined {
  const { stats, path, title, some, isColumn, seen } = field;
  const { full, isoDay, clear, dayFirst, monthFirst, either } = stats.dates;
  const property = { type: "string", title, format: "date-time" } as const;
  if (isMost(full)) return { property, expression: trimmedPath(stats), seen: seen("dates with time and zone", full) };
  if (isMost(isoDay) && stats.path.length > 0 && clear === 0 && full === 0)
    return {
      property,
      expression: `${stats.spaced > 0 ? trimmedPath(stats) : `${path}${some}`} + "T00:00:00Z"`,
      seen: seen(days, isoDay),
    };
  if (!isMost(isoDay + clear + dayFirst + monthFirst + either)) return undefined;
  const proven = provenDates(stats.dates);
  const counts = `${dayFirst} can only be day first, ${monthFirst} only month first, ${either} either`;
  const isNumeric = dayFirst + monthFirst + either > 0;
  const expression = proven === undefined || isColumn ? path : dateExpression(path, proven.format);
  if (proven === undefined || !isMost(proven.count) || expression === undefined)
    return {
      property: { type: "string", title },
      expression: path,
      seen: seen("dates of which the reading is not proven, kept as text"),
      question: `how are the dates of ${path} read? ${isNumeric ? counts : [...stats.dates.writings.keys()].join(" and ")}. ${dateLines(field)}, and make the property a date-time: "format": "date-time"`,
    };
  const { format, count, hasOffset } = proven;
  const isDay = !/[Hh]/.test(format.replaceAll(/'[^']*'/g, ""));
  return {
    property,
    expression,
    seen: seen(
      `${isDay ? "days" : "dates"} as ${format}${isNumeric ? ` (${counts})` : ""}${isDay ? `; ${midnight}` : ""}`,
      count,
    ),
    ...(isColumn && { column: { date: format, ...(!hasOffset && { zone: "UTC" }) } }),
    // A moment may be hours off in another zone, a day stays the day that it is.
    ...(!hasOffset && !isDay && { question: `in which zone are the dates of ${path}? UTC is written here` }),
  };
}

/** What to write for dates whose order is not proven. */
function dateLines({ stats, path, isColumn }: SurveyedField): string {
  const [day, month] = (["dayFirst", "monthFirst"] as const).map((order) => {
    const known = provenDates({ ...stats.dates, dayFirst: 0, monthFirst: 0, [order]: 1 });
    if (known === undefined) return undefined;
    const zone = known.hasOffset ? "" : ", zone: UTC";
    return isColumn
      ? `${JSON.stringify(stats.path.join("."))}: { date: ${JSON.stringify(known.format)}${zone} }`
      : dateExpression(path, known.format);
  });
  const where = isColumn ? "under `columns` of the source" : "as its expression";
  if (day === undefined || month === undefined) return `Write it ${where}`;
  return day === month
    ? `Write ${where} ${day}`
    : `Write ${where} ${day} for the day first, ${month} for the month first`;
}

/** True for whole numbers that are seconds or milliseconds since 1970 by size, under a name that speaks of a moment. */
export function isMoment({ stats, firm }: SurveyedField): boolean {
  const { seconds, milliseconds } = stats.epochs;
  const isAll = firm > 0 && (seconds === firm || milliseconds === firm);
  return isAll && momentNames.test(normalName(stats.path.at(-1) ?? ""));
}

/** Proposes a date-time from a number of seconds or milliseconds. */
export function proposeMoment({ stats, path, title, seen, firm }: SurveyedField): FieldProposal {
  const isSeconds = stats.epochs.seconds === firm;
  const seconds = isSeconds ? "tonumber" : "tonumber / 1000 | floor";
  return {
    property: { type: "string", title, format: "date-time" },
    expression: `${path} | values | ${seconds} | todate`,
    seen: seen(`${isSeconds ? "seconds" : "milliseconds"} since 1970`),
    question: `are the numbers of ${path} ${isSeconds ? "seconds" : "milliseconds"} since 1970? They become dates here`,
  };
}

const momentNames =
  /date|time|epoch|stamp|created|updated|changed|seen|since|until|expir|start|end|last|discovered|on$|at$/;

/** strptime's letters for Luxon's tokens. */
const letters: Readonly<Record<string, string>> = {
  yyyy: "%Y",
  yy: "%y",
  MMMM: "%B",
  MMM: "%b",
  MM: "%m",
  M: "%m",
  dd: "%d",
  d: "%d",
  HH: "%H",
  H: "%H",
  hh: "%I",
  h: "%I",
  mm: "%M",
  ss: "%S",
  a: "%p",
};

/** The expression that reads such dates, as UTC, where no column format can: it fails on other text. Undefined for what jq cannot read. */
export function dateExpression(path: string, format: string): string | undefined {
  let isKnown = true;
  const pattern = format.replaceAll(/'([^']*)'|([A-Za-z])\2*/g, (token, quoted?: string) => {
    if (quoted !== undefined) return quoted;
    const letter = letters[token];
    if (letter === undefined) isKnown = false;
    return letter ?? "";
  });
  if (!isKnown) return undefined;
  // strptime rolls the 31st of February over to March.
  return `${path} | values | strptime(${JSON.stringify(pattern)}) | . as $day | mktime | if (gmtime | .[2]) == $day[2] then todate else error("no such day") end`;
}
