import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { StateError, UsageError } from "../errors.js";
import type { reportExtensions } from "../options/output.js";
import { formatHtml } from "./forms/html.js";
import { formatJson, formatJunit, formatPrometheus } from "./forms/machine.js";
import { formatMarkdown } from "./forms/markdown.js";
import type { Report } from "./report.js";

/** Writes a report in one form, whole. `file` is where it will lie. */
export type ReportForm = (report: Report, file?: string) => string;

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
  for (const [path, form] of files) {
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, form(report, path));
      await rename(`${path}.new`, path);
    } catch (cause) {
      const hint = "Name a file that can be written with --report; the import's own report.json has the same.";
      throw new StateError(`--report ${path}: ${(cause as Error).message}`, { cause, hint });
    }
  }
}
