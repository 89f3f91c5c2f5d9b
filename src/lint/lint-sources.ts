import { type DateReadings, openReadings, provenDates } from "../authoring/date-readings.js";
import { pathName, type SourceSample } from "../authoring/trace-records.js";
import type { Blueprints } from "../blueprint.js";
import { keysReadBy, rootKeys } from "../map/keys-read.js";
import {
  type FoundLeaf,
  leavesOf,
  type Mapping,
  type Resource,
  sourceOptionsFor,
  sourcePathOf,
} from "../map/mapping.js";
import { columnFaults, meantColumn } from "../map/missing-columns.js";
import { type PathStep, plainOf } from "../map/plain.js";
import type { ReportFinding } from "./codes.js";
import { pathTo } from "./lint-expressions.js";

/** A leaf that copies the value at a path into a date-time property. */
interface DateLeaf extends FoundLeaf {
  readonly property: string;
  readonly steps: readonly PathStep[];
}

/** The paths whose texts go into date-time properties as they are, to be sampled. */
export function datePaths(mapping: Mapping, kind: string, blueprints: Blueprints): readonly (readonly PathStep[])[] {
  return mapping.resources
    .filter((resource) => resource.kind === kind)
    .flatMap((resource) => dateLeaves(mapping, resource, blueprints).map(({ steps }) => steps));
}

/** Compares what the expressions read with what sources are known or sampled to hold. */
export function lintSources(
  mapping: Mapping,
  blueprints: Blueprints,
  samples: readonly SourceSample[],
  report: ReportFinding,
): void {
  for (const kind of new Set(mapping.resources.map((resource) => resource.kind))) {
    const own = samples.filter((sample) => sample.kind === kind && sample.records > 0);
    const resources = mapping.resources.filter((resource) => resource.kind === kind);
    const options = sourceOptionsFor(mapping, kind);
    const isTabular =
      own.some((sample) => sample.isTabular) ||
      (own.length === 0 &&
        (options.format === "csv" ||
          options.format === "tsv" ||
          (options.format === undefined && options.csv !== undefined)));
    for (const resource of resources) {
      if (isTabular) reportPathsIntoText(resource, report);
      for (const leaf of dateLeaves(mapping, resource, blueprints))
        reportDates(leaf, own, isTabular, sourcePathOf(mapping, kind), report);
    }
    for (const sample of own) {
      const faults = sample.isTabular ? columnFaults(mapping, resources, { kind, columns: sample.keys }) : [];
      for (const { path, what, write, has } of faults)
        report("missing_column", path, `${sample.name} ${what}`, write === undefined ? has : writeFix(write));
      const known = { keys: options.optionalColumns ?? [], paths: new Set(faults.map(({ path }) => path)) };
      for (const resource of resources) reportMissing(resource, resources, sample, known, report);
    }
    for (const sample of own) reportUnused(resources, sample, report);
    const pinned = Object.keys(options.columns ?? {});
    for (const column of pinned)
      for (const sample of own)
        if (!sample.keys.includes(column))
          reportMissingKey(`${sourcePathOf(mapping, kind)}.columns.${column}`, column, resources, sample, report);
  }
}

function dateLeaves(mapping: Mapping, resource: Resource, blueprints: Blueprints): DateLeaf[] {
  const properties = blueprints.get(resource.blueprint ?? "")?.schema.properties ?? {};
  const columns = sourceOptionsFor(mapping, resource.kind).columns ?? {};
  return Object.entries(resource.entity.properties).flatMap(([key, value]) => {
    if (typeof value !== "string" || !Object.hasOwn(properties, key) || properties[key]?.format !== "date-time")
      return [];
    const steps = stepsOf(value);
    const [first] = steps;
    if (first === undefined || (resource.itemsToParse !== undefined && first.key === resource.itemsToParseName))
      return [];
    const form = Object.hasOwn(columns, first.key) ? columns[first.key] : {};
    if (Object.keys(form ?? {}).some((word) => word !== "blanks")) return [];
    return [
      { path: `resources.${resource.index}.port.entity.mappings.properties.${key}`, value, property: key, steps },
    ];
  });
}

/** The steps of a plain path; none of any other expression. A `| values` after it changes no text. */
function stepsOf(expression: string): readonly PathStep[] {
  const plain = plainOf(expression.replace(/\s*\|\s*values\s*$/, ""));
  return plain !== undefined && "path" in plain ? plain.path : [];
}

function reportPathsIntoText(resource: Resource, report: ReportFinding): void {
  for (const { path, value } of leavesOf(resource)) {
    const [first, ...rest] = typeof value === "string" ? stepsOf(value) : [];
    if (first === undefined || rest.length === 0) continue;
    if (
      resource.itemsToParse !== undefined &&
      !path.endsWith(".port.itemsToParse") &&
      first.key === resource.itemsToParseName
    )
      continue;
    const whole = [first, ...rest].map(({ key }) => key).join(".");
    report(
      "path_into_text",
      path,
      `${JSON.stringify(first.key)} is a cell, whose text has no keys`,
      `for a column of this name write \`${pathTo(whole)}\`; for JSON in a cell write \`${pathTo(String(first.key))} | fromjson | ${rest.map(({ key }) => pathTo(String(key))).join("")}\``,
    );
  }
}

function reportDates(
  { path, property, steps }: DateLeaf,
  samples: readonly SourceSample[],
  isTabular: boolean,
  sourcePath: string,
  report: ReportFinding,
): void {
  const column = steps.map(({ key }) => key).join(".");
  if (samples.length === 0) {
    if (isTabular)
      report(
        "date_as_is",
        path,
        `the cells of "${column}" are written to the date-time "${property}" as they are; only values such as 2024-05-01T10:00:00Z are accepted`,
        `for days write \`${pathTo(column)} | values + "T00:00:00Z"\`; for other formats say under ${sourcePath}.columns how they are read`,
      );
    return;
  }
  for (const { name, dates } of samples)
    reportReadings(path, column, name, dates.get(pathName(steps)) ?? openReadings(), sourcePath, report);
}

function reportReadings(
  path: string,
  column: string,
  name: string,
  readings: DateReadings,
  sourcePath: string,
  report: ReportFinding,
): void {
  const { isoDay, dayFirst, monthFirst, either, clear } = readings;
  const proven = provenDates(readings);
  const pin = (date: string, hasOffset = false): string =>
    `columns: { ${JSON.stringify(column)}: { date: ${JSON.stringify(date)}${hasOffset ? "" : ", zone: UTC"} } }`;
  const counts = `${dayFirst} can only be day first, ${monthFirst} only month first, ${either} either`;
  if (dayFirst + monthFirst + either > 0) {
    if (proven === undefined)
      report(
        "ambiguous_date",
        path,
        `dates of "${column}" in ${name} can be read either way: ${counts}`,
        `ask who writes the file, then write under ${sourcePath}: \`${pin("d/M/yyyy")}\`, or with \`M/d/yyyy\``,
      );
    else
      report(
        "date_format",
        path,
        `dates of "${column}" in ${name} are not RFC 3339, and are refused; the counts prove how to read them: ${counts}`,
        `write under ${sourcePath}: \`${pin(proven.format)}\``,
      );
  } else if (proven !== undefined && clear > isoDay) {
    report(
      "date_format",
      path,
      `${proven.count} of "${column}" in ${name} are written as ${proven.format}, and are refused`,
      `write under ${sourcePath}: \`${pin(proven.format, proven.hasOffset)}\``,
    );
  } else if (isoDay > 0) {
    report(
      "date_format",
      path,
      `${isoDay} of "${column}" in ${name} are days without time and zone, and are refused`,
      `write \`${pathTo(column)} | values + "T00:00:00Z"\``,
    );
  }
}

/** Reports the keys that an expression reads anywhere and a sample lacks, except for what is known already. */
function reportMissing(
  resource: Resource,
  ofKind: readonly Resource[],
  sample: SourceSample,
  known: { readonly keys: readonly string[]; readonly paths: ReadonlySet<string> },
  report: ReportFinding,
): void {
  for (const { path, value } of leavesOf(resource)) {
    if (typeof value !== "string" || known.paths.has(path)) continue;
    const isItem = resource.itemsToParse !== undefined && !path.endsWith(".port.itemsToParse");
    const keys = [...rootKeys(value)].filter((key) => !(isItem && key === resource.itemsToParseName));
    const lacking = keys.filter((key) => !sample.keys.includes(key) && !known.keys.includes(key));
    // A fallback is written for sources that differ.
    if (lacking.length < keys.length && value.includes("//")) continue;
    for (const key of lacking) reportMissingKey(path, key, ofKind, sample, report);
  }
}

function reportMissingKey(
  path: string,
  key: string,
  ofKind: readonly Resource[],
  { name, keys, isTabular, records }: SourceSample,
  report: ReportFinding,
): void {
  const near = meantColumn(path, key, keys, ofKind);
  const fix =
    near === undefined
      ? `it has ${keys.slice(0, 12).map(pathTo).join(", ")}${keys.length > 12 ? ", …" : ""}`
      : writeFix(pathTo(near));
  if (isTabular) report("missing_column", path, `${name} has no column "${key}"`, fix);
  else report("missing_field", path, `none of ${records} records of ${name} has the key "${key}"`, fix);
}

/** What to write, in quotes that show where it ends. */
function writeFix(text: string): string {
  return text.startsWith("'") ? `write ${text}` : `write \`${text}\``;
}

function reportUnused(
  resources: readonly Resource[],
  { name, keys, isTabular }: SourceSample,
  report: ReportFinding,
): void {
  const expressions = resources.flatMap((resource) =>
    [...leavesOf(resource)].flatMap(({ value }) => (typeof value === "string" ? [value] : [])),
  );
  const read = keysReadBy(expressions);
  if (read === undefined) return;
  const unused = keys.filter((key) => !read.has(key));
  if (unused.length === 0) return;
  const [first] = resources;
  const named = unused.map((key) => `"${key}"`).join(", ");
  report(
    "unused_column",
    `resources.${first?.index ?? 0}.kind`,
    `no expression reads ${isTabular ? (unused.length === 1 ? "the column" : "the columns") : "the top-level"} ${named} of ${name}`,
    "map them, or leave them",
  );
}
