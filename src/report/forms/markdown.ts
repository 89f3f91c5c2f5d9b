import type { Report } from "../report.js";
import { visible } from "../words.js";
import { type Table, tablesOf } from "./tables.js";

/** Writes a report as Markdown with tables, as GitHub and GitLab show it in job summaries. */
export function formatMarkdown(report: Report): string {
  return `# portload ${escapeMarkdown(report.command)} ${escapeMarkdown(report.importId)}\n\n${tablesOf(report).map(formatTable).join("\n")}`;
}

function formatTable({ title, head, rows }: Table): string {
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
