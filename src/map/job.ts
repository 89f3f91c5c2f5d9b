import { ExpressionError } from "../errors.js";
import type { Place } from "../record.js";
import type { CompiledMapping, Job } from "./compile-mapping.js";
import type { Stuck } from "./jq.js";
import type { JqRow } from "./jq-program.js";

/** Most records of a batch, and most bytes of their JSON. @source design: one JSON array of at most 1,000 records and 1 MiB */
const maxBatchRecords = 1000;
const maxBatchBytes = 1024 * 1024;

/** What a job runs on: so many inputs, each with its JSON text and where its record stands. */
export interface JobInput {
  readonly count: number;
  textAt(index: number): string;
  placeAt(index: number): Place | undefined;
}

/**
 * Runs a job's expressions on its inputs, in batches.
 *
 * @returns a row for each input, empty rows for a job without expressions
 * @throws {ExpressionError} when an expression never ends or breaks the engine
 */
export async function runJob(
  { engine, leaves }: CompiledMapping,
  job: Job,
  { count, textAt, placeAt }: JobInput,
): Promise<readonly JqRow[]> {
  if (job.expressions.length === 0) return [];
  const rows: JqRow[] = [];
  let batch: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const answer = await engine.run(job.expressions, batch);
    if ("stuck" in answer) {
      const { leaf, why, record } = answer.stuck;
      const path = leaves[job.leaves[leaf] ?? -1]?.path ?? "an expression";
      const [from, to] =
        record === undefined
          ? [rows.length, rows.length + batch.length - 1]
          : [rows.length + record, rows.length + record];
      throw new ExpressionError(
        `${path} ${words(why, engine.timeoutMs)}, at ${positions(placeAt(from), placeAt(to))}`,
        { hint },
      );
    }
    for (const row of answer.rows) rows.push(row);
    batch = [];
    bytes = 0;
  };
  for (let index = 0; index < count; index++) {
    const text = textAt(index);
    const size = Buffer.byteLength(text) + 1;
    if (batch.length === maxBatchRecords || (batch.length > 0 && bytes + size > maxBatchBytes)) await flush();
    batch.push(text);
    bytes += size;
  }
  if (batch.length > 0) await flush();
  return rows;
}

const hint = "Run `portload preview` with `--limit` on the source to look at these records, and mend the expression.";

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
