import type { RejectGroup } from "../group-causes.js";
import type { Report } from "../report.js";
import { faultAndFix, formatNumber, formatPlace } from "../words.js";

/** Writes a report as JSON: the very text of report.json. */
export function formatJson(report: Report): string {
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
  const text = `first: ${formatPlace(group.first)}\nfix: ${faultAndFix(group).fix}`;
  return `<failure type="${group.code}" message="${escapeXml(message)}">${escapeXml(text)}</failure>`;
}

function formatStop({ exitCode, entities }: Report): string {
  const message = `stopped with exit code ${exitCode}, ${formatNumber(entities.notAttempted)} entities not attempted`;
  return `<failure type="stopped" message="${escapeXml(message)}"/>`;
}

/** Signs that XML 1.0 cannot hold even escaped become U+FFFD. @source XML 1.0, production [2] Char */
function escapeXml(text: string): string {
  return text.replaceAll(forbidden, "\ufffd").replaceAll(/[&<>"'\t\n\r]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu;

/** Writes a report as metrics for the textfile collector of Prometheus' node exporter. No label holds the import id, so that every night continues the same series. @source Prometheus, "Exposition formats" */
export function formatPrometheus(report: Report): string {
  const { records, blueprints, rejects, requests } = report;
  const families: Family[] = [
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
        Object.entries(counts).map(([is, value]): Sample => [{ blueprint, is }, value]),
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

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];
type Family = readonly [name: string, help: string, samples: readonly Sample[]];

function formatFamily([name, help, samples]: Family): string {
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
