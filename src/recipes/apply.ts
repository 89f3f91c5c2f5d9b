import { parseOptions } from "../options/option.js";
import { type ApplyOptions, applyOptions } from "../options/run.js";
import { refuseDrift, refuseDriftedGround } from "./plan/drift.js";
import { deletionsOf, openPlan, planLines, plannedEntities, surveyPlan } from "./plan/open.js";
import { deleteStale, openPlannedPrune, type PlannedPrune } from "./prune/delete.js";
import { stateDirOf } from "./prune/memory.js";
import { clientOptionsOf } from "./run/client-options.js";
import { connect, type ImportContext, type RunContext } from "./run/connect.js";
import { type Finished, finish } from "./run/finish.js";
import { newFolder } from "./run/folder.js";
import { working } from "./run/working.js";
import { deferRelations } from "./stages/defer.js";
import type { EntityStage, StepJob } from "./stages/entities.js";
import { keepMadeTargets } from "./stages/keep-before.js";
import { leaveOutMissing } from "./stages/missing-ahead.js";
import { runSteps } from "./stages/steps.js";

/**
 * Does exactly what a plan says, or nothing: when the catalog, a source or the mapping is no longer what it was, the plan is refused before anything
 * is written.
 *
 * Each op counts as a record; entities that the plan found unchanged are in no count.
 *
 * @throws {PlanError} for a file that is no whole plan
 * @throws {GuardError} for a plan that drifted, and while another import of the same mapping into the same catalog runs
 */
export async function runApply(given: ApplyOptions, context: ImportContext = {}): Promise<Finished> {
  const { plan, ...options } = parseOptions(applyOptions, given);
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  const { apiUrl } = clientOptions;
  const { header, names } = await surveyPlan(plan);
  await refuseDriftedGround(header, apiUrl, plan);
  const { connection = connect(clientOptions, options, context) }: RunContext = context;
  const { client } = connection;
  try {
    const { job, closing } = await openPlan(
      options,
      context,
      { plan, header, names, connection, apiUrl, command: "apply" },
      newFolder(options, context),
      (blueprints) => refuseDrift({ client, blueprints, header }, planLines(plan)),
    );
    const run = { importId: closing.state.importId, job, connection };
    const worked = await working(context, run, async () => {
      const at = { stateDir: stateDirOf(closing.state), apiUrl: header.target };
      const prune = header.prune && (await openPlannedPrune(job, header.prune, at));
      await doPlanned(job, plan, [], prune);
    });
    return await finish(closing, worked);
  } finally {
    await connection.close();
  }
}

/**
 * Writes what a plan says, then deletes.
 *
 * @param more - stages that entities pass before they are written
 * @param prune - what the deletions are held to, beyond the plan
 */
export async function doPlanned(
  job: StepJob,
  plan: string,
  more: readonly EntityStage[] = [],
  prune?: PlannedPrune,
): Promise<void> {
  const { target, ledger, control, keys, whereabouts } = job;
  await runSteps(job, () => [
    plannedEntities(plan, job),
    ...more,
    keepMadeTargets(target, ledger, keys),
    leaveOutMissing(target, ledger, keys),
    deferRelations(target, ledger, keys),
  ]);
  if (control.stop.reason !== undefined) return;
  whereabouts.enter("deletions");
  const planned = await deletionsOf(plan);
  if (prune !== undefined) await prune.run(planned);
  else await deleteStale(planned, target, ledger, control.stop.signal);
}
