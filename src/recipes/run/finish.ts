import { existsSync } from "node:fs";
import { GuardError, InternalError, PortloadError } from "../../errors.js";
import { formatOfCopy } from "../../read/copied-format.js";
import { extractRecords } from "../../read/extract.js";
import { unpackedName } from "../../read/unpack.js";
import { writeForms } from "../../report/forms.js";
import { buildReport, type Ending, type RejectFile, type Report } from "../../report/report.js";
import { copyOf } from "./copies.js";
import type { Run } from "./run.js";
import { GraceOver } from "./stop.js";

/** An import that came to an end, whichever. */
export interface Finished {
  readonly report: Report;
  /** The import's folder: journal, reasons, rejects files, report. */
  readonly folder: string;
  readonly mode: Run["mode"];
  /** Whether it was stopped by its error budget. */
  readonly stopped: boolean;
  /** Why it could not go on, where `report.exitCode` is 3, 5 or 6. */
  readonly error?: unknown;
}

/**
 * Does the work of an import and closes its accounts whatever becomes of it: rejects files, report, folder, lock.
 *
 * @param work - throws when the import cannot go on
 */
export async function finishRun(run: Run, work: () => Promise<void>): Promise<Finished> {
  const startedMs = performance.now();
  let error: unknown;
  let left: "finished" | "unfinished" = "unfinished";
  await work().catch((cause: unknown) => {
    // Reading that was stopped ends with the stop's own reason.
    if (cause === run.stop.signal.reason || cause instanceof GraceOver) return;
    error = cause;
    run.stop.because("failed");
  });
  try {
    const ending = endingOf(run.stop.reason, error);
    if (ending === "finished") left = "finished";
    const report = await reportOf(run, ending, performance.now() - startedMs);
    await run.state.writeReport(`${JSON.stringify(report, null, 2)}\n`);
    await writeForms(report, run.options.report);
    const stopped = ending === "overBudget";
    return { report, folder: run.state.folder, mode: run.mode, stopped, ...(error !== undefined && { error }) };
  } finally {
    await run.state.close(left);
  }
}

async function reportOf(run: Run, ending: Ending, durationMs: number): Promise<Report> {
  const { accounts, allowed, client, state } = run;
  if (ending === "finished" && allowed !== undefined) accounts.warn(allowed.cured());
  const counts = accounts.close(ending !== "finished");
  const rejectFiles = await writeRejectFiles(run);
  const report = buildReport({
    importId: state.importId,
    command: run.command,
    dryRun: run.dryRun,
    ending,
    counts,
    rejects: accounts.rejectGroups(),
    warnings: accounts.warningGroups(),
    rejectFiles,
    requests: client.counts(),
    startedAt: state.header.startedAt,
    ...(run.retried && { retryOf: run.retried.importId }),
    durationMs,
  });
  // All that was rejected is known and allowed.
  return ending === "finished" && report.exitCode === 1 && allowed?.fresh === 0 ? { ...report, exitCode: 0 } : report;
}

function endingOf(reason: Run["stop"]["reason"], error: unknown): Ending {
  if (error instanceof GuardError) return "refused";
  if (error !== undefined && (error instanceof InternalError || !(error instanceof PortloadError))) return "broken";
  return reason ?? "finished";
}

/** Writes each source's rejected records back as that source wrote them. A source that is gone by now is told, and costs only its rejects file. */
async function writeRejectFiles({ inventory, state, accounts }: Run): Promise<readonly RejectFile[]> {
  const files: RejectFile[] = [];
  for (const source of inventory.sources) {
    const wanted = [...state.rejects.rejectedRecords(source.index)];
    if (wanted.length === 0) continue;
    const copy = copyOf(state.folder, source);
    const isCopied = existsSync(copy);
    const options = inventory.optionsOf(source);
    try {
      const bytes = extractRecords(source, options, wanted, isCopied ? { path: copy } : {});
      const name = unpackedName(source.name);
      // Stdin has no name of its own.
      const named = isCopied ? { name, extension: await formatOfCopy(source, copy, options) } : { name };
      const path = await state.rejects.writeRejectsFile(named, bytes);
      files.push({ path, source: source.name, records: wanted.length });
    } catch (error) {
      accounts.warn([
        {
          code: "source_changed",
          path: source.name,
          message: `its rejected records could not be read again, so it has no rejects file: ${(error as Error).message}`,
          count: wanted.length,
        },
      ]);
    }
  }
  return files;
}
