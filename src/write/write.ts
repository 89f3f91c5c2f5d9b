import pLimit from "p-limit";
import type { Batch, Write } from "../entity.js";
import type { BulkReply, ItemResult } from "../reply.js";
import { splitBatch } from "./batch.js";
import { type Verdict, verdictOf, verdictOfSize, verdictOfWhole } from "./verdict.js";
import type { Width } from "./width.js";

/** Most bytes of request bodies in flight. */
export const maxBytesInFlight = 32 * 1024 * 1024;

/** What writing needs from outside. */
export interface WriteIo {
  /** Sends one request; see the API's client. */
  send(batch: Batch): Promise<BulkReply>;
  /** Takes the verdicts of a reply. Awaited before the request's place in flight is free again. */
  settle(batch: Batch, verdicts: readonly Settled[]): Promise<void>;
  readonly width: Width;
  /** Aborted: no further batch is started, those in flight are finished. */
  readonly signal?: AbortSignal | undefined;
}

/** A write and what the API said of it. */
export interface Settled {
  readonly write: Write;
  readonly verdict: Verdict;
}

/**
 * Writes batches, several at once: the only concurrency of an import. Takes a batch only when one may start, so that reading waits for writing.
 *
 * @returns when every started batch is settled
 * @throws the first error of `send` or `settle`, after the others in flight are settled
 */
export async function writeBatches(batches: AsyncIterable<Batch>, io: WriteIo): Promise<void> {
  const limit = pLimit(io.width.now);
  const failed: { error?: unknown } = {};
  const inFlight = new Set<Promise<void>>();
  let bytes = 0;
  const stopped = (): boolean => "error" in failed || io.signal?.aborted === true;
  for await (const batch of batches) {
    while (!stopped() && inFlight.size > 0 && (inFlight.size >= io.width.now || bytes + batch.bytes > maxBytesInFlight))
      await Promise.race(inFlight);
    if (stopped()) break;
    limit.concurrency = io.width.now;
    bytes += batch.bytes;
    const task = limit(() => writeBatch(batch, io))
      .catch((error: unknown) => {
        if (!("error" in failed)) failed.error = error;
      })
      .finally(() => {
        bytes -= batch.bytes;
        inFlight.delete(task);
      });
    inFlight.add(task);
  }
  await Promise.all(inFlight);
  if ("error" in failed) throw failed.error;
}

/** Sends a batch; one that is too large or refused as a whole is halved down to the entity at fault, so that it never costs its neighbours. */
async function writeBatch(batch: Batch, io: WriteIo): Promise<void> {
  const reply = await io.send(batch);
  const [only] = batch.writes;
  if (reply.is === "settled") {
    await io.settle(
      batch,
      batch.writes.map((write, i) => ({ write, verdict: verdictOf(write, resultAt(reply.results, i), reply.traceId) })),
    );
  } else if (batch.writes.length > 1) {
    for (const half of splitBatch(batch)) {
      if (io.signal?.aborted) return;
      await writeBatch(half, io);
    }
  } else if (only !== undefined) {
    const verdict = reply.is === "tooLarge" ? verdictOfSize(only) : verdictOfWhole(only, reply);
    await io.settle(batch, [{ write: only, verdict }]);
  }
}

function resultAt(results: readonly ItemResult[], index: number): ItemResult {
  return results[index] ?? { is: "unknown" };
}
