import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PortloadError } from "../errors.js";
import { missingTargetPolicies } from "../map/mapping.js";
import { parseOptions } from "../options/option.js";
import { type PlanOptions, planOptions } from "../options/run.js";
import { deleteLimits, type PlanPrune } from "../plan/guards.js";
import { digestPlan, type GuardFacts } from "../plan/show-plan.js";
import { formatPlanHtml } from "../report/forms/html-plan.js";
import { writeForm } from "../report/forms.js";
import { makeWorkingFolder } from "../state/working-folder.js";
import { openPlanWriter } from "./plan-writer.js";
import { findStale } from "./prune/find-stale.js";
import { owningOf, pruneScope } from "./prune/scope.js";
import { planLines } from "./read-plan.js";
import type { ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { newFolder, stateDirFrom } from "./run/folder.js";
import { runSources } from "./run/run.js";
import { countKept, openEmptyingGuard } from "./stages/emptying.js";
import { runSteps } from "./stages/steps.js";
import { memoryOf, refusals, syncStages } from "./sync.js";
import { forecastTarget } from "./target/forecast.js";

/** A plan that was made, or why it could not be made. */
export interface Planned extends Finished {
  /** The plan file, in a folder of its own; absent where the sources were not read to their end or a guard refused. */
  readonly file?: string;
  /** What stood in its way, or did not. */
  readonly guards: GuardFacts;
  /** Removes the file and its folder. */
  discard(): Promise<void>;
}

/**
 * Finds out what a sync would do, and writes nothing to the catalog: the same sync, into a forecast of the API.
 *
 * The report's created, updated and rejected are forecasts; `deleted` is 0. Leaves no import folder.
 *
 * @throws as `runSync` does
 */
export async function runPlan(given: PlanOptions, context: ImportContext = {}): Promise<Planned> {
  const { out, detailedExitcode: _, stateDir, ...rest } = parseOptions(planOptions, given);
  // Only what earlier prunes noted is read of it.
  const options = { ...rest, ...(stateDir !== undefined && stateDir !== false && { stateDir }) };
  const pages = options.report.filter((path) => /\.html$/i.test(path));
  const folder = await makeWorkingFolder("plan");
  const discard = () => rm(folder, { recursive: true, force: true });
  const file = join(folder, "plan.ndjson");
  const made: { file?: string; judged?: NonNullable<GuardFacts["judged"]> } = {};
  const writer = await openPlanWriter(folder);
  const command = {
    name: "plan",
    dryRun: true,
    openFolder: newFolder({ ...options, stateDir: folder }, context),
    targetOf: forecastTarget,
    hooks: writer,
    ...refusals({ ...options, stateDir }),
  };
  let emptyingShare: number | undefined;
  try {
    const report = options.report.filter((path) => !pages.includes(path));
    const finished = await runSources({ ...options, report }, context, command, async (job) => {
      const { control, folder: of, inventory, ledger, target } = job;
      const scope = pruneScope(job);
      const emptying = openEmptyingGuard(inventory.mapping, options);
      if (emptying.guard !== undefined) emptyingShare = emptying.share;
      const kept = countKept(inventory.mapping, target);
      await runSteps(job, syncStages(job, scope, emptying, kept, writer.onDifference));
      ledger.warn(kept.warnings());
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
        const stale = await findStale(job, scope, memory, options.maxDelete);
        made.judged = stale.judged;
        await writer.remove(stale, target);
      }
      const policies = missingTargetPolicies(inventory.mapping, options.updateOnly);
      await writer.finish(
        { header: of.state.header, ...inventory, policies, rules: target.rules, prune, ledger },
        file,
      );
      made.file = file;
    });
    const { judged } = made;
    const guards = {
      prunes: options.prune,
      ...(judged && { judged }),
      ...(emptyingShare !== undefined && { emptyingShare }),
    };
    const planned = { ...finished, ...(made.file !== undefined && { file: made.file }), guards, discard };
    if (pages.length > 0) await writePages(pages, planned, out);
    return planned;
  } catch (error) {
    await discard();
    throw error;
  } finally {
    await writer.close();
  }
}

/** Writes a plan's pages, once it is known whether there is one. */
async function writePages(
  pages: readonly string[],
  { report, file, guards, error }: Omit<Planned, "discard">,
  out: string | undefined,
): Promise<void> {
  const digest = file === undefined ? undefined : await digestPlan(planLines(file));
  const refusal = error instanceof PortloadError ? [error.message, error.hint].filter(Boolean).join("\n") : undefined;
  const page = { report, digest, guards, refusal, out };
  for (const path of pages) await writeForm(path, formatPlanHtml(page, path));
}
