import type { Mode } from "../entity.js";
import { StateError } from "../errors.js";
import type { ReportOptions } from "../options/run.js";
import { writeForms } from "../report/forms.js";
import type { Report } from "../report/report.js";
import { findImport, type PastImport } from "../state/folders.js";
import { keepsBefore } from "../state/journal-lines.js";
import type { Finished } from "./run/finish.js";
import { stateDirFrom } from "./run/folder.js";

/**
 * Gives the report of an earlier import, and writes it to further files.
 *
 * @throws {StateError} when there is none
 * @throws {UsageError} for a file whose extension names no form
 */
export async function pastReport(
  given: ReportOptions,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Finished & Pick<PastImport, "passedOver">> {
  const stateDir = stateDirFrom(given, { env });
  const past = await findImport(
    stateDir,
    given.importId,
    "import with a report",
    (found) => reportOf(found) !== undefined,
  );
  const report = reportOf(past);
  if (report === undefined)
    throw new StateError(`import ${past.importId} has no report: it runs, or it was killed`, {
      hint: `If it was killed, go on with it: portload resume ${past.importId}`,
    });
  const { report: reportFiles = [] } = given;
  await writeForms(report, reportFiles);
  const mode = modes.find((each) => each === past.header.options.mode) ?? "merge";
  const { folder, header, passedOver } = past;
  return { report, folder, reportFiles, ending: "finished", mode, keptBefore: keepsBefore(header), passedOver };
}

const modes: readonly Mode[] = ["merge", "override", "create"];

/** The report of an import; undefined while it runs, and where it was killed. @throws {StateError} for a report.json that is damaged */
export function reportOf({ importId, report: text }: PastImport): Report | undefined {
  if (text === undefined) return undefined;
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    report = undefined;
  }
  if (isReport(report)) return report;
  throw new StateError(`import ${importId} has a report.json that cannot be read`, { hint: "Name another import." });
}

function isReport(value: unknown): value is Report {
  if (typeof value !== "object" || value === null) return false;
  const { exitCode, rejectFiles } = value as { readonly exitCode?: unknown; readonly rejectFiles?: unknown };
  return typeof exitCode === "number" && Array.isArray(rejectFiles);
}
