import type { Batch, Write } from "../entity.js";
import type { BulkReply, ItemResult } from "../reply.js";
import { splitBatch, withWrites } from "./batch.js";
import { type FoundEntity, isCreated, judgeFound } from "./read-back.js";
import { type Verdict, verdictOf, verdictOfSize } from "./verdict.js";

/** A write and what the API said of it. */
export interface Settled {
  readonly write: Write;
  readonly verdict: Verdict;
}

/** What an exchange needs from outside. */
export interface ExchangeIo {
  /** Sends one request; see the API's client. */
  send(batch: Batch): Promise<BulkReply>;
  /** Whole entities by identifier, of those asked for. */
  lookUp(blueprint: string, identifiers: readonly string[]): Promise<ReadonlyMap<string, FoundEntity>>;
  /** Takes the verdicts of a reply. Awaited before the request's place in flight is free again. */
  settle(batch: Batch, verdicts: readonly Settled[]): Promise<void>;
  /** Waits before entities are sent again. @throws the reason when the wait is ended */
  sleep(ms: number): Promise<void>;
  /** Aborted: nothing further is sent, and what has no verdict is left without. */
  readonly signal?: AbortSignal | undefined;
}

/** What earlier requests for the same entities came to. */
interface Past {
  /** Requests so far that left some of these entities without a verdict. */
  readonly rounds: number;
  /** When the first of them began by the server's clock. */
  readonly sentAtMs?: number | undefined;
  /** True when one of them may have been done without telling. */
  readonly doubtful: boolean;
}

/** Requests for one entity whose replies tell nothing of it, or of a passing fault, before it counts as refused. */
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
  const reply = await io.send(batch);
  const [only] = batch.writes;
  if (reply.is !== "settled" && batch.writes.length > 1) {
    for (const half of splitBatch(batch)) {
      if (io.signal?.aborted) return;
      await exchangeBatch(half, io, past);
    }
  } else if (reply.is === "tooLarge") {
    if (only !== undefined) await io.settle(batch, [{ write: only, verdict: verdictOfSize(only) }]);
  } else {
    const again = await settleReply(batch, ofEach(reply), io, past);
    if (again === undefined || io.signal?.aborted) return;
    if (again.pauseMs > 0) await io.sleep(again.pauseMs);
    if (!io.signal?.aborted) await exchangeBatch(again.batch, io, again.past);
  }
}

/** A request of one entity that was refused as a whole says it of that entity. */
function ofEach(reply: Exclude<BulkReply, { is: "tooLarge" }>): Extract<BulkReply, { is: "settled" }> {
  if (reply.is === "settled") return reply;
  const { status, error, message, traceId } = reply;
  const results = [{ is: "refused", status, error, message }] as const;
  return { is: "settled", results, ...(traceId !== undefined && { traceId }) };
}

interface Again {
  readonly batch: Batch;
  readonly past: Past;
  readonly pauseMs: number;
}

/** Settles what the reply and the catalog tell; gives what must be sent again. */
async function settleReply(
  batch: Batch,
  reply: Extract<BulkReply, { is: "settled" }>,
  io: ExchangeIo,
  past: Past,
): Promise<Again | undefined> {
  const rounds = past.rounds + 1;
  const sentAtMs = past.sentAtMs ?? reply.sentAtMs;
  const settled: Settled[] = [];
  const doubtful: Write[] = [];
  const again: Write[] = [];
  batch.writes.forEach((write, i) => {
    const result = reply.results[i] ?? unknown;
    const passes = result.is === "refused" && passing.has(result.status);
    if (result.is === "unknown" || (write.mode === "create" && isClash(result, past))) doubtful.push(write);
    else if (passes && rounds < maxRounds) again.push(write);
    else settled.push({ write, verdict: verdictOf(write, result, reply.traceId) });
  });
  // Those that the reply settles are safe before anything else is asked.
  if (settled.length > 0) await io.settle(batch, settled);
  const failed = again.length;
  if (doubtful.length > 0 && !io.signal?.aborted) {
    const found = await readBack(batch.blueprint, doubtful, io);
    const late: Settled[] = [];
    for (const write of doubtful) {
      const verdict = verdictOfFound(write, found.get(write.entity.key.identifier), { sentAtMs, rounds });
      if (verdict === undefined) again.push(write);
      else late.push({ write, verdict });
    }
    if (late.length > 0) await io.settle(batch, late);
  }
  if (again.length === 0) return undefined;
  return {
    batch: withWrites(batch, again),
    past: { rounds, sentAtMs, doubtful: past.doubtful || doubtful.length + failed > 0 },
    pauseMs: failed > 0 || rounds > 1 ? firstPauseMs * 2 ** (rounds - 1) : 0,
  };
}

const unknown: ItemResult = { is: "unknown" };

/** Mode create: an entity that an earlier request may have made. */
function isClash(result: ItemResult, past: Past): boolean {
  return past.doubtful && result.is === "refused" && result.status === 409;
}

async function readBack(
  blueprint: string,
  writes: readonly Write[],
  io: ExchangeIo,
): Promise<ReadonlyMap<string, FoundEntity>> {
  // A search in place of an identifier names an entity that the API alone knows.
  const named = writes.filter(({ entity }) => typeof entity.body.identifier === "string");
  return named.length === 0
    ? new Map()
    : io.lookUp(
        blueprint,
        named.map(({ entity }) => entity.key.identifier),
      );
}

/** The verdict that the catalog gives; undefined when the entity must be sent again. */
function verdictOfFound(
  write: Write,
  found: FoundEntity | undefined,
  { sentAtMs, rounds }: { readonly sentAtMs: number | undefined; readonly rounds: number },
): Verdict | undefined {
  const is = judgeFound(write, found, sentAtMs);
  if (is === "created" || is === "updated") return { is };
  if (is === "exists") return verdictOf(write, { is: "refused", status: 409, error: "conflict", message: "" });
  if (rounds < maxRounds) return undefined;
  if (is === "unclear") return { is: isCreated(found, sentAtMs) ? "created" : "updated" };
  return verdictOf(write, unknown);
}
