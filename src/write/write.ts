import type { Batch } from "../entity.js";
import { type ExchangeIo, exchangeBatch } from "./exchange.js";

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
 * @throws the first error of `send` or `settle`, else that of `batches`; after everything in flight is settled
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
