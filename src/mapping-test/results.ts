import type { RecordTrace } from "../authoring/trace-records.js";
import type { CompiledLeaf } from "../map/compile-mapping.js";
import { escapeXml } from "../reject.js";
import type { Difference } from "./expectations.js";

/** How one test ended. */
export interface TestResult {
  readonly name: string;
  /** Line in the file, from 1. */
  readonly line: number;
  /** `updated`: it failed, and its expectation was rewritten. */
  readonly is: "passed" | "failed" | "updated";
  readonly differences: readonly Difference[];
  /** Why it could not run. */
  readonly error?: string;
  readonly durationMs: number;
}

/** How the tests of one file ended. */
export interface FileResult {
  readonly file: string;
  /** Why none of them could run: a fault of the file, its mapping or its blueprints. */
  readonly error?: string;
  readonly tests: readonly TestResult[];
  /** Path of the mapping file. */
  readonly mapping?: string;
  readonly coverage: readonly LeafCoverage[];
}

/** Tests that passed, failed, were rewritten; a file that could not run counts as one that failed. */
export function countResults(files: readonly FileResult[]): {
  readonly passed: number;
  readonly failed: number;
  readonly updated: number;
} {
  const counts = { passed: 0, failed: 0, updated: 0 };
  for (const { error, tests } of files) {
    if (error !== undefined) counts.failed++;
    for (const { is } of tests) counts[is]++;
  }
  return counts;
}

/** Results as people read them. */
export function formatResults(files: readonly FileResult[]): string {
  return files.map(formatFile).join("");
}

function formatFile({ file, error, tests, mapping, coverage }: FileResult): string {
  if (error !== undefined) return `${file}\n  FAIL     ${indent(error, 11)}\n`;
  const lines = tests.flatMap(({ name, line, is, differences, error: why }) => [
    `  ${words[is]}  ${name}${is === "passed" ? "" : `  (line ${line})`}`,
    ...(why === undefined ? [] : [`           ${indent(why, 11)}`]),
    ...differences.map((each) => `           ${formatDifference(each, is === "updated")}`),
  ]);
  return `${file}\n${[...lines, ...formatCoverage(coverage, mapping)].join("\n")}\n`;
}

const words = { passed: "ok     ", failed: "FAIL   ", updated: "updated" } as const;

/** A difference in one line. */
function formatDifference(difference: Difference, isUpdate = false): string {
  const { path, expected, got } = difference;
  if (!("got" in difference))
    return `${path}: ${isUpdate ? "taken out:" : "expected, and did not come:"} ${JSON.stringify(expected)}`;
  if (!("expected" in difference))
    return `${path}: ${isUpdate ? "put in:" : "came, and is not expected:"} ${JSON.stringify(got)}`;
  const [a, b] = [JSON.stringify(expected), JSON.stringify(got)];
  return isUpdate ? `${path}: ${a} → ${b}` : `${path}: expected ${a}, got ${b}`;
}

function formatCoverage(leaves: readonly LeafCoverage[], mapping = ""): string[] {
  if (leaves.length === 0) return [];
  const times = (which: "value" | "null" | "failed"): number => leaves.filter((leaf) => leaf[which] > 0).length;
  const never = leaves.filter(({ value }) => value === 0);
  return [
    `  mapping  ${times("value")} of ${leaves.length} expressions gave a value, ${times("null")} null, ${times("failed")} failed`,
    ...never.map(
      ({ path, line }) => `           never a value: ${mapping}${line === undefined ? "" : `:${line}`}  ${path}`,
    ),
  ];
}

function indent(text: string, columns: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(columns)}`);
}

/** Writes the results as JUnit XML, for CI systems: a suite for each file, a case for each test. */
export function formatTestJunit(files: readonly FileResult[]): string {
  const suites = files.map((file) => {
    const cases =
      file.error === undefined ? file.tests.map((test) => formatCase(file, test)) : [formatBroken(file, file.error)];
    const { passed, failed, updated } = countResults([file]);
    const seconds = file.tests.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
    return `<testsuite name="${escapeXml(file.file)}" tests="${passed + failed + updated}" failures="${failed}" errors="0" skipped="0" time="${seconds.toFixed(3)}">\n${cases.join("\n")}\n</testsuite>`;
  });
  const { passed, failed, updated } = countResults(files);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="portload test" tests="${passed + failed + updated}" failures="${failed}" errors="0">\n${suites.join("\n")}\n</testsuites>\n`;
}

function formatCase({ file }: FileResult, { name, line, is, differences, error, durationMs }: TestResult): string {
  const lines = [...(error === undefined ? [] : [error]), ...differences.map((each) => formatDifference(each))];
  const message = lines.length === 1 ? (lines[0] ?? "") : `${lines.length} differences`;
  const failure =
    is === "failed" ? `<failure message="${escapeXml(message)}">${escapeXml(lines.join("\n"))}</failure>` : "";
  return `<testcase classname="${escapeXml(file)}" name="${escapeXml(name)}" file="${escapeXml(file)}" line="${line}" time="${(durationMs / 1000).toFixed(3)}">${failure}</testcase>`;
}

function formatBroken({ file }: FileResult, error: string): string {
  return `<testcase classname="${escapeXml(file)}" name="can be run" file="${escapeXml(file)}" time="0"><failure message="cannot be run">${escapeXml(error)}</failure></testcase>`;
}

/** What a leaf did over all records of the tests: how often it gave a value, null, or failed. */
interface LeafCoverage {
  readonly path: string;
  readonly line?: number;
  readonly expression: string;
  readonly value: number;
  readonly null: number;
  readonly failed: number;
}

/** Counts what leaves did. Constants are left out: they always give their value. */
export interface Coverage {
  add(traces: readonly RecordTrace[]): void;
  leaves(): readonly LeafCoverage[];
}

/** Opens the coverage of a mapping's leaves, all at 0. */
export function openCoverage(leaves: readonly CompiledLeaf[]): Coverage {
  const counts = new Map<string, { -readonly [K in keyof LeafCoverage]: LeafCoverage[K] }>(
    leaves.flatMap(({ path, line, expression, by }) =>
      by === "constant"
        ? []
        : [
            [
              path,
              { path, ...(line === undefined ? {} : { line }), expression, value: 0, null: 0, failed: 0 },
            ] as const,
          ],
    ),
  );
  const count = (path: string, first: unknown, error: string | undefined): void => {
    const own = counts.get(path);
    if (own === undefined) return;
    if (first !== undefined && first !== null) own.value++;
    else if (error !== undefined) own.failed++;
    else own.null++;
  };
  return {
    add(traces) {
      for (const { items, candidates } of traces) {
        for (const { path, outputs, error } of items) count(path, outputs[0], error);
        for (const { leaves: own } of candidates) {
          const selector = own.find(({ path }) => path.endsWith(".selector.query"));
          // Behind a selector that is not true no leaf is evaluated.
          const reached = selector === undefined || selector.outputs[0] === true ? own : [selector];
          for (const { path, outputs, error } of reached) count(path, outputs[0], error);
        }
      }
    },
    leaves: () => [...counts.values()].map((own) => ({ ...own })),
  };
}
