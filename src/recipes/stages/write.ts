import { type Batch, type Deferred, type Entity, type Outcome, originOf, placeOf, type Write } from "../../entity.js";
import type { KeySet } from "../../settle/keys.js";
import type { JournalReply } from "../../state/journal-lines.js";
import { placeName } from "../../state/reopen.js";
import { batchWrites } from "../../write/batch.js";
import type { Settled } from "../../write/exchange.js";
import type { Verdict } from "../../write/verdict.js";
import { writeBatches } from "../../write/write.js";
import type { Control } from "../run/control.js";
import { groupBy } from "../run/group-by.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";

/** Keeps what is sent and what became of it. */
export interface Books {
  /** Receives a batch before it is sent. @param atMs - see {@link Target.serverNow} */
  sending(batch: Batch, atMs: number | undefined): Promise<void>;
  /** Receives what a reply says of writes, before their place in flight is free. */
  settled(settled: readonly Settled[]): Promise<void>;
}

/** Sends writes in batches, several at once, until they end or the run stops. */
export async function sendWrites(
  writes: AsyncIterable<readonly Write[]>,
  target: Target,
  { stop, width, clock }: Control,
  books: Books,
): Promise<void> {
  const { createMissing } = target.rules;
  await writeBatches(batchWrites(writes), {
    width,
    signal: stop.signal,
    onFailure: () => stop.because("failed"),
    async send(batch) {
      await books.sending(batch, target.serverNow());
      const items = batch.writes.map(({ entity }) => entity.json);
      return target.upsert(batch.blueprint, items, { mode: batch.mode, createMissing });
    },
    lookUp: target.lookUp,
    sleep: (ms) => clock.sleep(ms, stop.signal).catch(() => undefined),
    settle: async (_, settled) => books.settled(await clearFields(settled, target)),
  });
}

/**
 * Clears titles, icons and teams of entities that a reply says are updated, each by a PATCH of its own, since an upsert takes no null there. What was
 * created has none yet. One that is refused becomes a reject: the entity is written, and ends once.
 */
async function clearFields(settled: readonly Settled[], target: Target): Promise<readonly Settled[]> {
  if (!settled.some(needsClearing)) return settled;
  return Promise.all(
    settled.map(async (one) => (needsClearing(one) ? { ...one, verdict: await clear(one, target) } : one)),
  );
}

/** A second write follows for an entity whose first one did this, unless the API refused that one; such an entity is without `clears` by then. */
function needsClearing({ write, verdict }: Settled): boolean {
  return verdict.is === "updated" && (write.entity.clears?.length ?? 0) > 0;
}

async function clear({ write, verdict }: Settled, target: Target): Promise<Verdict> {
  const { entity } = write;
  const { key, clears = [] } = entity;
  const reply = await target.clear(key, clears);
  if (reply.is === "patched") return verdict;
  const wait = (write.deferred?.waiting.length ?? 0) > 0 ? "; the relations that waited are not written either" : "";
  return {
    is: "rejected",
    isWritten: true,
    reject: {
      code: "refused_by_api",
      stage: "write",
      message: `the entity is written, but its ${clears.join(" and ")} could not be cleared: ${reply.message}${wait}`,
      path: clears[0] ?? "title",
      ...originOf(entity),
      status: reply.status,
      ...(reply.traceId !== undefined && { traceId: reply.traceId }),
    },
  };
}

/** What a reply makes of a write: its entity's outcome, or what is still to be written of it. Nothing where that is known already. */
export type Judged = { readonly outcome: Outcome } | { readonly deferred: Deferred } | undefined;

/** The books of first writes: what left relations out, or was refused for a missing target, waits for the first round of second writes. */
export function firstWrites(ledger: Ledger, keys: KeySet): Books {
  return booksOf(ledger, keys, { round: 0, judge: judgeFirst });
}

/**
 * Books in a ledger. Writes deferred ones, reasons and the journal before the counts, in this order.
 *
 * @param round - the round of second writes that takes what waits
 */
export function booksOf(
  ledger: Ledger,
  keys: KeySet,
  { round, judge }: { readonly round: number; readonly judge: (settled: Settled) => Judged },
): Books {
  return {
    async sending({ mode, writes }, atMs) {
      // Mode create must not be repeated blindly, not even by an import that is resumed.
      if (mode === "create") {
        const entities = writes.map(
          ({ entity: { at, resource, item } }) => [at.source, at.position, resource, item] as const,
        );
        await ledger.journal({ line: "sent", entities, ...(atMs !== undefined && { atMs }) });
      }
      const held = writes.flatMap(({ entity: { at, resource, item, key, before } }) =>
        before === undefined ? [] : [{ at, resource, item, blueprint: key.blueprint, before }],
      );
      if (held.length > 0) await ledger.journal({ line: "before", entities: held });
    },
    async settled(settled) {
      const outcomes: Outcome[] = [];
      const deferred: Deferred[] = [];
      for (const one of settled) {
        if (isWritten(one)) acknowledge(keys, one.write.entity);
        const judged = judge(one);
        if (judged === undefined) continue;
        if ("outcome" in judged) outcomes.push(judged.outcome);
        else deferred.push(judged.deferred);
      }
      await defer(ledger, round, deferred);
      await ledger.takeOutcomes(outcomes);
      await ledger.journal({ line: "reply", settled: journaled(settled, outcomes) });
    },
  };
}

/** Keeps what waits for a round of second writes. */
export async function defer(ledger: Ledger, round: number, deferred: readonly Deferred[]): Promise<void> {
  for (const [source, items] of groupBy(deferred, ({ entity }) => entity.at.source))
    await ledger.waiting(round).append(source, items);
}

/** Notes that the catalog holds an entity by now. */
export function acknowledge(keys: KeySet, { key }: Pick<Entity, "key">): void {
  const entry = keys.find(key);
  if (entry >= 0) keys.acknowledge(entry);
}

/** The outcome of an entity that was written; one that is known to lack something counts as rejected all the same. */
export function outcomeOf(entity: Entity, is: "created" | "updated"): Outcome {
  if (entity.rejected === undefined) return { ...placeOf(entity), is };
  return { ...placeOf(entity), is: "rejected", reject: { ...entity.rejected, stage: "write", ...originOf(entity) } };
}

/** One whose fields could not be cleared is written, too. */
function isWritten({ verdict }: Settled): boolean {
  return (
    verdict.is === "created" || verdict.is === "updated" || (verdict.is === "rejected" && verdict.isWritten === true)
  );
}

function judgeFirst({ write, verdict }: Settled): Judged {
  const entity = write.deferred?.entity ?? write.entity;
  if (verdict.is === "unmet") return { deferred: { entity, waiting: [] } };
  if (verdict.is === "rejected") return { outcome: { ...placeOf(entity), is: "rejected", reject: verdict.reject } };
  if (write.deferred === undefined) return { outcome: outcomeOf(entity, verdict.is) };
  return { deferred: { entity: withoutClears(entity), waiting: write.deferred.waiting, first: verdict.is } };
}

/** An entity of which nothing is left to be cleared. */
function withoutClears({ clears: _, ...entity }: Entity): Entity {
  return entity;
}

/** What the journal keeps: the outcome where there is one, else how far the entity came. A write that leaves relations out is a first one, whichever its round. */
function journaled(settled: readonly Settled[], outcomes: readonly Outcome[]): JournalReply["settled"] {
  const final = new Map(outcomes.map((outcome) => [placeName(outcome), outcome.is]));
  return settled.map(({ write, verdict }) => {
    const is = final.get(placeName(write.entity));
    return {
      ...placeOf(write.entity),
      is: is === "created" || is === "updated" || is === "rejected" ? is : verdict.is,
      pass: is === undefined && write.deferred !== undefined ? "first" : write.pass,
    };
  });
}
