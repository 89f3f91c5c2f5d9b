import type { Report } from "../report.js";

/** Writes a report as JSON: the very text of report.json. */
export function formatJson(report: Report): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
