import {
  type CompileFault,
  compileBy,
  type Environment,
  inputOf,
  type JqCell,
  type JqRow,
  programOf,
  rowsOf,
} from "./jq-compile.js";
import { type JqReply, startJqThread } from "./jq-thread.js";

/** A leaf that hangs or breaks the engine, by its index. */
export interface Stuck extends Trouble {
  readonly leaf: number;
}

/** The answer to a batch: a row for each record, or the leaf that keeps it from ending. */
export type JqAnswer = { readonly rows: readonly JqRow[] } | { readonly stuck: Stuck };

/** The real jq 1.8, in a thread of its own. */
export interface JqEngine {
  /** Milliseconds that one batch may take. */
  readonly timeoutMs: number;
  /** Compiles an expression alone, bare and in the brackets it will run in; undefined when it is right. Nothing is run. */
  compile(expression: string): Promise<CompileFault | undefined>;
  /**
   * Runs compiled leaves on a batch of records.
   *
   * @param leaves - expressions that `compile` found right
   * @param records - a JSON text each; at most 1,000 and 1 MiB together
   * @param environment - all that `env` and `$ENV` show; needed only where a leaf names them
   */
  run(leaves: readonly string[], records: readonly string[], environment?: Environment): Promise<JqAnswer>;
  /** Ends the thread. What still runs is rejected. */
  close(): Promise<void>;
}

/** Makes the engine; its thread starts with the first use. `timeoutMs`: milliseconds that one batch may take, default 5,000. */
export function startJq(options: { readonly timeoutMs?: number } = {}): JqEngine {
  const timeoutMs = options.timeoutMs ?? 5000;
  const thread = startJqThread(timeoutMs);
  return {
    timeoutMs,
    compile: compileBy((program) => thread.run(program, "")),
    run(leaves, records, environment) {
      const run: RunLeaves = (some, texts, limitMs) =>
        thread.run(programOf(some, environment), inputOf(texts, environment), limitMs);
      return runBatch(run, timeoutMs, leaves, records);
    },
    close: () => thread.close(),
  };
}

type RunLeaves = (leaves: readonly string[], records: readonly string[], limitMs?: number) => Promise<JqReply>;

async function runBatch(
  run: RunLeaves,
  timeoutMs: number,
  leaves: readonly string[],
  records: readonly string[],
): Promise<JqAnswer> {
  if (records.length === 0) return { rows: [] };
  const reply = await run(leaves, records);
  const rows = reply.is === "done" ? rowsOf(reply.stdout, records.length) : undefined;
  if (rows !== undefined) return { rows };
  if (reply.is === "done" && reply.stderr.startsWith(unreadable))
    return runHalves(run, timeoutMs, leaves, records, reply.stderr);
  // Something went wrong: each leaf is tried alone to find which.
  const columns: (readonly JqCell[])[] = [];
  for (const [leaf, expression] of leaves.entries()) {
    const runOne = (texts: readonly string[], limitMs: number) => run([expression], texts, limitMs);
    const column = await runLeaf(runOne, records, limitsOf(timeoutMs));
    if ("why" in column) return { stuck: { leaf, ...column } };
    columns.push(column.cells);
  }
  return { rows: records.map((_, record) => columns.map((column) => column[record] as JqCell)) };
}

/** Splits a batch that holds a record that jq cannot read, until that record is alone; it fails every leaf. */
async function runHalves(
  run: RunLeaves,
  timeoutMs: number,
  leaves: readonly string[],
  records: readonly string[],
  stderr: string,
): Promise<JqAnswer> {
  const failed = { value: null, error: stderr.replace(/^jq: /u, "") };
  if (records.length === 1) return { rows: [leaves.map(() => failed)] };
  const middle = records.length >> 1;
  const first = await runBatch(run, timeoutMs, leaves, records.slice(0, middle));
  if ("stuck" in first) return first;
  const second = await runBatch(run, timeoutMs, leaves, records.slice(middle));
  if ("rows" in second) return { rows: [...first.rows, ...second.rows] };
  const { record } = second.stuck;
  return { stuck: { ...second.stuck, ...(record === undefined ? {} : { record: record + middle }) } };
}

/** How jq says that its input is not the JSON it takes: half a surrogate pair, more than 10,000 levels. */
const unreadable = "jq: parse error";

/** Why a leaf does not come to an end. */
interface Trouble {
  /** Index of the record, where one alone is to blame. */
  readonly record?: number;
  /** `timeout`: past the limit; `broken`: out of memory or too deep; `lost`: it ended the engine. */
  readonly why: "timeout" | "broken" | "lost";
}

/** How long, in milliseconds, parts of a batch that took too long may take while the record at fault is searched for. */
interface Limits {
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
function limitsOf(batchMs: number): Limits {
  const least = Math.min(batchMs, 250);
  return { batchMs, partMs: Math.max(batchMs / 10, least), recordMs: Math.max(batchMs / 5, least) };
}

/**
 * Runs one leaf on a batch, and where that fails on ever smaller parts of it, until one record is at fault.
 *
 * A batch that is slow as a whole but endless nowhere is searched until its parts have used up its limit once more.
 *
 * @param run - runs the leaf on some of the records
 * @returns a cell for each record, or the trouble
 */
async function runLeaf(
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
