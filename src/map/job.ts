import { ExpressionError } from "../errors.js";
import type { Place, SourceRecord } from "../record.js";
import { type BoundResource, type Notes, type Pair, type Shape, withItem } from "./bind.js";
import type { CompiledMapping, Job } from "./compile-mapping.js";
import { bindFast } from "./fast-bind.js";
import { ask, type Evaluate, Failure, Signal } from "./fast-calls.js";
import type { Stuck } from "./jq.js";
import type { JqCell, JqRow } from "./jq-compile.js";
import { without } from "./plain.js";
import { type Blanks, objectOf, textOf } from "./prepare.js";

/** Most records of a batch, and most bytes of their JSON. @source design: one JSON array of at most 1,000 records and 1 MiB */
const maxBatchRecords = 1000;
const maxBatchBytes = 1024 * 1024;

/** A job bound to the shape of its records. */
interface BoundJob {
  /** Slots that jq fills for every record. */
  readonly jq: readonly number[];
  /** Slots that closures fill. */
  readonly fast: readonly { readonly slot: number; readonly evaluate: Evaluate }[];
  readonly job: Job;
}

/** Binds what is evaluated here. */
export function bindJob(job: Job, shape: Shape): BoundJob {
  const jq: number[] = [];
  const fast: { slot: number; evaluate: Evaluate }[] = [];
  for (const [slot, known] of job.fast.entries()) {
    if (known === undefined) jq.push(slot);
    else fast.push({ slot, evaluate: bindFast(known, shape) });
  }
  return { jq, fast, job };
}

/** What a job runs on: so many inputs, each with its value, its JSON text and where its record is. */
interface JobInput {
  readonly count: number;
  rootAt(index: number): unknown;
  /** JSON text with at least these keys. */
  textAt(index: number, keys: ReadonlySet<string> | undefined): string;
  placeAt(index: number): Place | undefined;
}

/**
 * Runs a job's expressions on its inputs: those that are evaluated here, and jq's in batches; a record on which the two might differ is jq's
 * altogether.
 *
 * @returns a row for each input; no rows for a job without expressions
 * @throws {ExpressionError} when an expression never ends or breaks the engine
 */
export async function runJob(compiled: CompiledMapping, bound: BoundJob, input: JobInput): Promise<readonly JqRow[]> {
  const { job, jq, fast } = bound;
  if (job.expressions.length === 0) return [];
  const all = Array.from({ length: input.count }, (_, index) => index);
  const running = jq.length === 0 ? undefined : runBatches(compiled, job, jq, input, all, job.keys);
  if (fast.length === 0 && running !== undefined) return running;
  // While jq works, its failure waits until it is awaited.
  running?.catch(() => undefined);
  const rows: JqCell[][] = [];
  const asked: number[] = [];
  for (let index = 0; index < input.count; index++) {
    const root = input.rootAt(index);
    const row: JqCell[] = new Array(job.expressions.length);
    let open = false;
    for (const { slot, evaluate } of fast) {
      const value = evaluate(root);
      row[slot] = value instanceof Signal ? cellOf(value) : { value };
      open ||= value === ask;
    }
    if (open) asked.push(index);
    rows.push(row);
  }
  fill(rows, all, jq, (await running) ?? []);
  if (asked.length > 0) {
    const slots = fast.map(({ slot }) => slot);
    const answers = await runBatches(compiled, job, slots, input, asked, job.fastKeys);
    fill(rows, asked, slots, answers, unanswered);
  }
  return rows;
}

const unanswered: JqCell = { value: null };
const nothing: JqCell = { value: null };

function cellOf(signal: Signal): JqCell {
  if (signal === ask) return unanswered;
  return signal instanceof Failure ? { value: null, error: signal.message } : nothing;
}

/** Puts jq's cells into their slots, or only where a cell has none yet. */
function fill(
  rows: readonly JqCell[][],
  indices: readonly number[],
  slots: readonly number[],
  answers: readonly JqRow[],
  only?: JqCell,
): void {
  for (let at = 0; at < answers.length; at++) {
    const row = rows[indices[at] as number] as JqCell[];
    const answer = answers[at] as JqRow;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as number;
      if (only === undefined || row[slot] === only) row[slot] = answer[i] as JqCell;
    }
  }
}

/** Runs some of a job's expressions in jq on some of the inputs, batch by batch. */
async function runBatches(
  { engine, leaves, environment }: CompiledMapping,
  job: Job,
  slots: readonly number[],
  { textAt, placeAt }: JobInput,
  indices: readonly number[],
  keys: ReadonlySet<string> | undefined,
): Promise<JqRow[]> {
  const expressions = slots.map((slot) => job.expressions[slot] as string);
  const rows: JqRow[] = [];
  let batch: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const answer = await engine.run(expressions, batch, environment);
    if ("stuck" in answer) {
      const { leaf, why, record } = answer.stuck;
      const path = leaves[job.leaves[slots[leaf] ?? -1] ?? -1]?.path ?? "an expression";
      const [from, to] =
        record === undefined
          ? [rows.length, rows.length + batch.length - 1]
          : [rows.length + record, rows.length + record];
      throw new ExpressionError(
        `${path} ${words(why, engine.timeoutMs)}, at ${positions(placeAt(indices[from] ?? -1), placeAt(indices[to] ?? -1))}`,
        { hint },
      );
    }
    for (const row of answer.rows) rows.push(row);
    batch = [];
    bytes = 0;
  };
  for (const index of indices) {
    const text = textAt(index, keys);
    const size = Buffer.byteLength(text) + 1;
    if (batch.length === maxBatchRecords || (batch.length > 0 && bytes + size > maxBatchBytes)) await flush();
    batch.push(text);
    bytes += size;
  }
  if (batch.length > 0) await flush();
  return rows;
}

const hint =
  "Run `portload preview` with `--limit` on the source to look at these records, and correct the expression.";

function words(why: Stuck["why"], timeoutMs: number): string {
  if (why === "timeout") return `did not end within ${timeoutMs / 1000} s`;
  if (why === "broken") return "broke the engine (out of memory, or nested too deep)";
  return "ended the engine before the last record";
}

function positions(from: Place | undefined, to: Place | undefined): string {
  if (from === undefined || to === undefined || from.position === to.position)
    return `record ${from?.position ?? "?"}${from?.line === undefined ? "" : ` (line ${from.line})`}`;
  return `one of the records ${from.position} to ${to.position}`;
}

/** What itemsToParse made of each record of a chunk. */
export interface Expansion {
  /** By record: the pairs of parent and element; `wrong` holds what is neither an array nor null. */
  readonly views: readonly View[];
  /** A row for each pair, over all records in order. */
  readonly rows: readonly JqRow[];
}

/** The pairs of one record, and what went wrong on the way. */
interface View {
  readonly pairs: readonly Pair[];
  readonly wrong?: unknown;
  readonly failure?: string;
}

/** What itemsToParse is evaluated on: the records of a chunk and their rows; `job` is that of the elements. */
interface ExpandInput {
  readonly resource: BoundResource;
  readonly job: BoundJob;
  readonly records: readonly SourceRecord[];
  readonly rows: readonly JqRow[];
  readonly blanks: Blanks | undefined;
}

/** Evaluates itemsToParse on each record and runs the resource's expressions on every element beside its parent. */
export async function expand(
  compiled: CompiledMapping,
  { resource: bound, job, records, rows, blanks }: ExpandInput,
): Promise<Expansion> {
  const { items, resource } = bound.compiled;
  if (items === undefined || bound.items === undefined) return { views: [], rows: [] };
  let failure: string | undefined;
  const notes: Notes = {
    failed: (_leaf, message) => {
      failure = message;
    },
    long: () => undefined,
  };
  const { items: read } = bound;
  const views = records.map((record, index): View => {
    failure = undefined;
    const value = read(record.cells ?? objectOf(record, blanks), rows[index], notes);
    if (failure !== undefined) return { pairs: [], failure };
    if (value === null) return { pairs: [] };
    if (!Array.isArray(value)) return { pairs: [], wrong: value };
    const parent = value.length === 0 ? undefined : without(objectOf(record, blanks), items.taken);
    return { pairs: value.map((element: unknown): Pair => [parent, element]) };
  });
  const pairs = views.flatMap(({ pairs: own }, index) => own.map((pair) => ({ pair, record: records[index] })));
  const name = resource.itemsToParseName;
  const own = await runJob(compiled, job, {
    count: pairs.length,
    rootAt: (index) => pairs[index]?.pair,
    textAt: (index, keys) => textOf(withItem((pairs[index] as (typeof pairs)[0]).pair, name), keys),
    placeAt: (index) => pairs[index]?.record?.at,
  });
  return { views, rows: own };
}
