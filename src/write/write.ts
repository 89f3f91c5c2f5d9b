import type { Blueprint } from "../blueprint.js";
import type { Batch, FoundEntity, Mode, Write } from "../entity.js";
import type { Reply } from "../reply.js";
import type { Verdict } from "../verdict.js";
import { splitBatch, withWrites } from "./batch.js";
import { isCreated, judgeFound, type Times } from "./read-back.js";

/** Most bytes of request bodies in flight. */
export const maxBytesInFlight = 32 * 1024 * 1024;

/** What writing needs from outside. When its signal is aborted no further batch is started, and those in flight are finished. */
export interface WriteIo extends ExchangeIo {
  /** How many requests may be in flight at this moment. */
  readonly width: { readonly now: number };
  /** Called at the first error, so that whoever brings batches can stop waiting for more. */
  readonly onFailure?: () => void;
}

/**
 * Writes batches, several at once. Takes a batch only when one may start, so that reading waits for writing; writes
 * of one entity follow each other.
 *
 * @returns when every started batch is settled
 * @throws the first error, of an exchange or of `batches`, after everything in flight is settled
 */
export async function writeBatches(batches: AsyncIterable<Batch>, io: WriteIo): Promise<void> {
  const failed: { error?: unknown } = {};
  const inFlight = new Set<Promise<void>>();
  const namesInFlight = new Set<string>();
  let bytes = 0;
  // Not Promise.race: that leaves a reaction at every promise in flight, each time.
  let wake = (): void => undefined;
  const stopped = (): boolean => "error" in failed || io.signal?.aborted === true;
  const fail = (error: unknown): void => {
    if ("error" in failed) return;
    failed.error = error;
    io.onFailure?.();
  };
  try {
    for await (const batch of batches) {
      const names = batch.writes.map(({ entity }) => `${batch.blueprint} ${entity.key.identifier}`);
      // Two writes of one entity at once would end in any order.
      const mayStart = (): boolean =>
        inFlight.size < io.width.now &&
        bytes + batch.bytes <= maxBytesInFlight &&
        !names.some((name) => namesInFlight.has(name));
      while (!stopped() && inFlight.size > 0 && !mayStart())
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (stopped()) break;
      bytes += batch.bytes;
      for (const name of names) namesInFlight.add(name);
      const task = exchangeBatch(batch, io)
        .catch(fail)
        .finally(() => {
          bytes -= batch.bytes;
          for (const name of names) namesInFlight.delete(name);
          inFlight.delete(task);
          wake();
        });
      inFlight.add(task);
    }
  } catch (error) {
    fail(error);
  }
  // A source that breaks off, too, waits for what is in flight: it is to be accounted for.
  await Promise.all(inFlight);
  if ("error" in failed) throw failed.error;
}

/** Where batches are written: the part of a run's target that writing needs. */
export interface BatchTarget {
  readonly rules: {
    /** Types of the properties of what is read back. */
    readonly blueprints: ReadonlyMap<string, Blueprint>;
    /** Whether the API makes missing relation targets itself. */
    readonly createMissing: boolean;
  };
  /** Sends one request with entities as JSON text (of an import: `createBulkCall`, api/bulk.ts): a verdict on each, in their order. */
  upsert(
    blueprint: string,
    items: readonly string[],
    flags: { readonly mode: Mode; readonly createMissing: boolean },
  ): Promise<Reply<readonly Verdict[]>>;
  /** Whole entities by identifier, of those asked for. */
  lookUp(blueprint: string, identifiers: readonly string[]): Promise<ReadonlyMap<string, FoundEntity>>;
  /** The server's clock, milliseconds since the epoch; undefined where it is not known. */
  serverNow(): number | undefined;
}

/** Keeps what is sent and what became of it: of a run, `booksOf` (`recipes/stages/books.ts`). */
export interface Books {
  /** Receives a batch before it is sent. @param atMs - the server's clock */
  sending(batch: Batch, atMs: number | undefined): Promise<void>;
  /** Receives the verdicts on some writes of a request, each write's once. Awaited before the request's place in flight is free again. */
  settled(verdicts: ReadonlyMap<Write, Verdict>): Promise<void>;
}

/** What an exchange needs from outside. */
export interface ExchangeIo {
  readonly target: BatchTarget;
  readonly books: Books;
  /** Waits before entities are sent again. @throws the reason when the wait is ended */
  sleep(ms: number): Promise<void>;
  /** Aborted: nothing further is sent, and what has no verdict is left without. */
  readonly signal?: AbortSignal | undefined;
}

/** The results of earlier requests for the same entities. */
interface Past {
  /** Requests so far that left some of these entities without a verdict. */
  readonly rounds: number;
  /** When the first of them began by the server's clock. */
  readonly sentAtMs?: number | undefined;
  /** True when one of them may have been done without telling. */
  readonly doubtful: boolean;
}

/** Requests for one entity whose replies say nothing of it, or report a passing fault, before it counts as refused. */
const maxRounds = 6;
const firstPauseMs = 500;
/** Faults of a single entity that pass. @source RFC 9110 §15 */
const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Sends a batch and settles each of its entities exactly once, whatever the replies are like.
 *
 * A batch that is too large or refused as a whole is halved down to the entity at fault, so that it never costs its neighbours. Entities of which a
 * reply says nothing are read back, and sent again only where the catalog shows that they were not written; those with a passing fault are sent again.
 */
export async function exchangeBatch(
  batch: Batch,
  io: ExchangeIo,
  past: Past = { rounds: 0, doubtful: false },
): Promise<void> {
  const { target, books } = io;
  await books.sending(batch, target.serverNow());
  const items = batch.writes.map(({ entity }) => entity.json);
  const { createMissing } = target.rules;
  const reply = await target.upsert(batch.blueprint, items, { mode: batch.mode, createMissing });
  if (reply.is === "refused" && batch.writes.length > 1) {
    for (const half of splitBatch(batch)) {
      if (io.signal?.aborted) return;
      await exchangeBatch(half, io, past);
    }
    return;
  }
  const again = await settleReply(batch, reply, io, past);
  if (again === undefined || io.signal?.aborted) return;
  if (again.pauseMs > 0) await io.sleep(again.pauseMs);
  if (!io.signal?.aborted) await exchangeBatch(again.batch, io, again.past);
}

/** Verdicts by position. A request of one entity that was refused as a whole says it of that entity; a lost one says nothing of any. */
function verdictsOf(reply: Reply<readonly Verdict[]>): readonly Verdict[] {
  if (reply.is === "lost") return [];
  if (reply.is === "done") return reply.body;
  const { is, status, error, message, traceId } = reply;
  return [{ is, status, error, message, ...(traceId !== undefined && { traceId }) }];
}

interface Again {
  readonly batch: Batch;
  readonly past: Past;
  readonly pauseMs: number;
}

/** Settles what the reply and the catalog decide; gives what must be sent again. */
async function settleReply(
  batch: Batch,
  reply: Reply<readonly Verdict[]>,
  io: ExchangeIo,
  past: Past,
): Promise<Again | undefined> {
  const rounds = past.rounds + 1;
  const sentAtMs = past.sentAtMs ?? reply.sentAtMs;
  const verdicts = verdictsOf(reply);
  const settled = new Map<Write, Verdict>();
  const doubtful: Write[] = [];
  const again: Write[] = [];
  batch.writes.forEach((write, i) => {
    const verdict = verdicts[i] ?? unknown;
    const passes = verdict.is === "refused" && passing.has(verdict.status);
    if (verdict.is === "unknown" || (write.mode === "create" && isClash(verdict, past))) doubtful.push(write);
    else if (passes && rounds < maxRounds) again.push(write);
    else settled.set(write, verdict);
  });
  // Those that the reply settles are safe before anything else is asked.
  if (settled.size > 0) await io.books.settled(settled);
  const failed = again.length;
  if (doubtful.length > 0 && !io.signal?.aborted) {
    const found = await readBack(batch.blueprint, doubtful, io);
    const times = { sentAtMs, readAtMs: io.target.serverNow() };
    const late = new Map<Write, Verdict>();
    for (const write of doubtful) {
      const verdict = verdictOfFound(write, found.get(write.entity.key.identifier), times, rounds, io);
      if (verdict === undefined) again.push(write);
      else late.set(write, verdict);
    }
    if (late.size > 0) await io.books.settled(late);
  }
  if (again.length === 0) return undefined;
  return {
    batch: withWrites(batch, again),
    past: { rounds, sentAtMs, doubtful: past.doubtful || doubtful.length + failed > 0 },
    pauseMs: failed > 0 || rounds > 1 ? firstPauseMs * 2 ** (rounds - 1) : 0,
  };
}

const unknown: Verdict = { is: "unknown" };

/** Mode create: an entity that an earlier request may have made. */
function isClash(verdict: Verdict, past: Past): boolean {
  return past.doubtful && verdict.is === "refused" && verdict.status === 409;
}

async function readBack(
  blueprint: string,
  writes: readonly Write[],
  io: ExchangeIo,
): Promise<ReadonlyMap<string, FoundEntity>> {
  // A search in place of an identifier names an entity that the API alone knows.
  const named = writes.filter(({ entity }) => entity.isNamed);
  return named.length === 0
    ? new Map()
    : io.target.lookUp(
        blueprint,
        named.map(({ entity }) => entity.key.identifier),
      );
}

/** The verdict that the catalog gives; undefined when the entity must be sent again. */
function verdictOfFound(
  write: Write,
  found: FoundEntity | undefined,
  times: Times,
  rounds: number,
  io: ExchangeIo,
): Verdict | undefined {
  const is = judgeFound(write, found, times, io.target.rules.blueprints.get(write.entity.key.blueprint));
  if (is === "created" || is === "updated") return { is };
  if (is === "exists") return conflict;
  if (rounds < maxRounds) return undefined;
  return is === "unclear" ? { is: isCreated(found, times) ? "created" : "updated" } : unknown;
}

/** Mode create: the entity was there before. */
export const conflict = { is: "refused", status: 409, error: "conflict", message: "" } as const satisfies Verdict;
