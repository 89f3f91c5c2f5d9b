import { z } from "zod";
import { StateError } from "../errors.js";
import { importOptions, type ResolvedImportOptions } from "../options.js";
import { findImport, type PastImport } from "../state/find-imports.js";
import type { Finished } from "./finish.js";
import { type ImportContext, writeAll } from "./import.js";
import { startRun } from "./start-run.js";
import { resolveOptions } from "./sync-options.js";

const overrides = importOptions.partial().extend({
  sources: importOptions.shape.sources.optional(),
  only: importOptions.shape.only.unwrap().optional(),
  rate: importOptions.shape.rate.unwrap().optional(),
  concurrency: importOptions.shape.concurrency.unwrap().optional(),
  report: importOptions.shape.report.unwrap().optional(),
  keep: importOptions.shape.keep.unwrap().optional(),
});

/** Options of a resume: those of the import it takes up, and any of an import's in their place. */
export const resumeOptions = overrides.extend({
  importId: z.string().min(1).optional().describe("import to go on with; by default the latest that did not finish"),
  acceptChanges: z
    .boolean()
    .default(false)
    .describe("go on although sources, mapping, options or target changed; what they changed is sent again"),
});
/** See {@link resumeOptions}. */
export type ResumeOptions = z.input<typeof resumeOptions>;

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
  const { command, retryOf } = past.header;
  const kind = { command, resume: { past, acceptChanges }, ...(retryOf !== undefined && { retryOf }) };
  return startRun(options, context, kind, writeAll);
}

function canResume(past: PastImport): boolean {
  return isImport(past) && (past.report === undefined || !isFinished(past.report));
}

function isImport({ header }: PastImport): boolean {
  return header.command === "import" || header.command === "retry";
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
