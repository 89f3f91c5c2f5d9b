import type { Blueprint } from "../blueprint.js";
import type { Batch, FoundEntity, Write } from "../entity.js";
import type { Reply } from "../reply.js";
import type { Verdict } from "../verdict.js";
import { isCreated, judgeFound, type Times } from "./read-back.js";

/** Most entities in a request. @source API reference, "Create multiple entities": no more than 20 entities per request */
export const maxBatchEntities = 20;
/** Most bytes in a request body. @source API reference: 413, "Request body is too large (limit is 1MiB)" */
export const maxBodyBytes = 1024 * 1024;
/** Bytes of `{"entities":[]}`. */
const envelopeBytes = 15;

/**
 * Packs writes into requests, in order: at most 20 entities and 1 MiB of UTF-8, one blueprint, one mode, no key twice.
 * A batch is closed as soon as it is full; the last ones when the writes end.
 */
export async function* batchWrites(
  writes: AsyncIterable<readonly Write[]>,
  maxEntities: number = maxBatchEntities,
): AsyncGenerator<Batch> {
  const open = new Map<string, OpenBatch>();
  for await (const chunk of writes) {
    for (const write of chunk) {
      const { blueprint, identifier } = write.entity.key;
      const name = `${write.mode} ${blueprint}`;
      // An earlier write of the same entity goes first, in whatever mode.
      for (const [otherName, other] of open) {
        if (otherName === name || !other.identifiers.has(identifier)) continue;
        if (other.writes[0]?.entity.key.blueprint !== blueprint) continue;
        yield close(other);
        open.delete(otherName);
      }
      let batch = open.get(name) ?? emptyBatch();
      if (isFull(batch, write, maxEntities)) {
        yield close(batch);
        batch = emptyBatch();
      }
      batch.writes.push(write);
      batch.bytes += write.entity.bytes + (batch.writes.length > 1 ? 1 : 0);
      batch.identifiers.add(identifier);
      open.set(name, batch);
      if (batch.writes.length === maxEntities) {
        yield close(batch);
        open.delete(name);
      }
    }
  }
  for (const batch of open.values()) yield close(batch);
}

/** The two halves of a batch that was too large or refused as a whole. */
export function splitBatch(batch: Batch): readonly [Batch, Batch] {
  const middle = Math.ceil(batch.writes.length / 2);
  return [withWrites(batch, batch.writes.slice(0, middle)), withWrites(batch, batch.writes.slice(middle))];
}

/** A batch of some of another's writes. */
function withWrites(batch: Batch, writes: readonly Write[]): Batch {
  return {
    ...batch,
    writes,
    bytes: envelopeBytes + writes.reduce((sum, { entity }) => sum + entity.bytes + 1, -1),
  };
}

interface OpenBatch {
  readonly writes: Write[];
  readonly identifiers: Set<string>;
  bytes: number;
}

const emptyBatch = (): OpenBatch => ({ writes: [], identifiers: new Set(), bytes: envelopeBytes });

function isFull(batch: OpenBatch, write: Write, maxEntities: number): boolean {
  if (batch.writes.length === 0) return false;
  return (
    batch.writes.length >= maxEntities ||
    batch.bytes + write.entity.bytes + 1 > maxBodyBytes ||
    batch.identifiers.has(write.entity.key.identifier)
  );
}

function close({ writes, bytes }: OpenBatch): Batch {
  const first = writes[0] as Write;
  return { blueprint: first.entity.key.blueprint, mode: first.mode, writes, bytes };
}

/** What an exchange needs from outside. */
export interface ExchangeIo {
  /** Sends one request: a verdict on each of its writes, in their order. */
  send(batch: Batch): Promise<Reply<readonly Verdict[]>>;
  /** Whole entities by identifier, of those asked for. */
  lookUp(blueprint: string, identifiers: readonly string[]): Promise<ReadonlyMap<string, FoundEntity>>;
  /** The server's clock, milliseconds since the epoch; undefined where it is not known. */
  serverNow?(): number | undefined;
  /** Types of the properties of what is read back. */
  blueprint?(identifier: string): Blueprint | undefined;
  /** Takes the verdicts on some writes of a request, each write's once. Awaited before the request's place in flight is free again. */
  settle(verdicts: ReadonlyMap<Write, Verdict>): Promise<void>;
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

/** Settles what the reply and the catalog tell; gives what must be sent again. */
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
  if (settled.size > 0) await io.settle(settled);
  const failed = again.length;
  if (doubtful.length > 0 && !io.signal?.aborted) {
    const found = await readBack(batch.blueprint, doubtful, io);
    const times = { sentAtMs, readAtMs: io.serverNow?.() };
    const late = new Map<Write, Verdict>();
    for (const write of doubtful) {
      const verdict = verdictOfFound(write, found.get(write.entity.key.identifier), times, rounds, io);
      if (verdict === undefined) again.push(write);
      else late.set(write, verdict);
    }
    if (late.size > 0) await io.settle(late);
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
    : io.lookUp(
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
  const is = judgeFound(write, found, times, io.blueprint?.(write.entity.key.blueprint));
  if (is === "created" || is === "updated") return { is };
  if (is === "exists") return conflict;
  if (rounds < maxRounds) return undefined;
  return is === "unclear" ? { is: isCreated(found, times) ? "created" : "updated" } : unknown;
}

/** Mode create: the entity was there before. */
export const conflict = { is: "refused", status: 409, error: "conflict", message: "" } as const satisfies Verdict;
