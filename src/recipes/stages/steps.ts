import type { Write } from "../../entity.js";
import type { Step } from "../../order.js";
import { type Deferred, type Outcome, placeOf, rejectedOutcome } from "../../outcome.js";
import { isHeld } from "../../settle/compare.js";
import { type MissingTarget, secondStep } from "../../settle/deferral.js";
import { createKeySet, type KeySet } from "../../settle/keys.js";
import type { Verdict } from "../../verdict.js";
import { batchWrites } from "../../write/batch.js";
import { type Books, writeBatches } from "../../write/write.js";
import type { Control } from "../run/control.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { knowTargets } from "./before-first-write.js";
import { booksOf, booksOfFirstWrites, defer, outcomeOf, rejectOf, writtenOutcome } from "./books.js";
import type { EntityStage, Stages, StepJob, WriteStage } from "./entities.js";
import { judgeMissing, type MissingJudge, makeTargets, strictBlueprint } from "./missing-targets.js";
import { type SearchWatch, watchSearches } from "./searched-targets.js";

/** Runs the steps (a step: all entities of one blueprint, targets of relations first) one after another, each through its stages into the target; then writes what had to wait. */
export async function runSteps(job: StepJob, stagesOf: (step: Step) => Stages): Promise<void> {
  const { steps, target, ledger, control, keys, whereabouts } = job;
  const searches = watchSearches(target, ledger);
  for (const step of steps) {
    whereabouts.enter(step.blueprint ?? "what the expressions name", step.index + 1);
    await sendWrites(writesOf(stagesOf(step)), target, control, booksOfFirstWrites(target, ledger, keys, searches));
    if (control.stop.reason !== undefined) return;
  }
  await writeDeferred(job, searches);
  if (control.stop.reason === undefined) await searches.finish();
}

function writesOf([source, ...stages]: Stages): AsyncIterable<readonly Write[]> {
  const last = stages.at(-1) as WriteStage;
  return last((stages.slice(0, -1) as EntityStage[]).reduce((entities, stage) => stage(entities), source));
}

/**
 * Sends writes in batches (of one blueprint and mode, at most 20 and 1 MiB), several at once, until they end or the run stops. An import's target
 * sends them by `createBulkCall` (`api/bulk.ts`).
 */
async function sendWrites(
  writes: AsyncIterable<readonly Write[]>,
  target: Target,
  { stop, width, clock }: Control,
  books: Books,
): Promise<void> {
  await writeBatches(batchWrites(writes), {
    target,
    width,
    signal: stop.signal,
    // Also where reading ends because the run stops: the first reason stays.
    onFailure: () => stop.because("failed"),
    sleep: (ms) => clock.sleep(ms, stop.signal).catch(() => undefined),
    books,
  });
}

/**
 * Writes what waited for the end of the import: relations that pointed forward or in a cycle, and entities that were refused for a target that was
 * not there yet. Each entity is written at most twice; a required relation may postpone one to the round after its target's.
 */
async function writeDeferred(job: StepJob, searches: SearchWatch): Promise<void> {
  const { target, ledger, control, keys, whereabouts } = job;
  if (ledger.waiting(0).sources().length > 0) whereabouts.enter("relations whose targets came later");
  const pending = createKeySet();
  await notePending(ledger, pending);
  await makeTargets(target, ledger, keys);
  const judge = judgeMissing(target.rules, ledger, keys);
  for (let round = 0; ledger.waiting(round).sources().length > 0 && control.stop.reason === undefined; round++) {
    const flight: Flight = { round, judge, pending, written: new Map(), settled: 0 };
    const books = booksOf(target, ledger, keys, {
      round: round + 1,
      searches,
      judge: (write, verdict) => judgeSecond(write, verdict, flight, ledger),
    });
    await sendWrites(secondWrites(target, ledger, keys, flight), target, control, books);
    // Nothing moved: what is still pending will never come, so it counts as missing from here on.
    if (flight.settled === 0) for (let entry = 0; entry < pending.size; entry++) pending.acknowledge(entry);
  }
}

/** A round of second writes. */
interface Flight {
  readonly round: number;
  readonly judge: MissingJudge;
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
async function notePending(ledger: Ledger, pending: KeySet): Promise<void> {
  const spool = ledger.waiting(0);
  for (const source of spool.sources())
    for await (const chunk of spool.drain(source))
      for (const { entity, first } of chunk) if (first === undefined) pending.add(entity.key, entity.at, 0);
}

async function* secondWrites(
  target: Target,
  ledger: Ledger,
  keys: KeySet,
  flight: Flight,
): AsyncGenerator<readonly Write[]> {
  const { blueprints, createMissing, mode } = target.rules;
  const spool = ledger.waiting(flight.round);
  const isPending = (blueprint: string, identifier: string): boolean => {
    const entry = flight.pending.find({ blueprint, identifier });
    return entry >= 0 && !flight.pending.isAcknowledged(entry);
  };
  const relationsOf = (blueprint: string) => Object.keys(blueprints.get(blueprint)?.relations ?? {});
  for (const source of spool.sources()) {
    for await (const chunk of spool.drain(source)) {
      const entities = chunk.map(({ entity }) => entity);
      const isKnown = createMissing ? () => true : await knowTargets(target, keys, entities, relationsOf);
      const writes: Write[] = [];
      for (const deferred of chunk) {
        const { entity } = deferred;
        const blueprint = blueprints.get(entity.key.blueprint);
        if (blueprint === undefined) continue;
        const strict = strictBlueprint(target.rules, entity, blueprint);
        const step = secondStep(deferred, entity.mode ?? mode, strict, { isKnown, isPending });
        if (step.is === "write" && step.write.mode === "merge" && isHeld(step.write.entity, blueprint)) {
          const first = deferred.first ?? "unchanged";
          if (step.write.deferred !== undefined)
            await defer(ledger, flight.round + 1, [{ is: "deferred", ...step.write.deferred, first }]);
          else await ledger.takeOutcomes([judgedOutcome({ deferred, missing: step.missing }, first, flight, ledger)]);
          settle(flight, deferred);
        } else if (step.is === "write") {
          flight.written.set(step.write, { deferred, missing: step.missing });
          writes.push(step.write);
        } else if (step.is === "postponed") await defer(ledger, flight.round + 1, [deferred]);
        else {
          settle(flight, deferred);
          // Taken at once: what depends on it is rejected for that.
          const is = step.is === "done" ? deferred.first : undefined;
          await ledger.takeOutcomes([judgedOutcome({ deferred, missing: step.missing }, is, flight, ledger)]);
        }
      }
      yield writes;
    }
  }
}

/** What the first write did is what the entity counts as; a missing target makes it a reject all the same. */
function judgeSecond(write: Write, verdict: Verdict, flight: Flight, ledger: Ledger): Outcome | Deferred {
  const waiting = flight.written.get(write);
  if (waiting === undefined) return outcomeOf(write, verdict);
  flight.written.delete(write);
  const { deferred } = waiting;
  settle(flight, deferred);
  if (verdict.is === "refused" || verdict.is === "unknown")
    return rejectedOutcome(deferred.entity, rejectOf(write, verdict), deferred.first);
  const first = deferred.first === undefined || deferred.first === "unchanged" ? verdict.is : deferred.first;
  // What is missing now is still missing in the next round, and reported then.
  if (write.deferred !== undefined) return { is: "deferred", ...write.deferred, first };
  return judgedOutcome(waiting, first, flight, ledger);
}

function settle(flight: Flight, { entity }: Deferred): void {
  flight.settled++;
  const entry = flight.pending.find(entity.key);
  if (entry >= 0) flight.pending.acknowledge(entry);
}

function judgedOutcome(
  { deferred: { entity }, missing }: Waiting,
  is: Deferred["first"],
  flight: Flight,
  ledger: Ledger,
): Outcome {
  const { reject, omitted } = flight.judge(entity, missing, is !== undefined);
  ledger.warn(
    omitted.map(({ message, path }) => ({
      code: "relation_target_missing",
      blueprint: entity.key.blueprint,
      message,
      count: 1,
      first: entity.at,
      ...(path !== undefined && { path }),
    })),
  );
  const more = omitted.length === 0 ? {} : { omitted };
  if (reject !== undefined) return { ...rejectedOutcome(entity, reject, is), ...more };
  return is === undefined ? { ...placeOf(entity), is: "notAttempted" } : { ...writtenOutcome(entity, is), ...more };
}
