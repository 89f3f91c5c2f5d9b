import { MappingError } from "../errors.js";
import { deleteStale } from "./prune/delete.js";
import { findStale } from "./prune/prune.js";
import { type PruneScope, pruneScope, refusePrune, refuseScope } from "./prune/scope.js";
import type { ImportContext } from "./run/context.js";
import type { Finished } from "./run/finish.js";
import type { Inventory } from "./run/inventory.js";
import type { Run } from "./run/run.js";
import { type RunKind, startRun } from "./run/start-run.js";
import { entitiesOfStep } from "./run/step.js";
import { compareWithCatalog, type OnDifference } from "./sync/compare-catalog.js";
import { type ResolvedSyncOptions, resolveOptions, type SyncOptions, syncOptions } from "./sync/options.js";
import { freshEntities, writesOf } from "./writes/first-writes.js";
import { writeDeferred } from "./writes/second-writes.js";
import { writeStep } from "./writes/write-step.js";

/**
 * Brings the catalog to what the sources say and writes only what differs: an import whose entities are compared with the catalog first.
 *
 * Entities that a write would not change count as unchanged and cost no write; a thousand of them cost one search. The journal keeps what was before.
 *
 * @throws as `runImport` does, as long as there is no import id
 */
export async function runSync(given: SyncOptions, context: ImportContext = {}): Promise<Finished> {
  const options = resolveOptions(syncOptions, given);
  const kind: RunKind = { command: "sync", ...refusals(options) };
  return startRun(options, context, kind, async (run) => {
    const scope = pruneScope(run.inventory);
    await syncAll(run, scope);
    if (!options.prune || run.stop.reason !== undefined) return;
    await deleteStale(run, await findStale(run, scope, options.maxDelete));
  });
}

/** The sync itself: as an import's, but that each step's entities pass the comparison with the catalog. */
export async function syncAll(run: Run, scope: PruneScope, onDifference?: OnDifference): Promise<void> {
  for (const { index } of run.plan.steps) {
    const fresh = freshEntities(run, entitiesOfStep(run, index));
    const writes = writesOf(run, compareWithCatalog(run, scope.watch(fresh), onDifference));
    await writeStep(run, writes);
    if (run.stop.reason !== undefined) return;
  }
  await writeDeferred(run);
}

/** What a sync or its plan refuses before anything is read. */
export function refusals(options: ResolvedSyncOptions): Pick<RunKind, "refuse" | "refuseCatalog"> {
  return {
    refuse: (inventory) => {
      refuseUnkeyed(inventory);
      if (options.prune) refusePrune(inventory, options);
    },
    refuseCatalog: (inventory, catalog) => options.prune && refuseScope(inventory, catalog),
  };
}

/** A sync must know every key it has met: which entities are the sources' and which are stale. */
function refuseUnkeyed({ mapping }: Inventory): void {
  if (mapping.duplicates === "off")
    throw new MappingError(mapping.file, [
      { path: "duplicates", message: "sync and plan settle duplicates by first, last or error, not off" },
    ]);
}
