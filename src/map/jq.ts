import { type JqCell, type JqRow, programOf, rowsOf, wrapLeaf } from "./jq-program.js";
import { type JqThread, startJqThread } from "./jq-thread.js";
import { limitsOf, runLeaf, type Trouble } from "./run-leaf.js";

/** Why an expression does not compile, and where in it: line and column from 1. */
export interface CompileFault {
  readonly message: string;
  readonly position?: { readonly line: number; readonly column: number };
}

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
   */
  run(leaves: readonly string[], records: readonly string[]): Promise<JqAnswer>;
  /** Ends the thread. What still runs is rejected. */
  close(): Promise<void>;
}

/** Makes the engine; its thread starts with the first use. `timeoutMs`: milliseconds that one batch may take, default 5,000. */
export function startJq(options: { readonly timeoutMs?: number } = {}): JqEngine {
  const timeoutMs = options.timeoutMs ?? 5000;
  const thread = startJqThread(timeoutMs);
  return {
    timeoutMs,
    compile: (expression) => compile(thread, expression),
    run: (leaves, records) => runBatch(thread, timeoutMs, leaves, records),
    close: () => thread.close(),
  };
}

async function compile(thread: JqThread, expression: string): Promise<CompileFault | undefined> {
  // Bare first: what compiles alone has its brackets in balance and cannot leave those it is put in. No input, so nothing runs.
  for (const program of [expression, wrapLeaf(expression)]) {
    const reply = await thread.run(program, "");
    if (reply.is === "done" && reply.exitCode === 0) continue;
    return reply.is === "done"
      ? faultOf(reply.stderr)
      : { message: "the expression is too large or too deep for the engine" };
  }
  return undefined;
}

/** Reads the first of jq's compile errors. */
function faultOf(stderr: string): CompileFault {
  const match =
    /jq: error: (?<message>.*?)(?: \(while parsing .*\))? at <top-level>, line (?<line>\d+), column (?<column>\d+)/su.exec(
      stderr,
    );
  const groups = match?.groups;
  if (groups === undefined)
    return { message: stderr.split("\n")[0]?.replace(/^jq: error: /u, "") ?? "it does not compile" };
  return {
    message: groups.message ?? "",
    position: { line: Number(groups.line), column: Number(groups.column) },
  };
}

async function runBatch(
  thread: JqThread,
  timeoutMs: number,
  leaves: readonly string[],
  records: readonly string[],
): Promise<JqAnswer> {
  if (records.length === 0) return { rows: [] };
  const reply = await thread.run(programOf(leaves), arrayOf(records));
  const rows = reply.is === "done" ? rowsOf(reply.stdout, records.length) : undefined;
  if (rows !== undefined) return { rows };
  if (reply.is === "done" && reply.stderr.startsWith(unreadable))
    return runHalves(thread, timeoutMs, leaves, records, reply.stderr);
  // Something went wrong: each leaf alone tells which.
  const columns: (readonly JqCell[])[] = [];
  for (const [leaf, expression] of leaves.entries()) {
    const run = (texts: readonly string[], limitMs: number) =>
      thread.run(programOf([expression]), arrayOf(texts), limitMs);
    const column = await runLeaf(run, records, limitsOf(timeoutMs));
    if ("why" in column) return { stuck: { leaf, ...column } };
    columns.push(column.cells);
  }
  return { rows: records.map((_, record) => columns.map((column) => column[record] as JqCell)) };
}

/** Splits a batch that holds a record that jq cannot read, until that record stands alone; it fails every leaf. */
async function runHalves(
  thread: JqThread,
  timeoutMs: number,
  leaves: readonly string[],
  records: readonly string[],
  stderr: string,
): Promise<JqAnswer> {
  const failed = { value: null, error: stderr.replace(/^jq: /u, "") };
  if (records.length === 1) return { rows: [leaves.map(() => failed)] };
  const middle = records.length >> 1;
  const first = await runBatch(thread, timeoutMs, leaves, records.slice(0, middle));
  if ("stuck" in first) return first;
  const second = await runBatch(thread, timeoutMs, leaves, records.slice(middle));
  if ("rows" in second) return { rows: [...first.rows, ...second.rows] };
  const { record } = second.stuck;
  return { stuck: { ...second.stuck, ...(record === undefined ? {} : { record: record + middle }) } };
}

/** How jq says that its input is not the JSON it takes: half a surrogate pair, more than 10,000 levels. */
const unreadable = "jq: parse error";

function arrayOf(records: readonly string[]): string {
  return `[${records.join(",")}]`;
}
