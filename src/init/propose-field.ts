import { compactDay } from "../authoring/date-readings.js";
import { type FieldStats, listDelimiters, maxDistinct, splitExpression, trimmedPath } from "./field-stats.js";
import { inWords, pathExpression } from "./names.js";
import { numberExpression, numberWriting } from "./numbers.js";
import { type FieldProposal, type SurveyedField, tolerated } from "./proposal.js";
import type { Survey } from "./survey.js";
import { booleanExpression, booleanWords, isMoment, proposeDate, proposeMoment } from "./value-forms.js";

/** Most words of a vocabulary, their longest, and how often each must come on average. */
const maxEnum = 12;
const maxEnumCharacters = 40;
const minTimes = 5;
/** Values before a vocabulary is closed: of fewer, the next import likely brings another word, and an enum would refuse it. */
const minClosed = 200;
/** Names of what is measured or paid, in which 1.10 is 1.1; elsewhere, as of rooms and versions, it is another text. */
const measures =
  /\b(?:cost|price|amount|fee|budget|value|sum|total|rate|percent|percentage|ratio|share|score|usage|hours|days|[kmgtp]i?b|size|weight|height|width|length|latitude|longitude|lat|lon|lng|temperature|power|load|utili[sz]ation|cpu|ram|memory|disk|storage)\b/i;
/** Numbers that must be days written as yyyyMMdd before they are. */
const minCompact = 5;
/** Share of texts that must hold a delimiter to be lists. */
const minListShare = 0.2;

/** Proposes type, format and enum of a field from all of its values; undefined where it has none. */
export function proposeField(
  stats: FieldStats,
  { records, isTabular }: Pick<Survey, "records" | "isTabular">,
): FieldProposal | undefined {
  if (stats.values === 0) return undefined;
  const isWhole = stats.values === records;
  const soft = [...stats.soft.values()].reduce((sum, { count }) => sum + count, 0);
  const firm = stats.values - soft;
  const field: SurveyedField = {
    stats,
    path: pathExpression(stats.path),
    title: inWords(stats.name.join(" ").replace(/(?<=.) display_value$/, "")).slice(0, 100),
    some: isWhole && soft === 0 ? "" : " | values",
    isColumn: stats.path.length === 1,
    firm,
    seen: (what, fitting = firm) =>
      `${what}, ${isWhole ? "in every record" : `${stats.values} of ${records}`}${fitting === firm ? "" : `; ${firm - fitting} ${firm - fitting === 1 ? "is" : "are"} not`}`,
  };
  const [[type] = ["string" as const]] = stats.types;
  if (stats.types.size > 1) return severalTypes(field);
  if (type === "array") return proposeArray(field);
  if (type === "number" && isMoment(field)) return proposeMoment(field);
  if (type !== "string")
    return { property: { type, title: field.title }, expression: field.path, seen: field.seen(`${type}s`) };
  const typed = firm > 0 ? proposeTyped(field, isTabular) : undefined;
  if (typed === undefined) return proposeText(field);
  return stats.soft.size === 0 ? typed : { ...typed, ...withoutSoft(stats, typed) };
}

/** How a field is read without the words that mean "no value" in it, and are values in other fields. */
export function withoutSoft(
  { path, soft }: FieldStats,
  { expression, column, question }: Pick<FieldProposal, "expression" | "column" | "question">,
): Pick<FieldProposal, "expression" | "column" | "question"> {
  const from = pathExpression(path);
  const isColumn = path.length === 1;
  const found = [...soft]
    .map(
      ([text, { count, first }]) =>
        `${JSON.stringify(text)} (${count === 1 ? "in" : `${count} times, first in`} record ${first})`,
    )
    .join(", ");
  const isNone = [...soft.keys()].map((text) => `. == ${JSON.stringify(text)}`).join(" or ");
  return {
    ...(isColumn
      ? { expression, column: { ...column, blanks: [...soft.keys()] } }
      : { expression: expression.replace(from, () => `${from} | select(${isNone} | not)`) }),
    question:
      question ??
      `is ${found} of ${from} no value? It becomes null in this ${isColumn ? "column" : "key"} alone; take it out of ${isColumn ? "the column's blanks" : "the expression"}, and its records are rejected`,
  };
}

function severalTypes({ stats, path, title, some, seen }: SurveyedField): FieldProposal {
  return {
    property: { type: "string", title },
    expression: `${path}${some} | if type == "string" then . else tojson end`,
    seen: seen([...stats.types.keys()].join(" and ")),
    question: `${path} holds values of several types; is text right?`,
  };
}

function proposeArray({ stats, path, title, seen }: SurveyedField): FieldProposal {
  const [only] = stats.items;
  const isOne = stats.items.size === 1;
  const known = only === "string" || only === "number" || only === "boolean" || only === "object" ? only : undefined;
  const items = stats.items.size === 0 ? "string" : isOne ? known : undefined;
  return {
    property: { type: "array", title, ...(items !== undefined && { items: { type: items } }) },
    expression: path,
    seen: seen("lists"),
    // A list within the element of a list has no itemsToParse of its own.
    ...(stats.items.has("object") &&
      stats.name === stats.path && {
        question: `does each element of ${path} deserve an entity of its own? Then give it a resource with itemsToParse: ${path}; docs/how-to/from-exports.md shows one, for AWS`,
      }),
  };
}

/** What is not text although it is written as text: true or false, a number, a date, an address; outliers are tolerated. */
function proposeTyped(field: SurveyedField, isTabular: boolean): FieldProposal | undefined {
  const { stats, path, title, isColumn, firm, seen } = field;
  const isMost = (count: number): boolean => count > 0 && firm - count <= tolerated(firm);
  const words = booleanWords(stats.distinct, firm);
  if (words !== undefined && isMost(words.count))
    return {
      property: { type: "boolean", title },
      expression: words.isUnderstood
        ? trimmedPath(stats)
        : isColumn
          ? path
          : booleanExpression(trimmedPath(stats), words),
      seen: seen("true or false", words.count),
      ...(!words.isUnderstood && isColumn && { column: { true: words.true, false: words.false } }),
    };
  if (isMoment(field)) return proposeMoment(field);
  const compact = stats.dates.writings.get(compactDay)?.count ?? 0;
  // Few numbers of eight digits are days by chance; where all are, it is not chance.
  if (compact >= minCompact && isMost(compact)) return proposeDate(field, isMost);
  const number = numberWriting(stats.numbers);
  const isPlain = number === undefined || Object.keys(number.writing).length === 0;
  const isLossy = isPlain && stats.numbers.zeroEnded > 0 && !measures.test(inWords(stats.path.at(-1) ?? ""));
  const staysText =
    isLossy || stats.fits.has("padded") || /version|release|phone|serial|zip|postal|account|\bID$/i.test(title);
  if (number !== undefined && isMost(number.count) && !staysText && (isTabular || !isPlain)) {
    const doubt =
      number.doubt === undefined ? {} : { question: `how are the numbers of ${path} written? ${number.doubt}` };
    const { unit } = number.writing;
    const shown = seen(`numbers${unit === undefined ? "" : ` with ${JSON.stringify(unit)}`}`, number.count);
    return {
      property: { type: "number", title },
      expression: isPlain ? trimmedPath(stats) : isColumn ? path : numberExpression(stats.path, number.writing),
      seen: shown,
      ...(!isPlain && isColumn && { column: { number: number.writing } }),
      ...doubt,
    };
  }
  const date = proposeDate(field, isMost);
  if (date !== undefined) return date;
  for (const format of ["url", "email", "ipv4", "ipv6"]) {
    const count = stats.fits.get(format) ?? 0;
    if (isMost(count))
      return {
        property: { type: "string", title, format },
        expression: trimmedPath(stats),
        seen: seen(`${format}s`, count),
      };
  }
  return undefined;
}

function proposeText({ stats, path, title, some, isColumn, seen }: SurveyedField): FieldProposal {
  const delimiter = listDelimiter(stats);
  if (delimiter !== undefined)
    return {
      property: { type: "array", title, items: { type: "string" } },
      expression: isColumn ? path : `${path}${some} | ${splitExpression(delimiter)}`,
      seen: seen(`lists by ${JSON.stringify(delimiter)}`),
      ...(isColumn && { column: { split: delimiter.trim() } }),
      question: `are the values of ${path} lists, or texts that hold ${JSON.stringify(delimiter)}? Do they name entities, so that a relation fits better?`,
    };
  const words = enumWords(stats);
  const odd = words === undefined ? [] : oddWords(stats);
  if (words !== undefined && odd.length === 0) {
    const isClosed = stats.values >= minClosed && [...stats.distinct.values()].every((count) => count >= minTimes);
    const close = `text of ${words.length} words so far; to refuse others, add "enum": ${JSON.stringify(words)} to it in the blueprint`;
    return {
      property: { type: "string", title, ...(isClosed && { enum: words }) },
      expression: trimmedPath(stats),
      seen: seen(isClosed ? `one of ${words.length} words` : close),
    };
  }
  if (stats.fits.has("lines") || stats.longest > 200)
    return { property: { type: "string", title, format: "markdown" }, expression: path, seen: seen("long text") };
  return {
    property: { type: "string", title },
    expression: path,
    seen: seen(stats.fits.has("padded") ? "text; leading zeros stay" : "text"),
    ...(words === undefined ? almost(stats, path) : oddQuestion(words, odd, path)),
  };
}

function oddQuestion(words: readonly string[], odd: readonly string[], path: string): { question?: string } {
  const shown = (texts: readonly string[]): string => texts.map((text) => JSON.stringify(text)).join(", ");
  const rest = words.filter((word) => !odd.includes(word));
  return { question: `is ${path} one of ${shown(rest)}, and ${shown(odd)} a mistake? It stays text here` };
}

/** The delimiter by which the texts of a field are lists; undefined where they are not lists. A comma is also part of sentences, so that all other texts must be single words. */
export function listDelimiter({ lists, values, words, fits }: FieldStats): string | undefined {
  return listDelimiters.find((delimiter) => {
    const own = lists.get(delimiter);
    if (own === undefined || own.sound < own.held || own.held < 2 || own.held < minListShare * values) return false;
    return !delimiter.startsWith(",") || (!fits.has("lines") && own.held + words >= values);
  });
}

/** Names of what has a closed set of values; other names, such as of a city or an operating system, get a new one any day. */
const closedNames =
  /\b(?:status|state|stage|phase|lifecycle|environment|env|tier|criticality|priority|severity|level|class|classification|type|kind|category|risk|impact|rating|plan|grade|mode|visibility|sensitivity)\b/i;

/** Words of a field that is named like an enum and has few of them, each several times, none of which came only late. */
function enumWords({ path, distinct, values, longest, lastNew }: FieldStats): readonly string[] | undefined {
  const isFew = distinct.size >= 2 && distinct.size <= Math.min(maxEnum, maxDistinct - 1);
  const isOften = values >= 20 && values >= minTimes * distinct.size && lastNew <= values / 2;
  const isClosed = closedNames.test(inWords(path.at(-1) ?? ""));
  return isFew && isOften && isClosed && longest <= maxEnumCharacters ? [...distinct.keys()].sort() : undefined;
}

/** Words of an enum that came once or only differ in case from another: mistakes, likely, so that the field stays text. */
function oddWords({ distinct }: FieldStats): readonly string[] {
  const most = (text: string): boolean =>
    [...distinct].some(
      ([other, count]) => other !== text && fold(other) === fold(text) && count >= (distinct.get(text) ?? 0),
    );
  return [...distinct].flatMap(([text, count]) => (count < 2 || most(text) ? [text] : []));
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}

/** A column that many values, but too few, make a number or a date is worth a question. */
function almost({ fits, values, dates, numbers }: FieldStats, path: string): { question?: string } {
  if (numbers.zeroEnded > 0 && (numberWriting(numbers)?.count ?? 0) >= 0.8 * values)
    return { question: `is ${path} a number, in which 1.10 becomes 1.1? It stays text here` };
  const { full, isoDay, clear, dayFirst, monthFirst, either } = dates;
  const counts: readonly (readonly [string, number])[] = [
    ["numbers", fits.has("padded") || numbers.zeroEnded > 0 ? 0 : (numberWriting(numbers)?.count ?? 0)],
    ["dates", full + isoDay + clear + dayFirst + monthFirst + either],
    ["URLs", fits.get("url") ?? 0],
    ["e-mail addresses", fits.get("email") ?? 0],
    ["IP addresses", (fits.get("ipv4") ?? 0) + (fits.get("ipv6") ?? 0)],
  ];
  const found = counts.find(([, count]) => count < values && count >= 0.8 * values);
  return found === undefined
    ? {}
    : {
        question: `${values - found[1]} of ${values} values of ${path} are not ${found[0]}, so it stays text; are they mistakes?`,
      };
}
