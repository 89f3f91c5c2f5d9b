import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { namesApi } from "../addresses.js";
import { GuardError, StateError } from "../errors.js";
import { parseOptions } from "../options/option.js";
import { type ResolvedUndoOptions, type UndoOptions, undoOptions } from "../options/run.js";
import { commandOn } from "../reject.js";
import { changedIn } from "../report/counts.js";
import { canBe } from "../run-commands.js";
import { copyWhole, findImport, type PastImport, pastImports } from "../state/folders.js";
import { keepsBefore, kindOfRun } from "../state/journal-lines.js";
import { refuseHeld } from "../state/lock.js";
import { makeWorkingFolder } from "../state/working-folder.js";
import { doPlanned, refuseDrift } from "./apply.js";
import { planLines } from "./read-plan.js";
import { clientOptionsOf } from "./run/client-options.js";
import { type Connection, connect, type ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { newFolder, type OpenFolder, reportOf, stateDirFrom } from "./run/folder.js";
import { type PlannedCommand, runPlanned } from "./run/run-planned.js";
import { makeUndoPlan, planName, type UndoCounts, type UndoFacts } from "./undo/make-plan.js";
import { undoCommand } from "./undo/notes.js";

/** What an undo would do. */
export interface PlannedUndo {
  /** The run that is taken back, and its command. */
  readonly importId: string;
  readonly command: string;
  /** The plan, as `portload apply` takes it; removed when the undo ends. */
  readonly file: string;
  /** `rejected`: entities that stay as they are, since they changed after the run, or since the run did not keep what they held. */
  readonly counts: UndoCounts;
}

/** What an undo takes from the world around it. */
export interface UndoContext extends ImportContext {
  /** Receives the plan before anything is written; with false nothing is. Default: the plan is applied. */
  readonly confirm?: (planned: PlannedUndo) => Promise<boolean> | boolean;
}

/** An undo that ended. */
export interface Undone extends Omit<PlannedUndo, "file"> {
  /** How applying the plan ended; absent where there was nothing to apply, or the plan was not confirmed. */
  readonly finished?: Finished;
  /** Where there is nothing to apply: the undo that took the run back before. */
  readonly undoneBy?: string;
  /** Where there is nothing to apply: the command that takes back the run before it. */
  readonly earlier?: string;
}

/**
 * Undoes what an import, sync or apply did, or an earlier undo: what it created is deleted, what it updated or deleted becomes what it was. First a plan is made
 * from the run's journal; then it is applied as a run of its own, which can be resumed and undone in turn.
 *
 * Each entity that was changed after the run is left as it is, and counts as rejected (`changed_since`). So does what an import without `keepBefore` updated
 * (`before_unknown`): nobody knows what it held.
 *
 * @throws {StateError} when there is no such run, or it cannot be undone
 * @throws {GuardError} when more would be deleted than `maxDelete` allows, for a run on another catalog, and while the run, or another of its mapping, is under way
 *
 * @example
 * const { counts, finished } = await undo({ importId: "20261122T033012417Z-7f3a" }, { env: process.env });
 */
export async function runUndo(given: UndoOptions, context: UndoContext = {}): Promise<Undone> {
  const { importId, out: _, ...asked } = parseOptions(undoOptions, given);
  const stateDir = stateDirFrom(asked, context);
  const past = await findUndoable(stateDir, importId);
  const options = { ...asked, apiUrl: asked.apiUrl ?? addressOf(past, context) };
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  refuseOtherTarget(past, clientOptions.apiUrl);
  await refuseHeld(stateDir, past.header.fingerprints);
  const folder = await makeWorkingFolder("undo");
  const connection = connect(clientOptions, options, context);
  try {
    const { signal } = connection.control.stop;
    const { file, ...planned } = await planUndo(past, { stateDir, folder, maxDelete: options.maxDelete }, connection);
    if (signal.aborted) return planned;
    const isConfirmed = context.confirm === undefined || (await context.confirm({ ...planned, file }));
    if (changesOf(planned.counts) === 0) return { ...planned, ...(await whatToUndoInstead(stateDir, past)) };
    if (!isConfirmed || signal.aborted) return planned;
    const command: PlannedCommand = {
      name: "undo",
      plan: file,
      openFolder: withPlan(file, newFolder({ ...options, stateDir }, context)),
      refuseDrift: (catalog) => refuseDrift(catalog, planLines(file)),
    };
    const around = { ...context, connection };
    const finished = await runPlanned(options, around, command, (job) => doPlanned(job, file));
    return { ...planned, finished };
  } finally {
    await connection.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the plan of an undo; an interrupted one has no file. */
async function planUndo(
  past: PastImport,
  where: Pick<UndoFacts, "folder" | "maxDelete"> & { readonly stateDir: string },
  { client, control: { stop } }: Connection,
): Promise<PlannedUndo> {
  const { importId } = past;
  const laterRuns = async () =>
    (await standingRuns(where.stateDir, past)).runs.filter((one) => one.importId > importId);
  const madeAt = new Date().toISOString();
  const facts = { ...where, past, laterRuns, client, madeAt, signal: stop.signal };
  const made = await makeUndoPlan(facts).catch((error: unknown) => {
    // What was interrupted says so by its signal.
    if (stop.reason === "interrupted") return { file: "", counts: { create: 0, update: 0, delete: 0, rejected: 0 } };
    throw error;
  });
  return { importId, command: past.header.command, ...made };
}

/** How many entities an undo would change. */
export function changesOf({ create, update, delete: deleted }: UndoCounts): number {
  return create + update + deleted;
}

/** Why there is nothing to take back, and which earlier run has something. */
async function whatToUndoInstead(stateDir: string, past: PastImport): Promise<Pick<Undone, "undoneBy" | "earlier">> {
  const { runs, undoneBy } = await standingRuns(stateDir, past);
  const earlier = runs.find((one) => one.importId < past.importId && canBeTakenBack(one));
  return {
    ...(undoneBy !== undefined && { undoneBy }),
    ...(earlier !== undefined && { earlier: undoCommand(earlier) }),
  };
}

async function findUndoable(stateDir: string, importId: string | undefined): Promise<PastImport> {
  if (importId !== undefined && !existsSync(join(stateDir, importId)))
    throw new StateError(
      `${stateDir}: import ${importId} is not there, or not any more, so what it changed is not known`,
      {
        hint: "Finished imports are removed beyond the newest 30, or as --keep says. If the folder is elsewhere, name it with --state-dir.",
      },
    );
  const past = await findImport(
    stateDir,
    importId,
    "import, sync or apply to undo",
    (one) => wrote(one) && one.header.command !== "undo" && hasWritten(one),
  );
  if (!wrote(past))
    throw new StateError(`${past.importId} wrote nothing: it was a dry run or a ${past.header.command}`);
  const begun = await findImport(stateDir, undefined, "undo", (one) => isBegunUndo(one, past.importId)).catch(
    (error: unknown) => {
      if (error instanceof StateError) return undefined;
      throw error;
    },
  );
  if (begun !== undefined)
    throw new StateError(`an undo of ${past.importId} has stopped on its way: ${begun.importId}`, {
      hint: `Resume it: ${commandOn("resume", begun)}`,
    });
  return past;
}

function wrote({ header }: PastImport): boolean {
  return canBe("undone", kindOfRun(header));
}

/** False for a run that ended without a write, such as a retry that failed again. */
function hasWritten(past: PastImport): boolean {
  const report = reportOf(past);
  if (report === undefined) return true;
  return changedIn(report.entities) > 0;
}

/** The runs that wrote to the catalog of a run and are not undone, the latest first; `undoneBy` of that run itself where it is. */
async function standingRuns(
  stateDir: string,
  { importId, header }: PastImport,
): Promise<{ readonly runs: readonly PastImport[]; readonly undoneBy: string | undefined }> {
  const undone = new Map<string, string>();
  const runs: PastImport[] = [];
  for (const one of await pastImports(stateDir, (past) => reportOf(past))) {
    if (!wrote(one) || one.header.fingerprints.target !== header.fingerprints.target || !hasWritten(one)) continue;
    const { undoOf } = one.header;
    // An undo that is undone in turn takes nothing back.
    if (undone.has(one.importId)) continue;
    if (undoOf !== undefined && reportOf(one) !== undefined) {
      if (!undone.has(undoOf)) undone.set(undoOf, one.importId);
    } else runs.push(one);
  }
  return { runs, undoneBy: undone.get(importId) };
}

/** False for an undo, and for an import that only merged and did not keep what entities held. */
function canBeTakenBack(past: PastImport): boolean {
  if (past.header.undoOf !== undefined) return false;
  const entities = reportOf(past)?.entities;
  return keepsBefore(past.header) || entities === undefined || entities.created + (entities.createdInPart ?? 0) > 0;
}

/** True for an undo that did not finish and may have written something. */
function isBegunUndo(past: PastImport, of: string): boolean {
  if (past.header.undoOf !== of || !existsSync(join(past.folder, planName))) return false;
  const report = reportOf(past);
  return report === undefined || ![0, 1, 6].includes(report.exitCode);
}

/** The address of the run, unless the environment names one. */
function addressOf({ header }: PastImport, { env = {} }: ImportContext): ResolvedUndoOptions["apiUrl"] {
  return namesApi(env) ? undefined : header.fingerprints.target;
}

function refuseOtherTarget({ header, importId }: PastImport, apiUrl: string): void {
  const { target } = header.fingerprints;
  if (target === apiUrl) return;
  throw new GuardError(`${importId} wrote to ${target}, not to ${apiUrl}`, {
    hint: "Set PORT_API_URL or --api-url to that catalog.",
  });
}

/** Opens a folder and keeps the plan in it, so that the undo can be resumed. */
function withPlan(file: string, open: OpenFolder): OpenFolder {
  return async (facts) => {
    const folder = await open(facts);
    try {
      await copyWhole(file, join(folder.state.folder, planName));
    } catch (cause) {
      await folder.state.close("unfinished");
      throw cause;
    }
    return folder;
  };
}
