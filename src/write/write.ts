import type { Batch } from "../entity.js";
import { type ExchangeIo, exchangeBatch } from "./exchange.js";
import type { Width } from "./width.js";

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
