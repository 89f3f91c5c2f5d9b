import { visible } from "../../reject.js";
import type { EntityCounts } from "../counts.js";
import { furtherFaults, type Report } from "../report.js";
import { faultAndFix, formatDuration, formatFirst, formatNumber, formatPlace } from "../words.js";

/** Writes a report as Markdown with tables, as GitHub and GitLab show it in job summaries. */
export function formatMarkdown(report: Report): string {
  return `# portload ${escapeMarkdown(report.command)} ${escapeMarkdown(report.importId)}\n\n${tablesOf(report).map(formatTable).join("\n")}`;
}

function formatTable({ title, head, rows }: MarkdownTable): string {
  const lines = [head, head.map(() => "---"), ...rows.map((row) => row.map(escapeMarkdown))];
  return `## ${title}\n\n${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

function escapeMarkdown(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_~[\]|@#!]/g, "\\$&");
}

/** A table of a readable report; cells are plain text, not escaped. */
interface MarkdownTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Gives what a readable report shows, as tables: the same for every form. Tables without rows are left out. */
function tablesOf(report: Report): readonly MarkdownTable[] {
  const tables: MarkdownTable[] = [
    { title: "Import", head: ["", ""], rows: facts(report) },
    { title: "Records", head: ["read", "mapped", "skipped", "failed"], rows: [recordRow(report)] },
    { title: "Entities", head: ["blueprint", ...entityHead], rows: entityRows(report) },
    { title: "Failed", head: ["count", "code", "where", "message", "first", "fix"], rows: failedRows(report) },
    {
      title: "Further faults of what failed",
      head: ["count", "code", "where", "message", "first"],
      rows: furtherRows(report),
    },
    { title: "Warnings", head: ["count", "code", "where", "message", "first"], rows: warningRows(report) },
    { title: "Files to correct", head: ["records", "file", "source"], rows: fileRows(report) },
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

const entityHead = ["mapped", "created", "updated", "unchanged", "duplicate", "failed", "not attempted", "deleted"];

function facts(report: Report): string[][] {
  return [
    ["import", report.importId],
    ["command", `${report.command}${report.dryRun ? ", dry run" : ""}`],
    ["exit code", String(report.exitCode)],
    ["ledger", report.balanced ? "balanced" : "does not balance"],
    ["started", report.startedAt],
    ["duration", formatDuration(report.durationMs)],
    ["entities per second", formatNumber(report.entitiesPerSecond)],
    ["requests", formatNumber(report.requests.total)],
  ];
}

function recordRow({ records }: Report): string[] {
  return [records.read, records.mapped, records.skipped, records.rejected].map(formatNumber);
}

function entityRows({ blueprints, entities }: Report): string[][] {
  return [...Object.entries(blueprints), ["all", entities] as const].map(([id, counts]) => [
    id,
    ...entityCells(counts),
  ]);
}

function entityCells(counts: EntityCounts): string[] {
  const { mapped, created, updated, unchanged, duplicate, rejected, notAttempted, deleted } = counts;
  return [mapped, created, updated, unchanged, duplicate, rejected, notAttempted, deleted].map(formatNumber);
}

function failedRows({ rejects }: Report): string[][] {
  return rejects.map((group) => [
    formatNumber(group.count),
    group.code,
    where(group),
    group.message,
    formatFirst(group),
    faultAndFix(group).fix,
  ]);
}

function furtherRows(report: Report): string[][] {
  return furtherFaults(report).map((fault) => [
    formatNumber(fault.count),
    fault.code,
    where(fault),
    fault.message ?? "",
    fault.first === undefined ? "" : formatPlace(fault.first),
  ]);
}

function warningRows({ warnings }: Report): string[][] {
  return warnings.map((group) => [
    formatNumber(group.count),
    group.code,
    where(group),
    group.message,
    group.first === undefined ? "" : formatPlace(group.first),
  ]);
}

function where({ blueprint, path }: { blueprint?: string; path?: string }): string {
  return [blueprint, path].filter((word) => word !== undefined).join(" ");
}

function fileRows({ rejectFiles }: Report): string[][] {
  return rejectFiles.map(({ path, source, records }) => [formatNumber(records), path, source]);
}
