import { StateError } from "../errors.js";
import type { ReportOptions } from "../options/run.js";
import { writeForms } from "../report/forms.js";
import type { Report } from "../report/report.js";
import { findImport, type PastImport } from "../state/folders.js";
import type { Finished } from "./run/finish.js";

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
  const stateDir = given.stateDir ?? env.PORTLOAD_STATE ?? ".portload";
  const past = await findImport(
    stateDir,
    given.importId,
    "import with a report",
    (found) => found.report !== undefined,
  );
  if (past.report === undefined)
    throw new StateError(`import ${past.importId} has no report: it runs, or it was killed`, {
      hint: `If it was killed, go on with it: portload resume ${past.importId}`,
    });
  const report = JSON.parse(past.report) as Report;
  await writeForms(report, given.report ?? []);
  const mode = (past.header.options.mode as Finished["mode"] | undefined) ?? "merge";
  return { report, folder: past.folder, ending: "finished", mode, passedOver: past.passedOver };
}
