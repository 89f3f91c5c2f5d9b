import { provenFormat } from "../authoring/date-readings.js";
import type { Property } from "../blueprint.js";
import { type FieldStats, listDelimiters, maxDistinct } from "./field-stats.js";
import { inWords, pathExpression } from "./names.js";
import type { Survey } from "./survey.js";

/** How a field becomes a property. */
export interface FieldProposal {
  readonly property: Property;
  readonly expression: string;
  /** What was seen, for a comment. */
  readonly seen: string;
  /** How the column's dates are read, under `source.columns`. */
  readonly date?: string;
  readonly question?: string;
}

/** Most values of an enum, their longest, and how often each must come on average. */
const maxEnum = 20;
const maxEnumCharacters = 40;
const minTimes = 4;
/** Share of texts that must hold a delimiter to be lists. */
const minListShare = 0.2;

/** Proposes type, format and enum of a field from all of its values; undefined where it has none. */
export function proposeField(
  stats: FieldStats,
  { records, isTabular }: Pick<Survey, "records" | "isTabular">,
): FieldProposal | undefined {
  if (stats.values === 0) return undefined;
  const path = pathExpression(stats.path);
  const title = inWords(stats.path.join(" ")).slice(0, 100);
  const isWhole = stats.values === records;
  const some = isWhole ? "" : ` | values`;
  const seen = (what: string): string => `${what}, ${isWhole ? "in every record" : `${stats.values} of ${records}`}`;
  const [[type] = ["string" as const]] = stats.types;
  if (stats.types.size > 1)
    return {
      property: { type: "string", title },
      expression: `${path}${some} | if type == "string" then . else tojson end`,
      seen: seen(`${[...stats.types.keys()].join(" and ")}`),
      question: `${path} holds values of several types; is text right?`,
    };
  if (type === "array")
    return {
      property: { type: "array", title, ...itemsOf(stats) },
      expression: path,
      seen: seen("lists"),
      ...listQuestion(stats, path),
    };
  if (type !== "string") return { property: { type, title }, expression: path, seen: seen(`${type}s`) };
  const all = (format: string): boolean => stats.fits.get(format) === stats.values;
  if (all("boolean")) return { property: { type: "boolean", title }, expression: path, seen: seen("true or false") };
  if (all("number") && isTabular && !stats.fits.has("padded") && !/version|release/i.test(title))
    return { property: { type: "number", title }, expression: path, seen: seen("numbers") };
  if (all("date-time"))
    return {
      property: { type: "string", title, format: "date-time" },
      expression: path,
      seen: seen("dates with time and zone"),
    };
  const { isoDay, dayFirst, monthFirst, either } = stats.dates;
  if (isoDay === stats.values)
    return {
      property: { type: "string", title, format: "date-time" },
      expression: `${path}${some} + "T00:00:00Z"`,
      seen: seen("days; each becomes its midnight in UTC"),
    };
  if (dayFirst + monthFirst + either === stats.values) return proposeNumericDate(stats, { title, path, seen });
  for (const format of ["url", "email", "ipv4", "ipv6"])
    if (all(format)) return { property: { type: "string", title, format }, expression: path, seen: seen(`${format}s`) };
  const delimiter = listDelimiter(stats);
  if (delimiter !== undefined)
    return {
      property: { type: "array", title, items: { type: "string" } },
      expression: `${path}${some} | split(${JSON.stringify(delimiter)})`,
      seen: seen(`lists by ${JSON.stringify(delimiter)}`),
      question: `are the values of ${path} lists, or texts that hold ${JSON.stringify(delimiter)}? Do they name entities, so that a relation fits better?`,
    };
  if (isEnum(stats))
    return {
      property: { type: "string", title, enum: [...stats.distinct.keys()].sort() },
      expression: path,
      seen: seen(`one of ${stats.distinct.size} words`),
    };
  if (stats.fits.has("lines") || stats.longest > 200)
    return { property: { type: "string", title, format: "markdown" }, expression: path, seen: seen("long text") };
  return {
    property: { type: "string", title },
    expression: path,
    seen: seen(stats.fits.has("padded") ? "text; leading zeros stay" : "text"),
    ...almost(stats, path),
  };
}

function itemsOf({ items }: FieldStats): { items?: { type: "string" | "number" | "boolean" | "object" } } {
  const [only] = items;
  if (items.size !== 1) return items.size === 0 ? { items: { type: "string" } } : {};
  return only === "string" || only === "number" || only === "boolean" || only === "object"
    ? { items: { type: only } }
    : {};
}

function listQuestion({ items }: FieldStats, path: string): { question?: string } {
  return items.has("object")
    ? {
        question: `does each element of ${path} deserve an entity of its own? Then give it a resource with itemsToParse: ${path}`,
      }
    : {};
}

function proposeNumericDate(
  stats: FieldStats,
  { title, path, seen }: { readonly title: string; readonly path: string; readonly seen: (what: string) => string },
): FieldProposal {
  const { dayFirst, monthFirst, either } = stats.dates;
  const format = stats.path.length === 1 ? provenFormat(stats.dates) : undefined;
  const counts = `${dayFirst} can only be day first, ${monthFirst} only month first, ${either} either`;
  if (format === undefined)
    return {
      property: { type: "string", title },
      expression: path,
      seen: seen("dates of which the reading is not proven, kept as text"),
      question: `how are the dates of ${path} read? ${counts}. Say it under source.columns, and make the property a date-time`,
    };
  return {
    property: { type: "string", title, format: "date-time" },
    expression: path,
    seen: seen(`dates as ${format} (${counts})`),
    date: format,
    question: `in which zone are the dates of ${path}? UTC is written here`,
  };
}

function listDelimiter({ lists, values }: FieldStats): string | undefined {
  return listDelimiters.find((delimiter) => {
    const own = lists.get(delimiter);
    return own !== undefined && own.sound === own.held && own.held >= 2 && own.held >= minListShare * values;
  });
}

function isEnum({ distinct, values, longest }: FieldStats): boolean {
  return (
    distinct.size <= Math.min(maxEnum, maxDistinct) &&
    values >= minTimes * distinct.size &&
    longest <= maxEnumCharacters &&
    values >= 20
  );
}

/** A column that all but a few values make a number, a boolean or a date is worth a question. */
function almost({ fits, values, dates }: FieldStats, path: string): { question?: string } {
  const counts: readonly (readonly [string, number])[] = [
    ["numbers", fits.has("padded") ? 0 : (fits.get("number") ?? 0)],
    ["true or false", fits.get("boolean") ?? 0],
    ["days", dates.isoDay],
    ["URLs", fits.get("url") ?? 0],
    ["addresses", fits.get("email") ?? 0],
  ];
  const found = counts.find(([, count]) => count < values && count >= 0.8 * values);
  return found === undefined
    ? {}
    : {
        question: `${values - found[1]} of ${values} values of ${path} are no ${found[0]}, so that it is text here; are they mistakes?`,
      };
}
