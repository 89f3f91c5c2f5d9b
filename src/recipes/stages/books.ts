import { type Entity, type Mode, originOf, targetsOf, type Write } from "../../entity.js";
import { type Deferred, type Outcome, rejectedOutcome } from "../../outcome.js";
import type { Reject, RejectCode } from "../../reject.js";
import { noCode, type Origin, wordsOf } from "../../reply.js";
import type { KeySet } from "../../settle/keys.js";
import { printsOf } from "../../settle/trace.js";
import type { JournalBefore, JournalWrote, Settled } from "../../state/journal-lines.js";
import type { Verdict } from "../../verdict.js";
import { maxBodyBytes } from "../../write/batch.js";
import type { Books } from "../../write/write.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { groupBy } from "./ahead.js";
import type { SearchWatch } from "./searched-targets.js";

/** The books of first writes: what left relations out, or was refused for a missing target, waits for the first round of second writes. */
export function booksOfFirstWrites(target: Booked, ledger: Ledger, keys: KeySet, searches: SearchWatch): Books {
  return booksOf(target, ledger, keys, { round: 0, judge: outcomeOf, searches });
}

/** What a verdict means for the entity of a write: its outcome, or that it waits. */
type Judge = (write: Write, verdict: Verdict) => Outcome | Deferred;

/**
 * Books in a ledger: what waits and the reasons first, then the journal.
 *
 * @param round - the round of second writes that takes what waits
 */
export function booksOf(
  target: Booked,
  ledger: Ledger,
  keys: KeySet,
  { round, judge, searches }: { readonly round: number; readonly judge: Judge; readonly searches: SearchWatch },
): Books {
  const { isForecast } = target;
  return {
    async sending({ mode, writes }, atMs) {
      // Mode create must not be repeated blindly, not even by a resumed import.
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
        return reject === undefined ? end : rejectedOutcome(write.entity, reject, "updated");
      });
      // What waits, the counts and the reasons; then the journal, so that none of its lines is without its reason.
      await defer(
        ledger,
        round,
        ends.filter((end) => end.is === "deferred"),
      );
      await ledger.takeOutcomes(ends.filter((end) => end.is !== "deferred"));
      const keepsPrints = ledger.counts.entities.created <= maxPrinted;
      const wrote = isForecast ? undefined : writtenUnseen(verdicts, target, keepsPrints);
      await Promise.all([
        // Before the reply: a torn end must not lose a creation.
        wrote && ledger.journal(wrote),
        ledger.journal({ line: "reply", settled: ends.flatMap(journaled) }),
      ]);
      // Of interest only where targets were named by a search.
      await searches.written(verdicts);
    },
  };
}

/** What the books of writes need of the target. */
type Booked = Pick<Target, "clear" | "isForecast" | "rules" | "serverNow">;

/** What the journal keeps of an entity before it is sent, where it was looked up. */
function heldBefore(entity: Entity, mode: Mode): JournalBefore["entities"] {
  const { at, resource, item, key, before, clears } = entity;
  if (before === undefined) return [];
  const { blueprint } = key;
  // The body is parsed again: only where it is kept.
  return [{ at, resource, item, blueprint, before, mode, sent: entity.body, ...(clears && { clears }) }];
}

/** A fingerprint costs a third of an entity's import: the undo of a larger run relies on dates. */
const maxPrinted = 10_000;

/** What the journal keeps of entities that are written by now and were not looked up before. */
function writtenUnseen(
  verdicts: ReadonlyMap<Write, Verdict>,
  { rules, serverNow }: Pick<Target, "rules" | "serverNow">,
  keepsPrints: boolean,
): JournalWrote | undefined {
  const atMs = serverNow();
  const created: string[] = [];
  const updated: string[] = [];
  const left: string[] = [];
  let blueprint = "";
  for (const [write, { is }] of verdicts) {
    const { entity } = write;
    if (entity.before !== undefined) continue;
    blueprint = entity.key.blueprint;
    if (is === "updated") updated.push(entity.key.identifier);
    if (is !== "created") continue;
    created.push(entity.key.identifier);
    if (keepsPrints) left.push(printsOf(write, rules.blueprints.get(blueprint)));
  }
  if (created.length + updated.length === 0) return undefined;
  const prints = left.length > 0 && { left };
  return { line: "wrote", blueprint, created, updated, ...prints, ...(atMs !== undefined && { atMs }) };
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
  // The write is noted first: the last line of an entity is its outcome.
  if (is === "rejected" && end.written !== undefined)
    return [
      { at, resource, item, is: "deferred", first: end.written },
      { at, resource, item, is },
    ];
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

function rejectOfClear(write: Write, clears: readonly string[], reply: Parameters<typeof wordsOf>[0] & Origin): Reject {
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

/**
 * What a verdict means for the entity of a write: its outcome, or that it waits for a further write, because this one left relations out or was refused
 * for a target that does not exist (yet).
 */
export function outcomeOf(write: Write, verdict: Verdict): Outcome | Deferred {
  const entity = write.deferred?.entity ?? write.entity;
  if (verdict.is === "created" || verdict.is === "updated") {
    if (write.deferred === undefined) return writtenOutcome(entity, verdict.is);
    return { is: "deferred", entity: withoutClears(entity), waiting: write.deferred.waiting, first: verdict.is };
  }
  const reject = rejectOf(write, verdict);
  if (reject.code === "relation_target_missing") return { is: "deferred", entity, waiting: [] };
  return rejectedOutcome(entity, reject);
}

/** The outcome of an entity that the catalog holds by now; one that is known to lack something counts as rejected all the same. */
export function writtenOutcome(entity: Entity, is: "created" | "updated" | "unchanged"): Outcome {
  const { at, resource, item, key } = entity;
  if (entity.rejected === undefined) return { at, resource, item, key, is };
  return rejectedOutcome(entity, { ...entity.rejected, stage: "write", ...originOf(entity) }, is);
}

/**
 * The reject of a write that was not done.
 *
 * A 409 is a conflict of mode create, whatever its code; a 404 of an entity with relations is a missing target.
 */
export function rejectOf(write: Write, verdict: Exclude<Verdict, { is: "created" | "updated" }>): Reject {
  if (verdict.is === "unknown")
    return reject(write, "no_verdict", "the reply says nothing of this entity; look whether it was written");
  const { status, traceId } = verdict;
  const facts = { status, ...(traceId !== undefined && { traceId }) };
  const said = verdict.message === "" ? `status ${status}, ${verdict.error}` : `${verdict.error}: ${verdict.message}`;
  if (status === 409 && write.mode === "create")
    return reject(write, "already_exists", "the entity exists, and the mode is create", facts);
  if (status === 404 && namesTargets(write)) return reject(write, "relation_target_missing", said, facts);
  if (status === 413) return reject(write, "entity_too_large", tooLarge(write, verdict), facts);
  return reject(write, "refused_by_api", said, facts);
}

/** An entity with nothing left to clear. */
export function withoutClears(entity: Entity): Entity {
  return entity.with({ clears: undefined });
}

function tooLarge({ entity: { bytes } }: Write, { error, message }: { error: string; message: string }): string {
  const size = bytes.toLocaleString("en");
  if (bytes > maxBodyBytes / 2)
    return `the entity has ${size} bytes, more than a request may carry (1 MiB); map less into it`;
  const said = [error === noCode ? "" : error, message].filter((part) => part !== "").join(": ");
  return `the server takes no request with its ${size} bytes (status 413${said === "" ? "" : `, ${said}`}), although the API takes 1 MiB: look what is between`;
}

function namesTargets({ entity }: Write): boolean {
  return Object.values(entity.relations).some((value) => targetsOf(value).length > 0);
}

function reject(
  { entity }: Write,
  code: RejectCode,
  message: string,
  facts: { readonly status?: number; readonly traceId?: string } = {},
): Reject {
  return { code, stage: "write", message, ...originOf(entity), ...facts };
}
