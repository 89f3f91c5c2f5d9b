import { type Entity, type Mode, originOf, type Write } from "../../entity.js";
import { type Deferred, type Outcome, placeOf } from "../../outcome.js";
import type { Reject } from "../../reject.js";
import { wordsOf } from "../../reply.js";
import type { KeySet } from "../../settle/keys.js";
import type { JournalBefore, JournalWrote, Settled } from "../../state/journal-lines.js";
import type { Verdict } from "../../verdict.js";
import type { Books } from "../../write/exchange.js";
import { outcomeOf } from "../../write/outcome.js";
import { groupBy } from "../run/inventory.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import type { SearchWatch } from "./searched-targets.js";

/** The books of first writes: what left relations out, or was refused for a missing target, waits for the first round of second writes. */
export function booksOfFirstWrites(target: Written, ledger: Ledger, keys: KeySet, searches: SearchWatch): Books {
  return booksOf(target, ledger, keys, { round: 0, judge: outcomeOf, searches });
}

/** What a verdict means for the entity of a write: its outcome, or that it waits. */
export type Judge = (write: Write, verdict: Verdict) => Outcome | Deferred;

/**
 * Books in a ledger: what waits and the reasons first, then the journal.
 *
 * @param round - the round of second writes that takes what waits
 */
export function booksOf(
  target: Written,
  ledger: Ledger,
  keys: KeySet,
  { round, judge, searches }: { readonly round: number; readonly judge: Judge; readonly searches: SearchWatch },
): Books {
  const { isForecast, serverNow } = target;
  return {
    async sending({ mode, writes }, atMs) {
      // Mode create must not be repeated blindly, not even by an import that is resumed.
      if (mode === "create") {
        const entities = writes.map(
          ({ entity: { at, resource, item } }) => [at.source, at.position, resource, item] as const,
        );
        await ledger.journal({ line: "sent", entities, ...(atMs !== undefined && { atMs }) });
      }
      const held = isForecast ? [] : writes.flatMap(({ entity }) => heldBefore(entity, mode));
      if (held.length > 0) await ledger.journal({ line: "before", entities: held });
    },
    async settled(verdicts) {
      const uncleared = await clearFields(verdicts, target);
      const ends = [...verdicts].map(([write, verdict]): Outcome | Deferred => {
        if (verdict.is === "created" || verdict.is === "updated") acknowledge(keys, write.entity);
        const end = judge(write, verdict);
        const reject = uncleared.get(write);
        return reject === undefined ? end : { ...placeOf(write.entity), is: "rejected", reject };
      });
      await defer(
        ledger,
        round,
        ends.filter((end) => end.is === "deferred"),
      );
      await ledger.takeOutcomes(ends.filter((end) => end.is !== "deferred"));
      const wrote = isForecast ? undefined : writtenUnseen(verdicts, serverNow());
      await Promise.all([
        // Before the reply: what a torn end leaves of the two must not miss a creation.
        wrote && ledger.journal(wrote),
        ledger.journal({ line: "reply", settled: ends.flatMap(journaled) }),
      ]);
      await searches.written(verdicts);
    },
  };
}

/** What the books of writes need of the target. */
type Written = Pick<Target, "clear" | "isForecast" | "serverNow">;

/** What the journal keeps of an entity before it is sent, where it was looked up. */
function heldBefore(entity: Entity, mode: Mode): JournalBefore["entities"] {
  const { at, resource, item, key, before, clears, body } = entity;
  if (before === undefined) return [];
  return [{ at, resource, item, blueprint: key.blueprint, before, mode, sent: body, ...(clears && { clears }) }];
}

/** What the journal keeps of entities that are written by now and were not looked up before. */
function writtenUnseen(verdicts: ReadonlyMap<Write, Verdict>, atMs: number | undefined): JournalWrote | undefined {
  const created: string[] = [];
  const updated: string[] = [];
  let blueprint = "";
  for (const [{ entity }, { is }] of verdicts) {
    if (entity.before !== undefined) continue;
    blueprint = entity.key.blueprint;
    if (is === "created") created.push(entity.key.identifier);
    else if (is === "updated") updated.push(entity.key.identifier);
  }
  if (created.length + updated.length === 0) return undefined;
  return { line: "wrote", blueprint, created, updated, ...(atMs !== undefined && { atMs }) };
}

/** Keeps what waits for a round of second writes. */
export async function defer(ledger: Ledger, round: number, deferred: readonly Deferred[]): Promise<void> {
  if (round === 0 && deferred.some(({ first, waiting }) => first === undefined && waiting.length === 0))
    ledger.noteLackingTarget();
  for (const [source, items] of groupBy(deferred, ({ entity }) => entity.at.source))
    await ledger.waiting(round).append(source, items);
}

/** Notes that the catalog holds an entity by now. */
export function acknowledge(keys: KeySet, { key }: Pick<Entity, "key">): void {
  const entry = keys.find(key);
  if (entry >= 0) keys.acknowledge(entry);
}

/** What the journal keeps of what a reply settled. */
export function journaled(end: Outcome | Deferred): readonly Settled[] {
  if (end.is === "deferred") {
    const { at, resource, item } = end.entity;
    const first = end.first === "unchanged" ? undefined : end.first;
    return [{ at, resource, item, is: "deferred", ...(first !== undefined && { first }) }];
  }
  const { at, resource, item, is } = end;
  return is === "created" || is === "updated" || is === "rejected" ? [{ at, resource, item, is }] : [];
}

/**
 * Clears titles, icons and teams of entities that a reply says are updated, each by a PATCH of its own, since an upsert takes no null there. What was
 * created has none yet. A second write follows for an entity whose first one did this, unless the API refused that one; it is without `clears` by then.
 *
 * @returns the rejects of those that are refused
 */
async function clearFields(
  verdicts: ReadonlyMap<Write, Verdict>,
  target: Pick<Target, "clear">,
): Promise<ReadonlyMap<Write, Reject>> {
  const uncleared = new Map<Write, Reject>();
  await Promise.all(
    [...verdicts].map(async ([write, { is }]) => {
      const { key, clears = [] } = write.entity;
      if (is !== "updated" || clears.length === 0) return;
      const reply = await target.clear(key, clears);
      if (reply.is === "refused") uncleared.set(write, rejectOfClear(write, clears, reply));
    }),
  );
  return uncleared;
}

function rejectOfClear(write: Write, clears: readonly string[], reply: Parameters<typeof wordsOf>[0] & Traced): Reject {
  const wait = (write.deferred?.waiting.length ?? 0) > 0 ? "; the relations that waited are not written either" : "";
  return {
    code: "refused_by_api",
    stage: "write",
    message: `the entity is written, but its ${clears.join(" and ")} could not be cleared: ${wordsOf(reply)}${wait}`,
    path: clears[0] ?? "title",
    ...originOf(write.entity),
    status: reply.status,
    ...(reply.traceId !== undefined && { traceId: reply.traceId }),
  };
}

interface Traced {
  readonly traceId?: string;
}
