import { MappingError } from "../errors.js";
import { parseOptions } from "../options/option.js";
import { type ResolvedSyncOptions, type SyncOptions, syncOptions } from "../options/run.js";
import type { Step } from "../order.js";
import { deleteStale } from "./prune/delete.js";
import { findStale, serverClock } from "./prune/find-stale.js";
import { openPruneMemory, type PruneMemory, stateDirOf } from "./prune/memory.js";
import { type PruneScope, pruneScope, refusePrune, refuseScope } from "./prune/scope.js";
import type { ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { newFolder } from "./run/folder.js";
import type { Inventory } from "./run/inventory.js";
import { runSources, type SourceCommand, type SourceJob } from "./run/run.js";
import { deferRelations, keepMadeTargets } from "./stages/before-first-write.js";
import { compareWithCatalog, type OnDifference } from "./stages/compare.js";
import { dropDuplicates } from "./stages/duplicates.js";
import { countKept, type Emptyings, type KeptValues, openEmptyingGuard } from "./stages/emptying.js";
import { entitiesOf, type Stages } from "./stages/entities.js";
import { leaveOutMissing } from "./stages/missing-lookups.js";
import { runSteps } from "./stages/steps.js";

/**
 * Brings the catalog to what the sources say and writes only what differs: an import whose entities are compared with the catalog first.
 *
 * Entities that a write would not change count as unchanged and cost no write; a thousand of them cost one search. The journal keeps what was before.
 *
 * @throws as `runImport` does, as long as there is no import id
 */
export async function runSync(given: SyncOptions, context: ImportContext = {}): Promise<Finished> {
  const options = parseOptions(syncOptions, given);
  const kind = { command: "sync", openFolder: newFolder(options, context), ...refusals(options) };
  return runSources(options, context, kind, async (job) => {
    const { target, ledger, control, folder } = job;
    const scope = pruneScope(job);
    const memory = options.prune ? await memoryOf(job, scope, stateDirOf(folder.state)) : undefined;
    await memory?.begin(serverClock(target, control));
    const kept = countKept(job.inventory.mapping, target);
    await runSteps(job, syncStages(job, scope, openEmptyingGuard(job.inventory.mapping, options), kept));
    ledger.warn(kept.warnings());
    if (memory === undefined || control.stop.reason !== undefined) return;
    job.whereabouts.enter("what is stale");
    const stale = await findStale(job, scope, memory, options.maxDelete);
    const watch = { ...memory, owns: scope.owns };
    if (await deleteStale(stale, target, ledger, control.stop.signal, watch)) await memory.finished(stale.left);
  });
}

/** The memory of a prune. @throws {StateError} */
export function memoryOf(
  { folder, control }: SourceJob,
  scope: PruneScope,
  stateDir: string,
  readOnly = false,
): Promise<PruneMemory> {
  const { target } = folder.state.header.fingerprints;
  return openPruneMemory({ stateDir, target, scope, nowMs: control.clock.now, readOnly });
}

/** The stages of a sync: as an import's, but that entities are compared with the catalog. */
export function syncStages(
  { inputs, target, ledger, keys }: SourceJob,
  scope: PruneScope,
  { guard }: Emptyings,
  kept: KeptValues,
  onDifference?: OnDifference,
): (step: Step) => Stages {
  return (step) => [
    entitiesOf(step, inputs, ledger),
    dropDuplicates(step, inputs, ledger, keys),
    scope.watch,
    compareWithCatalog(target, ledger, keys, onDifference, guard, kept),
    keepMadeTargets(target, ledger, keys),
    leaveOutMissing(target, ledger, keys),
    deferRelations(target, ledger, keys),
  ];
}

/** What a sync or its plan refuses before anything is read. */
export function refusals(options: ResolvedSyncOptions): Pick<SourceCommand, "refuse" | "refuseBlueprints"> {
  return {
    refuse: (inventory) => {
      refuseUnkeyed(inventory);
      if (options.prune) refusePrune(inventory, options);
    },
    refuseBlueprints: (inventory, blueprints) => options.prune && refuseScope(inventory, blueprints),
  };
}

/** A sync must know every key it has met: which entities are the sources' and which are stale. */
function refuseUnkeyed({ mapping }: Inventory): void {
  if (mapping.duplicates === "off")
    throw new MappingError(mapping.file, [
      { path: "duplicates", message: "sync and plan settle duplicates by first, last, merge or error, not off" },
    ]);
}
