import { rm } from "node:fs/promises";
import { join } from "node:path";
import { missingTargetPolicies } from "../map/mapping.js";
import { parseOptions } from "../options/parse.js";
import { type PlanOptions, planOptions } from "../options/run.js";
import { deleteLimits, type PlanPrune } from "../plan/prune-guard.js";
import { makeWorkingFolder } from "../working-folder.js";
import { openPlanWriter } from "./plan/writer.js";
import { findStale } from "./prune/find-stale.js";
import { owningOf, pruneScope } from "./prune/scope.js";
import type { ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { newFolder, stateDirFrom } from "./run/folder.js";
import { runSources } from "./run/run.js";
import { openEmptyingGuard } from "./stages/emptying.js";
import { runSteps } from "./stages/steps.js";
import { memoryOf, refusals, syncStages } from "./sync.js";
import { forecastTarget } from "./target/forecast.js";

/** A plan that was made, or why it could not be made. */
export interface Planned extends Finished {
  /** The plan file, in a folder of its own; absent where the sources were not read to their end or a guard refused. */
  readonly file?: string;
  /** Removes the file and its folder. */
  discard(): Promise<void>;
}

/**
 * Finds out what a sync would do, and writes nothing to the catalog: the very sync, into a forecast of the API.
 *
 * The report's created, updated and rejected are forecasts; `deleted` is 0. Leaves no import folder.
 *
 * @throws as `runSync` does
 */
export async function runPlan(given: PlanOptions, context: ImportContext = {}): Promise<Planned> {
  const { out: _, detailedExitcode: __, ...options } = parseOptions(planOptions, given);
  const folder = await makeWorkingFolder("plan");
  const discard = () => rm(folder, { recursive: true, force: true });
  const file = join(folder, "plan.ndjson");
  const made: { file?: string } = {};
  const writer = await openPlanWriter(folder);
  const kind = {
    command: "plan",
    dryRun: true,
    openFolder: newFolder({ ...options, stateDir: folder }, context),
    targetOf: forecastTarget,
    hooks: writer,
    ...refusals(options),
  };
  try {
    const finished = await runSources(options, context, kind, async (job) => {
      const { control, folder: of, inventory, ledger, target } = job;
      const scope = pruneScope(job);
      await runSteps(job, syncStages(job, scope, openEmptyingGuard(inventory.mapping, options), writer.onDifference));
      if (control.stop.reason !== undefined) return;
      let prune: PlanPrune | undefined;
      if (options.prune) {
        job.whereabouts.enter("what is stale");
        const { mapping } = inventory;
        prune = {
          limits: deleteLimits(options.maxDelete, mapping.entityDeletionThreshold),
          owns: owningOf(mapping),
        };
        const memory = await memoryOf(job, scope, stateDirFrom(options, context), true);
        await writer.remove(await findStale(job, scope, memory, options.maxDelete), target);
      }
      const policies = missingTargetPolicies(inventory.mapping, options.updateOnly);
      await writer.finish(
        { header: of.state.header, ...inventory, policies, rules: target.rules, prune, ledger },
        file,
      );
      made.file = file;
    });
    return { ...finished, ...made, discard };
  } catch (error) {
    await discard();
    throw error;
  } finally {
    await writer.close();
  }
}
