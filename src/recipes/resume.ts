import { StateError } from "../errors.js";
import { importOptions, type ResolvedImportOptions } from "../options.js";
import { findImport, importIdPattern, type PastImport } from "../state/folders.js";
import { type ResumeOptions, resumeOptions } from "./go-on/options.js";
import { openRetried } from "./go-on/retried.js";
import { writeAll } from "./import.js";
import type { ImportContext } from "./run/context.js";
import type { Finished } from "./run/finish.js";
import { startRun } from "./run/start-run.js";
import { resolveOptions } from "./sync/options.js";

/**
 * Goes on with an import that stopped, here or on the machine its folder was copied to: what it settled is passed over, its counts cover the whole.
 *
 * @throws {StateError} when there is none to go on with, or what it was begun with has changed
 * @throws {GuardError} while it still runs
 * @throws as `runImport` does
 */
export async function resumeImport(given: ResumeOptions, context: ImportContext = {}): Promise<Finished> {
  const { importId, acceptChanges, ...changed } = resolveOptions(resumeOptions, given);
  const stateDir = changed.stateDir ?? context.env?.PORTLOAD_STATE ?? ".portload";
  const past = await findImport(stateDir, importId, "import to go on with", canResume);
  if (!isImport(past))
    throw new StateError(`${past.importId} is a ${past.header.command}, which cannot go on where it stopped`, {
      hint: `Start it again: a ${past.header.command} finds out by itself what is left to do.`,
    });
  if (past.report !== undefined && isFinished(past.report))
    throw new StateError(`import ${past.importId} is finished`, {
      hint: "Feed what it refused again with: portload retry",
    });
  const options = { ...optionsOf(past, context), ...changed, stateDir } as ResolvedImportOptions;
  const { command, retryOf: retriedId } = past.header;
  const retryOf =
    retriedId === undefined
      ? undefined
      : await openRetried(await findImport(stateDir, retriedId, "retried import", isImport));
  const kind = { command, resume: { past, acceptChanges }, ...(retryOf !== undefined && { retryOf }) };
  return startRun(options, context, kind, writeAll);
}

/** True for what looks like an import's id. */
export function isImportId(text: string): boolean {
  return importIdPattern.test(text);
}

function canResume(past: PastImport): boolean {
  return isImport(past) && (past.report === undefined || !isFinished(past.report));
}

/** True for what resume and retry can take up; a dry run wrote nothing that could be gone on with. */
export function isImport({ header }: PastImport): boolean {
  return (header.command === "import" || header.command === "retry") && header.options.dryRun !== true;
}

function isFinished(report: string): boolean {
  const { exitCode } = JSON.parse(report) as { exitCode: number };
  return exitCode === 0 || exitCode === 1;
}

/** The options of the import as its journal keeps them, and the address unless the environment names one. */
export function optionsOf({ header }: PastImport, { env = {} }: ImportContext): Partial<ResolvedImportOptions> {
  const known = Object.entries(header.options).filter(([name]) => name in importOptions.shape);
  const { pace: _, apiUrl, ...options } = Object.fromEntries(known) as Partial<ResolvedImportOptions>;
  const elsewhere = env.PORT_API_URL !== undefined || env.PORT_REGION !== undefined;
  return { ...options, ...(apiUrl !== undefined && !elsewhere && { apiUrl }) };
}
