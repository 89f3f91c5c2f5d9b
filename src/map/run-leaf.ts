import { type JqCell, rowsOf } from "./jq-program.js";
import type { JqReply } from "./jq-thread.js";

/** Why a leaf does not come to an end. */
export interface Trouble {
  /** Index of the record, where one alone is to blame. */
  readonly record?: number;
  /** `timeout`: past the limit; `broken`: out of memory or too deep; `lost`: it ended the engine. */
  readonly why: "timeout" | "broken" | "lost";
}

/** How long, in milliseconds, parts of a batch that took too long may take while the record to blame is looked for. */
export interface Limits {
  /** A batch. */
  readonly batchMs: number;
  /** A leaf alone, or some of the records. */
  readonly partMs: number;
  /** One record. */
  readonly recordMs: number;
}

/**
 * Shorter limits for parts of a batch: a tenth and a fifth of the batch's, but no less than a quarter of a second, so that a busy machine
 * blames nobody.
 */
export function limitsOf(batchMs: number): Limits {
  const least = Math.min(batchMs, 250);
  return { batchMs, partMs: Math.max(batchMs / 10, least), recordMs: Math.max(batchMs / 5, least) };
}

/**
 * Runs one leaf on a batch, and where that fails on ever smaller parts of it, until one record is to blame.
 *
 * A batch that is slow as a whole and endless nowhere is looked through until its parts have used up its limit once more.
 *
 * @param run - runs the leaf on some of the records
 * @returns a cell for each record, or the trouble
 */
export async function runLeaf(
  run: (texts: readonly string[], limitMs: number) => Promise<JqReply>,
  records: readonly string[],
  limits: Limits,
  spent: { ms: number } = { ms: 0 },
): Promise<{ readonly cells: readonly JqCell[] } | Trouble> {
  const limitMs = records.length === 1 ? limits.recordMs : limits.partMs;
  const reply = await run(records, limitMs);
  const rows = reply.is === "done" ? rowsOf(reply.stdout, records.length) : undefined;
  if (rows !== undefined) return { cells: rows.map((row) => row[0] as JqCell) };
  if (records.length === 1) return { record: 0, why: reply.is === "done" ? "lost" : reply.is };
  // Counted by limits, not by the clock, so that a busy machine changes nothing.
  if (reply.is === "timeout") spent.ms += limitMs;
  const cells: JqCell[] = [];
  const size = records.length > groupSize ? groupSize : 1;
  for (let from = 0; from < records.length; from += size) {
    if (spent.ms > limits.batchMs + 4 * limits.partMs) return { why: "timeout" };
    const part = await runLeaf(run, records.slice(from, from + size), limits, spent);
    if ("why" in part) return { why: part.why, ...(part.record === undefined ? {} : { record: from + part.record }) };
    cells.push(...part.cells);
  }
  return { cells };
}

/** Records of a part: about the square root of a full batch, so that both rounds are short. */
const groupSize = 32;
