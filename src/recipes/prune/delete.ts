import { maxDeleteIdentifiers } from "../../api/entity-calls.js";
import type { FoundEntity } from "../../entity.js";
import { GuardError } from "../../errors.js";
import { excessDeletions, type PlanPrune } from "../../plan/guards.js";
import { wordsOf } from "../../reply.js";
import type { Ledger } from "../run/ledger.js";
import { lookedUpAtOnce } from "../stages/ahead.js";
import type { StepJob } from "../stages/entities.js";
import type { Target } from "../target/target.js";
import { findDependents, keepReferrers, withDependents } from "./dependents.js";
import { type Stale, scanOwned, serverClock, some, tooMany } from "./find-stale.js";
import { openPruneMemory } from "./memory.js";
import { ownedScope } from "./scope.js";

/** What is asked and noted on the way of a deletion. */
interface DeletionWatch {
  /** Whether an entity, as just fetched, may still be deleted. */
  owns(blueprint: string, entity: FoundEntity): boolean;
  /** Called before a request, which waits for it. */
  sending(blueprint: string, entities: readonly FoundEntity[]): Promise<void>;
  /** The same for what the API deletes with others. */
  sendingDependents(blueprint: string, identifiers: readonly string[]): Promise<void>;
  /** Receives how many a request deleted. */
  settled(blueprint: string, gone: number): void;
}

const unwatched: DeletionWatch = {
  owns: () => true,
  sending: async () => undefined,
  sendingDependents: async () => undefined,
  settled: () => undefined,
};

/**
 * Deletes what is stale, a hundred at a time, what relates to others first; entities that others still depend on wait for a later round. What they
 * were is in the journal before they are deleted.
 *
 * @param signal - ends it before the next hundred
 * @returns whether all is done
 * @throws {GuardError} when some are left because entities that stay depend on them, or because the API refuses
 */
export async function deleteStale(
  { byBlueprint, dependents }: Stale,
  target: Target,
  ledger: Ledger,
  signal: AbortSignal,
  watch: DeletionWatch = unwatched,
): Promise<boolean> {
  for (const { blueprint, identifiers } of dependents) await watch.sendingDependents(blueprint, identifiers);
  const left = new Map(byBlueprint);
  let refusal = "";
  const blueprints = left.size === 0 ? [] : await target.listBlueprints();
  for (const { blueprint, identifiers } of dependents) {
    for (let start = 0; start < identifiers.length; start += lookedUpAtOnce) {
      const part = identifiers.slice(start, start + lookedUpAtOnce);
      const entities = [...(await target.lookUp(blueprint, part)).values()];
      await ledger.journal({ line: "delete", blueprint, entities });
      await keepReferrers(target, ledger, blueprints, { blueprint, identifiers: part });
    }
  }
  for (let moved = true; moved && left.size > 0; ) {
    moved = false;
    for (const [blueprint, identifiers] of left) {
      const stays: string[] = [];
      for (let start = 0; start < identifiers.length; start += maxDeleteIdentifiers) {
        if (signal.aborted) return false;
        const asked = identifiers.slice(start, start + maxDeleteIdentifiers);
        const found = [...(await target.lookUp(blueprint, asked)).values()];
        const entities = found.filter((entity) => watch.owns(blueprint, entity));
        const part = withoutForeign(asked, found, entities, blueprint, ledger);
        if (part.length === 0) continue;
        await watch.sending(blueprint, entities);
        await ledger.journal({ line: "delete", blueprint, entities });
        await keepReferrers(target, ledger, blueprints, { blueprint, identifiers: part });
        const { gone, refused, message } = await deletePart(target, ledger, blueprint, part);
        watch.settled(blueprint, gone);
        moved ||= gone > 0;
        refusal = message ?? refusal;
        stays.push(...refused);
      }
      if (stays.length > 0) left.set(blueprint, stays);
      else left.delete(blueprint);
    }
  }
  for (const { blueprint, identifiers } of dependents) {
    // Some may still exist: what they relate to was refused, or the API spares them.
    const there = await target.existing(blueprint, identifiers);
    const gone = identifiers.filter((identifier) => !there.has(identifier));
    if (gone.length === 0) continue;
    const message = `deleted with what they relate to: ${gone.slice(0, 10).join(", ")}`;
    ledger.warn([{ code: "deleted_dependents", blueprint, message, count: gone.length }]);
  }
  if (left.size > 0) throw leftBehind(left, refusal);
  return true;
}

/** Which of those asked for may be deleted; what another owner has taken over since is reported. */
function withoutForeign(
  asked: readonly string[],
  found: readonly FoundEntity[],
  owned: readonly FoundEntity[],
  blueprint: string,
  ledger: Ledger,
): readonly string[] {
  if (owned.length === found.length) return asked;
  const kept = new Set(owned.map(({ identifier }) => identifier));
  const foreign = new Set(found.flatMap(({ identifier }) => (kept.has(identifier) ? [] : [identifier])));
  const message = `not deleted: the mapping does not own them (prune.where): ${[...foreign].slice(0, 10).join(", ")}`;
  ledger.warn([{ code: "not_owned", blueprint, message, count: foreign.size }]);
  return asked.filter((identifier) => !foreign.has(identifier));
}

interface DeletedPart {
  readonly gone: number;
  readonly refused: readonly string[];
  readonly message?: string;
}

/** Deletes a part. One that is refused because something depends on one of its entities is halved down to that entity. */
async function deletePart(
  target: Target,
  ledger: Ledger,
  blueprint: string,
  part: readonly string[],
): Promise<DeletedPart> {
  const reply = await target.delete(blueprint, part);
  if (reply.is === "done") {
    const { left = [] } = reply;
    // No reply names what was deleted with an entity of an earlier request; it existed when it was scanned.
    const deleted = target.rules.deleteDependents ? part.length - left.length : reply.body.deletedEntities.length;
    ledger.takeDeleted(blueprint, deleted);
    const message = "that all are deleted, but does not name these, and they are still there";
    return { gone: part.length - left.length, refused: left, ...(left.length > 0 && { message }) };
  }
  const message = wordsOf(reply);
  if (part.length === 1 || !/dependents/.test(reply.error)) return { gone: 0, refused: part, message };
  const middle = Math.ceil(part.length / 2);
  const halves = [
    await deletePart(target, ledger, blueprint, part.slice(0, middle)),
    await deletePart(target, ledger, blueprint, part.slice(middle)),
  ];
  return {
    gone: halves.reduce((sum, { gone }) => sum + gone, 0),
    refused: halves.flatMap(({ refused }) => refused),
    message,
  };
}

function leftBehind(left: ReadonlyMap<string, readonly string[]>, refusal: string): GuardError {
  const lines = [...left].map(
    ([blueprint, names]) => `  ${blueprint}: ${names.length} stay: ${names.slice(0, 10).join(", ")}`,
  );
  return new GuardError(`not all that is stale could be deleted; the API says ${refusal}\n${lines.join("\n")}`, {
    hint: "Entities that stay depend on them. Correct those, or set deleteDependentEntities: true to delete them as well.",
  });
}

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

/** What would be deleted with the plan's deletions and is not in the plan: it relates to them since, perhaps by the plan's own writes. */
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
