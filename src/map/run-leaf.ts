import { type JqCell, rowsOf } from "./jq-program.js";
import type { JqReply } from "./jq-thread.js";

/** Why a leaf does not come to an end. */
export interface Trouble {
  /** Index of the record, where one alone is to blame. */
  readonly record?: number;
  /** `timeout`: past the limit; `broken`: out of memory or too deep; `lost`: it ended the engine. */
  readonly why: "timeout" | "broken" | "lost";
}

/**
 * Runs one leaf on a batch, and where that fails on ever smaller parts of it, until one record is to blame.
 *
 * A batch that is slow as a whole and endless nowhere is looked through for at most four times the limit.
 *
 * @param run - runs the leaf on some of the records
 * @returns a cell for each record, or the trouble
 */
export async function runLeaf(
  run: (texts: readonly string[]) => Promise<JqReply>,
  records: readonly string[],
  timeoutMs: number,
  deadline: number = performance.now() + 4 * timeoutMs,
): Promise<{ readonly cells: readonly JqCell[] } | Trouble> {
  const reply = await run(records);
  const rows = reply.is === "done" ? rowsOf(reply.stdout, records.length) : undefined;
  if (rows !== undefined) return { cells: rows.map((row) => row[0] as JqCell) };
  if (records.length === 1) return { record: 0, why: reply.is === "done" ? "lost" : reply.is };
  const cells: JqCell[] = [];
  const size = records.length > groupSize ? groupSize : 1;
  for (let from = 0; from < records.length; from += size) {
    if (reply.is === "timeout" && performance.now() > deadline) return { why: "timeout" };
    const part = await runLeaf(run, records.slice(from, from + size), timeoutMs, deadline);
    if ("why" in part) return { why: part.why, ...(part.record === undefined ? {} : { record: from + part.record }) };
    cells.push(...part.cells);
  }
  return { cells };
}

/** Records of a part: about the square root of a full batch, so that both rounds are short. */
const groupSize = 32;
