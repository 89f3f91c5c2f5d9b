import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { namesApi } from "../addresses.js";
import { StateError } from "../errors.js";
import { parseOptions } from "../options/option.js";
import { applyOptions, type ChangedOptions, type ResumeOptions, resumeOptions, runOptions } from "../options/run.js";
import { commandOn } from "../reject.js";
import { canBe } from "../run-commands.js";
import { findImport, type PastImport, passedOver } from "../state/folders.js";
import { kindOfRun } from "../state/journal-lines.js";
import { doPlanned } from "./apply.js";
import { deletionsOf } from "./read-plan.js";
import { reopenFolder } from "./resume/folder.js";
import { leaveOut, openRetried } from "./resume/leave-out.js";
import { passOver } from "./resume/pass-over.js";
import type { ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { reportOf, stateDirFrom } from "./run/folder.js";
import { runSources } from "./run/run.js";
import { runPlanned } from "./run/run-planned.js";
import { deferRelations, keepBefore } from "./stages/before-first-write.js";
import { existingOnly } from "./stages/compare.js";
import { dropDuplicates } from "./stages/duplicates.js";
import { guardEmptying, mayEmpty, openEmptyingGuard } from "./stages/emptying.js";
import { entitiesOf, type StepJob } from "./stages/entities.js";
import { leaveOutMissing } from "./stages/missing-lookups.js";
import { runSteps } from "./stages/steps.js";
import { planName } from "./undo/make-plan.js";

/**
 * Resumes an import that stopped, here or on the machine its folder was copied to: what it settled is passed over, its counts cover the whole.
 *
 * @throws {StateError} when there is none to resume, or what it was begun with has changed
 * @throws {GuardError} while it still runs
 * @throws as `runImport` does
 */
export async function resumeImport(given: ResumeOptions, context: ImportContext = {}): Promise<Finished> {
  const { importId, acceptChanges, ...changed } = parseOptions(resumeOptions, given);
  const stateDir = stateDirFrom(changed, context);
  const past = await findUnfinished(stateDir, importId);
  if (past.header.command === "undo")
    return resumeUndo(past, { ...optionsOf(past, context), ...changed, stateDir }, context);
  refuseWithoutMapping(past, changed);
  const { command: name, retryOf } = past.header;
  const { keepBefore: keeps } = past.header.options;
  const retried =
    retryOf === undefined
      ? undefined
      : await openRetried(await findImport(stateDir, retryOf, "retried run", () => true));
  const options = parseOptions(runOptions, { ...optionsOf(past, context), ...changed, stateDir });
  const command = { name, retryOf, openFolder: reopenFolder(past, acceptChanges) };
  return runSources(options, context, command, (job) => {
    const { inputs, inventory, target, ledger, keys, folder } = job;
    ledger.warn(passedOver(past));
    const emptying = openEmptyingGuard(inventory.mapping, options);
    return runSteps(job, (step) => [
      entitiesOf(step, inputs, ledger, retried && leaveOut(retried, inventory.mapping.resources, keys)),
      dropDuplicates(step, inputs, ledger, keys),
      passOver(folder.state, target, ledger, keys),
      ...(target.rules.updateOnly ? [existingOnly(target, ledger, keys)] : []),
      ...(mayEmpty(target, emptying) ? [guardEmptying(target, emptying)] : []),
      ...(keeps === true ? [keepBefore(target, ledger, keys)] : []),
      leaveOutMissing(target, ledger, keys),
      deferRelations(target, ledger, keys),
    ]);
  });
}

/** @throws {StateError} where the mapping was an object, which no journal keeps, and is not given again */
export function refuseWithoutMapping(
  { header, importId }: PastImport,
  { mapping }: Pick<ChangedOptions, "mapping">,
): void {
  if (header.options.mapping !== undefined || mapping !== undefined) return;
  throw new StateError(`import ${importId} was begun with its mapping as an object, which is not kept`, {
    hint: "Give the mapping again beside the id: { importId, mapping }.",
  });
}

async function findUnfinished(stateDir: string, importId: string | undefined): Promise<PastImport> {
  const past = await findImport(stateDir, importId, "import to resume", (one) => isResumable(one) && !isFinished(one));
  if (!isResumable(past))
    throw new StateError(`${past.importId} is a ${past.header.command}, which cannot be resumed`, {
      hint: `Start it again: a ${past.header.command} finds out by itself what is left to do.`,
    });
  if (isFinished(past))
    throw new StateError(`${past.header.command} ${past.importId} is finished`, {
      hint: canBe("retried", kindOfRun(past.header))
        ? `Import what it rejected again with: ${commandOn("retry", past)}`
        : `Take it back with: ${commandOn("undo", past)}`,
    });
  return past;
}

/** True for what is not found out again by starting it again. */
export function isResumable({ header }: PastImport): boolean {
  return canBe("resumed", kindOfRun(header));
}

function isFinished(past: PastImport): boolean {
  const report = reportOf(past);
  return report?.exitCode === 0 || report?.exitCode === 1;
}

/** The options of the import as its journal keeps them, unread, and the address unless the environment names one. */
export function optionsOf({ header }: PastImport, { env = {} }: ImportContext): Readonly<Record<string, unknown>> {
  const kept = ([name]: [string, unknown]) =>
    name in runOptions && name !== "pace" && !(name === "apiUrl" && namesApi(env));
  return Object.fromEntries(Object.entries(header.options).filter(kept));
}

/**
 * Resumes an undo that stopped, with the options given: with the plan that it keeps in its folder, and without what it settled.
 *
 * @throws {StateError} when it stopped before it had its plan
 */
export async function resumeUndo(
  past: PastImport,
  given: ChangedOptions & Pick<ResumeOptions, "stateDir">,
  context: ImportContext,
): Promise<Finished> {
  const plan = keptPlan(past);
  const known = Object.fromEntries(Object.entries(given).filter(([name]) => name in applyOptions));
  const { plan: _, ...options } = parseOptions(applyOptions, { ...known, plan });
  const command = { name: "undo", plan, openFolder: reopenFolder(past, false) } as const;
  return runPlanned(options, context, command, async (job) => {
    const { target, ledger, keys, folder } = job;
    await countDeleted(job, plan);
    await doPlanned(job, plan, [passOver(folder.state, target, ledger, keys)]);
  });
}

/** The plan in the folder of an undo. @throws {StateError} where it stopped before it had one */
function keptPlan({ folder, header, importId }: PastImport): string {
  const plan = join(folder, planName);
  if (existsSync(plan)) return plan;
  const { undoOf = "" } = header;
  throw new StateError(`undo ${importId} stopped before it wrote anything`, {
    hint: `Start it again: ${commandOn("undo", { importId: undoOf, folder: join(dirname(folder), undoOf) })}`,
  });
}

/** What is gone by now was deleted before the undo stopped. */
async function countDeleted({ target, ledger }: StepJob, plan: string): Promise<void> {
  const { byBlueprint } = await deletionsOf(plan);
  for (const [blueprint, identifiers] of byBlueprint) {
    const there = await target.existing(blueprint, identifiers);
    ledger.takeDeleted(blueprint, identifiers.length - there.size);
  }
}
