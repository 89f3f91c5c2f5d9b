import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PortloadError } from "../errors.js";
import { type Mapping, missingTargetPolicies } from "../map/mapping.js";
import { parseOptions } from "../options/option.js";
import { type PlanOptions, planOptions, type ResolvedSyncOptions } from "../options/run.js";
import { deleteLimits } from "../plan/guards.js";
import { digestPlan, type GuardFacts } from "../plan/show-plan.js";
import { formatPlanHtml } from "../report/forms/html-plan.js";
import { writeForm } from "../report/forms.js";
import { makeWorkingFolder } from "../state/working-folder.js";
import { openPlanWriter, type PlanWriter } from "./plan-writer.js";
import { findStale } from "./prune/find-stale.js";
import { owningOf, type PruneScope, pruneScope } from "./prune/scope.js";
import { planLines } from "./read-plan.js";
import type { ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { newFolder, stateDirFrom } from "./run/folder.js";
import { runSources, type SourceCommand, type SourceJob } from "./run/run.js";
import { countKept, type Emptyings, openEmptyingGuard } from "./stages/emptying.js";
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
  const { out, detailedExitcode: _, ...options } = parseOptions(planOptions, given);
  const { pages, forms } = splitReports(options.report);
  const draft = await openDraft();
  const command: SourceCommand = {
    name: "plan",
    dryRun: true,
    openFolder: newFolder({ ...options, stateDir: draft.folder }, context),
    targetOf: forecastTarget,
    hooks: draft.writer,
    ...refusals(options),
  };
  try {
    const finished = await runSources({ ...options, report: forms }, context, command, async (job) => {
      const { control, inventory, ledger, target } = job;
      const scope = pruneScope(job);
      const emptying = guardDraft(draft, inventory.mapping, options);
      const kept = countKept(inventory.mapping, target);
      await runSteps(job, syncStages(job, scope, emptying, kept, draft.writer.onDifference));
      ledger.warn(kept.warnings());
      if (control.stop.reason !== undefined) return;
      if (options.prune) await addDeletions(draft, job, scope, options, context);
      await finishDraft(draft, job, options);
    });
    const planned = plannedOf(draft, finished, options);
    await writePages(pages, planned, out);
    return planned;
  } catch (error) {
    await draft.discard();
    throw error;
  } finally {
    await draft.writer.close();
  }
}

/** A plan that is being made, and what is known of it so far: a run that ends early leaves the rest out. */
interface PlanDraft extends Pick<Planned, "discard"> {
  readonly folder: string;
  readonly writer: PlanWriter;
  file?: string;
  emptyingShare?: number;
  judged?: NonNullable<GuardFacts["judged"]>;
}

/** Opens a plan in a working folder of its own. */
async function openDraft(): Promise<PlanDraft> {
  const folder = await makeWorkingFolder("plan");
  const discard = () => rm(folder, { recursive: true, force: true });
  return { folder, writer: await openPlanWriter(folder), discard };
}

/** Opens the guard of fields that would be emptied, and notes what it allows. */
function guardDraft(draft: PlanDraft, mapping: Mapping, options: ResolvedSyncOptions): Emptyings {
  const emptying = openEmptyingGuard(mapping, options);
  if (emptying.guard !== undefined) draft.emptyingShare = emptying.share;
  return emptying;
}

/** Adds what a prune would delete. Only what earlier prunes noted is read of the state folder. */
async function addDeletions(
  draft: PlanDraft,
  job: SourceJob,
  scope: PruneScope,
  { maxDelete, stateDir }: ResolvedSyncOptions,
  context: ImportContext,
): Promise<void> {
  job.whereabouts.enter("what is stale");
  // A prune without a state folder was refused.
  const memory = await memoryOf(job, scope, stateDirFrom({ stateDir: stateDir || undefined }, context), true);
  const stale = await findStale(job, scope, memory, maxDelete);
  draft.judged = stale.judged;
  await draft.writer.remove(stale, job.target);
}

/** Writes the plan file. */
async function finishDraft(
  draft: PlanDraft,
  { folder, inventory, ledger, target }: SourceJob,
  { maxDelete, prune, updateOnly }: ResolvedSyncOptions,
): Promise<void> {
  const { mapping, sources } = inventory;
  const facts = {
    header: folder.state.header,
    mapping,
    sources,
    policies: missingTargetPolicies(mapping, updateOnly),
    rules: target.rules,
    prune: prune
      ? { limits: deleteLimits(maxDelete, mapping.entityDeletionThreshold), owns: owningOf(mapping) }
      : undefined,
    ledger,
  };
  const file = join(draft.folder, "plan.ndjson");
  await draft.writer.finish(facts, file);
  draft.file = file;
}

function plannedOf(
  { file, judged, emptyingShare, discard }: PlanDraft,
  finished: Finished,
  { prune }: ResolvedSyncOptions,
): Planned {
  const guards = {
    prunes: prune,
    ...(judged && { judged }),
    ...(emptyingShare !== undefined && { emptyingShare }),
  };
  return { ...finished, ...(file !== undefined && { file }), guards, discard };
}

/** A plan's page needs the whole plan, so that it is written last, here; every other form of the report is written by the run. */
function splitReports(paths: readonly string[]) {
  const isPage = (path: string): boolean => /\.html$/i.test(path);
  return { pages: paths.filter(isPage), forms: paths.filter((path) => !isPage(path)) };
}

/** Writes a plan's pages, once it is known whether there is one. */
async function writePages(
  pages: readonly string[],
  { report, file, guards, error }: Omit<Planned, "discard">,
  out: string | undefined,
): Promise<void> {
  if (pages.length === 0) return;
  const digest = file === undefined ? undefined : await digestPlan(planLines(file));
  const refusal = error instanceof PortloadError ? [error.message, error.hint].filter(Boolean).join("\n") : undefined;
  const page = { report, digest, guards, refusal, out };
  for (const path of pages) await writeForm(path, formatPlanHtml(page, path));
}
