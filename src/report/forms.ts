import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { StateError, UsageError } from "../errors.js";
import type { reportExtensions } from "../options/groups.js";
import { escapeXml } from "../reject.js";
import { formatHtml } from "./forms/html.js";
import { formatMarkdown } from "./forms/markdown.js";
import type { RejectGroup } from "./group-causes.js";
import type { Report } from "./report.js";
import { faultAndFix, formatFirst, formatNumber } from "./words.js";

/** Writes a report in one form, whole. `file` is where it will be. */
type ReportForm = (report: Report, file?: string) => string;

/** The forms of a report file by extension. */
export const reportForms = {
  ".json": formatJson,
  ".md": formatMarkdown,
  ".html": formatHtml,
  ".xml": formatJunit,
  ".prom": formatPrometheus,
} as const satisfies Record<(typeof reportExtensions)[number], ReportForm>;

/** Gives the form of a report file. @throws {UsageError} when its extension names none */
export function formOf(path: string): ReportForm {
  const extension = extname(path).toLowerCase();
  const form = Object.entries(reportForms).find(([known]) => known === extension)?.[1];
  if (form !== undefined) return form;
  throw new UsageError(
    `--report ${path}: ${extension === "" ? "a name without extension" : extension} is not a report format`,
    {
      hint: `Give the file one of these extensions: ${Object.keys(reportForms).join(" ")}.`,
    },
  );
}

/**
 * Writes a report to each of the files, in the form of its extension; each appears whole, by rename, as Prometheus' textfile collector asks.
 *
 * @throws {UsageError} before anything is written, when an extension names no form
 * @throws {StateError} when a file cannot be written
 */
export async function writeForms(report: Report, paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => [path, formOf(path)] as const);
  for (const [path, form] of files) await writeForm(path, form(report, path));
}

/** Writes a report's file; it appears whole. @throws {StateError} when it cannot be written */
export async function writeForm(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  } catch (cause) {
    const hint = "Name a file that can be written with --report; the import's own report.json has the same.";
    throw new StateError(`--report ${path}: ${(cause as Error).message}`, { cause, hint });
  }
}

/** Writes a report as JSON: exactly the text of report.json. */
function formatJson(report: Report): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

/** Writes a report as JUnit XML, for CI systems: a case for the ledger and each blueprint, and a failed case for each cause. */
export function formatJunit(report: Report): string {
  const { rejects, command, importId, durationMs, startedAt, blueprints, balanced } = report;
  const cases = [
    formatCase(report, "ledger", balanced ? "" : `<failure type="ledger" message="the counts do not add up"/>`),
    ...Object.keys(blueprints).map((id) => formatCase(report, `blueprint ${id}`, "")),
    ...rejects.map((group) => formatCase(report, caseName(group), formatFailure(group))),
    ...(report.exitCode > 1 && balanced ? [formatCase(report, "end of the import", formatStop(report))] : []),
  ];
  const failures = rejects.length + (balanced ? 0 : 1) + (report.exitCode > 1 && balanced ? 1 : 0);
  const seconds = durationMs / 1000;
  const name = escapeXml(`portload ${command} ${importId}`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${name}" tests="${cases.length}" failures="${failures}" errors="0" time="${seconds}">
<testsuite name="${name}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${seconds}" timestamp="${escapeXml(startedAt.replace(/\.\d+Z$/, ""))}">
${cases.join("\n")}
</testsuite>
</testsuites>
`;
}

function formatCase({ command }: Report, name: string, inside: string): string {
  return `<testcase classname="${escapeXml(`portload.${command}`)}" name="${escapeXml(name)}" time="0">${inside}</testcase>`;
}

function caseName({ stage, code, blueprint, path }: RejectGroup): string {
  return [stage, code, blueprint, path].filter((word) => word !== undefined).join(" ");
}

function formatFailure(group: RejectGroup): string {
  const message = `${formatNumber(group.count)} failed: ${group.message}`;
  const text = `first: ${formatFirst(group)}\nfix: ${faultAndFix(group).fix}`;
  return `<failure type="${group.code}" message="${escapeXml(message)}">${escapeXml(text)}</failure>`;
}

function formatStop({ exitCode, entities }: Report): string {
  const message = `stopped with exit code ${exitCode}, ${formatNumber(entities.notAttempted)} entities not attempted`;
  return `<failure type="stopped" message="${escapeXml(message)}"/>`;
}

/** Writes a report as metrics for the textfile collector of Prometheus' node exporter. No label holds the import id, so that every night continues the same series. @source Prometheus, "Exposition formats" */
export function formatPrometheus(report: Report): string {
  const { records, blueprints, rejects, requests } = report;
  const families: MetricFamily[] = [
    ["portload_exit_code", "Exit code of the last import", [[{}, report.exitCode]]],
    ["portload_balanced", "Whether every record was accounted for", [[{}, report.balanced ? 1 : 0]]],
    ["portload_started_timestamp_seconds", "Start of the last import", [[{}, Date.parse(report.startedAt) / 1000]]],
    ["portload_duration_seconds", "Duration of the last import", [[{}, report.durationMs / 1000]]],
    [
      "portload_records",
      "Records by what became of them",
      Object.entries(records).map(([is, value]) => [{ is }, value]),
    ],
    [
      "portload_entities",
      "Entities by blueprint and what became of them",
      Object.entries(blueprints).flatMap(([blueprint, counts]) =>
        Object.entries(counts).map(([is, value]): MetricSample => [{ blueprint, is }, value]),
      ),
    ],
    [
      "portload_rejects",
      "Rejects by cause",
      rejects.map(({ code, stage, blueprint = "", path = "", count }) => [{ code, stage, blueprint, path }, count]),
    ],
    [
      "portload_requests",
      "Requests by route",
      Object.entries(requests.byRoute).map(([route, value]) => [{ route }, value]),
    ],
    [
      "portload_responses",
      "Replies by status",
      Object.entries(requests.byStatus).map(([status, value]) => [{ status }, value]),
    ],
    ["portload_retries", "Requests sent again", [[{}, requests.retries]]],
    ["portload_rate_limited", "Replies 429", [[{}, requests.rateLimited]]],
    ["portload_sent_bytes", "Bytes of request bodies", [[{}, requests.bytesSent]]],
  ];
  return families.map(formatFamily).join("");
}

type MetricSample = readonly [labels: Readonly<Record<string, string>>, value: number];
type MetricFamily = readonly [name: string, help: string, samples: readonly MetricSample[]];

function formatFamily([name, help, samples]: MetricFamily): string {
  if (samples.length === 0) return "";
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples.map(([labels, value]) => `${name}${formatLabels(labels)} ${value}\n`).join("")}`;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
