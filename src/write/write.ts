import type { Batch, Write } from "../entity.js";
import { type ExchangeIo, envelopeBytes, exchangeBatch, maxBodyBytes } from "./exchange.js";

/** How many requests are in flight at once, found from how they fare. */
export interface Width {
  readonly now: number;
  /** Tells of a reply: the time of its exchange in milliseconds, without waiting for the pace, and whether it met trouble (429, 5xx, timeout, network). */
  settle(exchangeMs: number, trouble: boolean): void;
}

/** Width that never changes. */
export function fixedWidth(width: number): Width {
  return { now: width, settle: () => undefined };
}

const startWidth = 8;
const maxWidth = 256;
/** A round whose median takes longer than this multiple of the best round says that the server queues. */
const tolerance = 1.6;
/** Below this a change of latency is noise of the client's own event loop. */
const noiseMs = 5;

/**
 * Width that starts at 8, doubles once a round trip while latency holds, keeps still while it rises, and halves on trouble (once a round, so that one
 * bad moment seen by all requests in flight counts once). 1 to 256.
 */
export function autoWidth(): Width {
  let now = startWidth;
  let best = Number.POSITIVE_INFINITY;
  let times: number[] = [];
  let skip = 0;
  return {
    get now() {
      return now;
    },
    settle(exchangeMs, trouble) {
      if (skip > 0) {
        skip--;
        return;
      }
      if (trouble) {
        skip = now;
        now = Math.max(1, Math.floor(now / 2));
        times = [];
        return;
      }
      times.push(exchangeMs);
      if (times.length < now) return;
      const median = times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
      times = [];
      best = Math.min(best, median);
      if (median <= Math.max(best * tolerance, best + noiseMs)) now = Math.min(maxWidth, now * 2);
    },
  };
}

/** Most bytes of request bodies in flight. */
export const maxBytesInFlight = 32 * 1024 * 1024;

/** What writing needs from outside. When its signal is aborted no further batch is started, and those in flight are finished. */
export interface WriteIo extends ExchangeIo {
  readonly width: Width;
  /** Called at the first error, so that whoever brings batches can stop waiting for more. */
  readonly onFailure?: () => void;
}

/**
 * Writes batches, several at once: the only concurrency of an import. Takes a batch only when one may start, so that reading waits for writing; writes
 * of one entity follow each other.
 *
 * @returns when every started batch is settled
 * @throws the first error, of an exchange or of `batches`, after everything in flight is settled
 */
export async function writeBatches(batches: AsyncIterable<Batch>, io: WriteIo): Promise<void> {
  const failed: { error?: unknown } = {};
  const inFlight = new Set<Promise<void>>();
  const keys = new Set<string>();
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
        !names.some((name) => keys.has(name));
      while (!stopped() && inFlight.size > 0 && !mayStart())
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (stopped()) break;
      bytes += batch.bytes;
      for (const name of names) keys.add(name);
      const task = exchangeBatch(batch, io)
        .catch(fail)
        .finally(() => {
          bytes -= batch.bytes;
          for (const name of names) keys.delete(name);
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

/** Most entities in a request. @source API reference, "Create multiple entities": no more than 20 entities per request */
export const maxBatchEntities = 20;
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
