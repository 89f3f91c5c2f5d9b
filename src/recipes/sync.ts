import { MappingError } from "../errors.js";
import { compareWithCatalog } from "./compare-catalog.js";
import type { Finished } from "./finish.js";
import { freshEntities, writesOf } from "./first-writes.js";
import type { ImportContext } from "./import.js";
import type { Inventory } from "./inventory.js";
import type { Run } from "./run.js";
import { writeDeferred } from "./second-writes.js";
import { startRun } from "./start-run.js";
import { entitiesOfStep } from "./step.js";
import { resolveOptions, type SyncOptions, syncOptions } from "./sync-options.js";
import { judgeFirst, writeStep } from "./write-step.js";

/**
 * Brings the catalog to what the sources say and writes only what differs: an import whose entities are compared with the catalog first.
 *
 * Entities that a write would not change count as unchanged and cost no write; a thousand of them cost one search. The journal keeps what was before.
 *
 * @throws as `runImport` does, as long as there is no import id
 */
export async function runSync(given: SyncOptions, context: ImportContext = {}): Promise<Finished> {
  const options = resolveOptions(syncOptions, given);
  return startRun(options, context, { command: "sync", refuse: refuseUnkeyed }, syncAll);
}

/** The sync itself: as an import's, but that each step's entities pass the comparison with the catalog. */
async function syncAll(run: Run): Promise<void> {
  for (const { index } of run.plan.steps) {
    const fresh = freshEntities(run, entitiesOfStep(run, index));
    const writes = writesOf(run, compareWithCatalog(run, fresh));
    await writeStep(run, writes, judgeFirst, 0);
    if (run.stop.reason !== undefined) return;
  }
  await writeDeferred(run);
}

/** A sync must know every key it has met: which entities are the sources' and which are stale. @throws {MappingError} */
export function refuseUnkeyed({ mapping }: Inventory): void {
  if (mapping.duplicates === "off")
    throw new MappingError(mapping.file, [
      { path: "duplicates", message: "sync and plan settle duplicates by first, last or error, not off" },
    ]);
}
