import { existsSync } from "node:fs";
import { join } from "node:path";
import { StateError } from "../../errors.js";
import { parseOptions } from "../../options/parse.js";
import { applyOptions, type ChangedOptions } from "../../options/run.js";
import type { PastImport } from "../../state/folders.js";
import { doPlanned } from "../apply.js";
import { deletionsOf, openPlan, surveyPlan } from "../plan/open.js";
import { clientOptionsOf } from "../run/client-options.js";
import { connect, type ImportContext } from "../run/connect.js";
import { doWork, type Finished, finish } from "../run/finish.js";
import { watchProgress } from "../run/progress.js";
import type { StepJob } from "../stages/entities.js";
import { planName } from "../undo/make-plan.js";
import { reopenFolder } from "./folder.js";
import { passOver } from "./pass-over.js";

/**
 * Goes on with an undo that stopped, with the options given: with the plan that it keeps in its folder, and without what it settled.
 *
 * @throws {StateError} when it stopped before it had its plan
 */
export async function resumeUndo(past: PastImport, given: ChangedOptions, context: ImportContext): Promise<Finished> {
  const { folder, header: journal, importId } = past;
  const plan = join(folder, planName);
  if (!existsSync(plan))
    throw new StateError(`undo ${importId} stopped before it wrote anything`, {
      hint: `Start it again: portload undo ${journal.undoOf}`,
    });
  const known = Object.fromEntries(Object.entries(given).filter(([name]) => name in applyOptions));
  const { plan: _, ...options } = parseOptions(applyOptions, { ...known, plan });
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  const connection = connect(clientOptions, options, context);
  try {
    const { header, names } = await surveyPlan(plan);
    const facts = { plan, header, names, connection, apiUrl: clientOptions.apiUrl, command: "undo" } as const;
    const opened = await openPlan(options, context, facts, reopenFolder(past, false));
    const { job, closing } = opened;
    const worked = await doWork(job.control.stop, async () => {
      const progress = watchProgress(job.ledger, connection, job.whereabouts);
      context.onStart?.({ importId: closing.state.importId, progress });
      await countDeleted(job, plan);
      const { target, ledger, keys } = job;
      await doPlanned(job, plan, [passOver(opened.folder.state, target, ledger, keys)]);
    });
    return await finish(closing, worked);
  } finally {
    await connection.close();
  }
}

/** What is gone by now was deleted before the undo stopped. */
async function countDeleted({ target, ledger }: StepJob, plan: string): Promise<void> {
  const { byBlueprint } = await deletionsOf(plan);
  for (const [blueprint, identifiers] of byBlueprint) {
    const there = await target.existing(blueprint, identifiers);
    ledger.takeDeleted(blueprint, identifiers.length - there.size);
  }
}
