import type { Report } from "../report.js";

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
