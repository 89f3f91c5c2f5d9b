import { GuardError } from "../../errors.js";
import { excessDeletions, type PlanPrune } from "../../plan/guards.js";
import type { StepJob } from "../stages/entities.js";
import { deleteStale } from "./delete.js";
import { findDependents, withDependents } from "./dependents.js";
import { type Stale, some, tooMany } from "./find-stale.js";
import { openPruneMemory } from "./memory.js";
import { scanOwned, serverClock } from "./scan.js";
import { ownedScope } from "./scope.js";

/** The deletions of a plan that was made with prune. */
export interface PlannedPrune {
  /** Deletes what the plan says, when all is written. @throws {GuardError} */
  run(planned: Stale): Promise<void>;
}

/**
 * Holds the deletions of a plan to what a sync with prune is held to: they are judged once more by what was owned when the last prune finished, against the limits
 * that the plan was made with; each entity must still be owned when it is fetched to be deleted; and when all are gone, a prune has finished.
 */
export async function openPlannedPrune(
  job: StepJob,
  { limits, owns }: PlanPrune,
  { stateDir, apiUrl }: { readonly stateDir: string; readonly apiUrl: string },
): Promise<PlannedPrune> {
  const { target, ledger, control } = job;
  const scope = ownedScope(owns, target.rules.blueprints);
  const memory = await openPruneMemory({ stateDir, target: apiUrl, scope, nowMs: control.clock.now });
  await memory.begin(serverClock(target, control));
  return {
    async run(planned) {
      const left = new Map<string, number>();
      const counted = [];
      for (const blueprint of scope.blueprints) {
        const doomed = new Set(planned.byBlueprint.get(blueprint));
        const scanned = await scanOwned(job, scope, memory, blueprint, (identifier) => doomed.has(identifier));
        counted.push(scanned.counted);
        left.set(blueprint, scanned.left);
      }
      const dependents =
        target.rules.deleteDependents && planned.byBlueprint.size > 0
          ? await findDependents(target, planned.byBlueprint)
          : [];
      refuseUnplanned(dependents, planned);
      const all = await withDependents(target, memory, counted, dependents, left);
      const excesses = excessDeletions(all, limits);
      if (excesses.length > 0)
        throw tooMany(
          excesses,
          planned.byBlueprint,
          dependents,
          "Look at what went meanwhile, then make a new plan with",
        );
      const watch = { ...memory, owns: scope.owns };
      if (await deleteStale({ ...planned, dependents }, target, ledger, control.stop.signal, watch))
        await memory.finished(left);
    },
  };
}

/** What would go with what the plan deletes, and is not in the plan: it relates to it since, by the plan's own writes perhaps. */
function refuseUnplanned(dependents: Stale["dependents"], planned: Stale): void {
  const known = new Map(planned.dependents.map(({ blueprint, identifiers }) => [blueprint, new Set(identifiers)]));
  const unplanned = dependents.flatMap(({ blueprint, identifiers }) =>
    identifiers.filter((name) => known.get(blueprint)?.has(name) !== true).map((name) => `${blueprint}/${name}`),
  );
  if (unplanned.length > 0)
    throw new GuardError(
      `nothing is deleted: deleteDependentEntities would delete ${unplanned.length} entities that the plan does not: ${some(unplanned)}`,
      { hint: "They relate to what the plan deletes. Correct their relations, then make a new plan." },
    );
}
