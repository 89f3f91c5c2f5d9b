import type { Write } from "../../entity.js";
import { type Deferred, type Outcome, placeOf } from "../../outcome.js";
import { type MissingTarget, secondStep } from "../../settle/deferral.js";
import { createKeySet, type KeySet } from "../../settle/keys.js";
import type { Verdict } from "../../verdict.js";
import { outcomeOf as endOf, rejectOf } from "../../write/outcome.js";
import type { Run } from "../run/run.js";
import { knowTargets } from "./known-targets.js";
import { judgeMissing, makeTargets, strictBlueprint } from "./missing-targets.js";
import { writeStep } from "./write-step.js";

/**
 * Writes what waited for the end of the import: relations that pointed forward or round a cycle, and entities that were refused for a target that was
 * not there yet. Each entity is written at most twice; a required relation may postpone one to the round after its target's.
 */
export async function writeDeferred(run: Run): Promise<void> {
  const { state, stop } = run;
  const pending = createKeySet();
  await notePending(run, pending);
  for (let round = 0; state.deferred(round).sources().length > 0 && stop.reason === undefined; round++) {
    const flight: Flight = { pending, written: new Map(), settled: 0 };
    const judge = (write: Write, verdict: Verdict) => judgeSecond(run, write, verdict, flight);
    await writeStep(run, secondWrites(run, round, flight), judge, round + 1);
    // Nothing moved: what is still pending will never come, so it counts as missing from here on.
    if (flight.settled === 0) for (let entry = 0; entry < pending.size; entry++) pending.acknowledge(entry);
  }
}

/** A round of second writes. */
interface Flight {
  /** Entities that no write has brought into the catalog yet; acknowledged once settled. */
  readonly pending: KeySet;
  readonly written: Map<Write, Waiting>;
  /** How many entities this round has settled. */
  settled: number;
}

/** A second write in flight, with what it came from. */
interface Waiting {
  readonly deferred: Deferred;
  readonly missing: readonly MissingTarget[];
}

/** Entities that no write has brought into the catalog yet, so that others can wait for them. */
async function notePending({ state }: Run, pending: KeySet): Promise<void> {
  const spool = state.deferred(0);
  for (const source of spool.sources())
    for await (const chunk of spool.drain(source))
      for (const { entity, first } of chunk) if (first === undefined) pending.add(entity.key, entity.at, 0);
}

async function* secondWrites(run: Run, round: number, flight: Flight): AsyncGenerator<readonly Write[]> {
  const { accounts, catalog, createMissing, mode, state } = run;
  const spool = state.deferred(round);
  const isPending = (blueprint: string, identifier: string): boolean => {
    const entry = flight.pending.find({ blueprint, identifier });
    return entry >= 0 && !flight.pending.isAcknowledged(entry);
  };
  for (const source of spool.sources()) {
    for await (const chunk of spool.drain(source)) {
      const entities = chunk.map(({ entity }) => entity);
      const relationsOf = (blueprint: string) => Object.keys(catalog.get(blueprint)?.relations ?? {});
      const found = createMissing ? () => true : await knowTargets(run, entities, relationsOf);
      const isKnown = await makeTargets(run, chunk, { isKnown: found, isPending });
      const writes: Write[] = [];
      for (const deferred of chunk) {
        const { entity } = deferred;
        const blueprint = catalog.get(entity.key.blueprint);
        if (blueprint === undefined) continue;
        const step = secondStep(deferred, run.modeOf?.(entity) ?? mode, strictBlueprint(run, entity, blueprint), {
          isKnown,
          isPending,
        });
        if (step.is === "write") {
          flight.written.set(step.write, { deferred, missing: step.missing });
          writes.push(step.write);
        } else if (step.is === "postponed") await state.deferred(round + 1).append(source, [deferred]);
        else {
          settle(flight, deferred);
          // Taken at once: who depends on it is told that it was rejected.
          const is = step.is === "stands" ? deferred.first : undefined;
          await accounts.takeOutcomes([outcomeOf(run, deferred, step.missing, is)]);
        }
      }
      yield writes;
    }
  }
}

/** What a verdict means for a second write. What the first write did is what the entity counts as; a missing target makes it a reject all the same. */
function judgeSecond(run: Run, write: Write, verdict: Verdict, flight: Flight): Outcome | Deferred {
  const waiting = flight.written.get(write);
  if (waiting === undefined) return endOf(write, verdict);
  flight.written.delete(write);
  const { deferred, missing } = waiting;
  settle(flight, deferred);
  if (verdict.is === "refused" || verdict.is === "unknown")
    return { ...placeOf(deferred.entity), is: "rejected", reject: rejectOf(write, verdict) };
  const first = deferred.first ?? verdict.is;
  // What is missing now is still missing in the next round, and reported then.
  return write.deferred === undefined
    ? outcomeOf(run, deferred, missing, first)
    : { is: "deferred", ...write.deferred, first };
}

function settle(flight: Flight, { entity }: Deferred): void {
  flight.settled++;
  const entry = flight.pending.find(entity.key);
  if (entry >= 0) flight.pending.acknowledge(entry);
}

function outcomeOf(
  run: Run,
  { entity }: Deferred,
  missing: readonly MissingTarget[],
  is: "created" | "updated" | undefined,
): Outcome {
  const place = placeOf(entity);
  const { reject, omitted } = judgeMissing(run, entity, missing, is !== undefined);
  run.accounts.warn(
    omitted.map(({ message, path }) => ({
      ...{ code: "relation_target_missing", blueprint: entity.key.blueprint, message, count: 1, first: entity.at },
      ...(path !== undefined && { path }),
    })),
  );
  return reject === undefined ? { ...place, is: is ?? "notAttempted" } : { ...place, is: "rejected", reject };
}
