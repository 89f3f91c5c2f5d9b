import { provenFormat } from "../authoring/date-readings.js";
import type { Property } from "../blueprint.js";
import { type FieldStats, listDelimiters } from "./field-stats.js";
import { pathExpression } from "./names.js";

/** How a field's values are brought to a given property. Whether all of them fit is found by an import of the sample, not here. */
export function fitField(
  stats: FieldStats,
  { type, format }: Pick<Property, "type" | "format">,
  records: number,
): { readonly expression: string; readonly comment: string; readonly date?: string } {
  const path = pathExpression(stats.path);
  const given = (expression: string, comment: string) => ({
    expression,
    comment: `${comment}, ${stats.values} of ${records}`,
  });
  if (type === "array") {
    if (stats.types.has("array")) return given(path, "lists");
    const held = (delimiter: string): number => stats.lists.get(delimiter)?.held ?? 0;
    const delimiter = listDelimiters.find(
      (each) => held(each) > 0 && listDelimiters.every((other) => held(other) <= held(each) || each.startsWith(other)),
    );
    return delimiter === undefined
      ? given(`${path} | values | [.]`, "one value each")
      : given(`${path} | values | split(${JSON.stringify(delimiter)})`, `lists by ${JSON.stringify(delimiter)}`);
  }
  if (format === "date-time" && stats.values > 0) {
    const { isoDay, dayFirst, monthFirst, either } = stats.dates;
    if (isoDay > 0 && isoDay >= stats.values / 2)
      return given(`${path} | values + "T00:00:00Z"`, "days; each becomes its midnight in UTC");
    const proven =
      stats.path.length === 1 && dayFirst + monthFirst + either === stats.values
        ? provenFormat(stats.dates)
        : undefined;
    if (proven !== undefined) return { ...given(path, `dates as ${proven}`), date: proven };
  }
  if (type === "string" && (stats.types.has("number") || stats.types.has("boolean")))
    return given(`${path} | values | tostring`, "as text");
  return given(path, [...stats.types.keys()].join(" and ") || "no value");
}
