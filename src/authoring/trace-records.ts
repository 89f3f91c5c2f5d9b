import type { Chunk } from "../chunk.js";
import { ExpressionError } from "../errors.js";
import { type Pair, withItem } from "../map/bind.js";
import { columnFormatsOf } from "../map/columns.js";
import { columnReader } from "../map/columns-apply.js";
import type { CompiledMapping, CompiledResource } from "../map/compile-mapping.js";
import { sourceOptionsFor } from "../map/mapping-file.js";
import { follow, type PathStep, without } from "../map/plain.js";
import { type Blanks, blanksOf, objectOf } from "../map/prepare.js";
import { variablesIn } from "../map/tokens.js";
import type { SourceRecord } from "../record.js";
import { addReading, type DateReadings, openReadings } from "./date-readings.js";

/** What one leaf of the mapping gave for one candidate. */
export interface LeafTrace {
  /** Dotted path in the mapping file. */
  readonly path: string;
  readonly line?: number;
  readonly expression: string;
  /** The first outputs, at most ten; the first one counts. */
  readonly outputs: readonly unknown[];
  /** Why it failed; the outputs before the failure count all the same. */
  readonly error?: string;
}

/** A record × a resource × an element of itemsToParse, leaf by leaf. */
export interface CandidateTrace {
  readonly resource: number;
  /** Index of the element, from 0. */
  readonly item: number;
  /** What the expressions saw, where it is not the record itself. */
  readonly sees?: unknown;
  readonly leaves: readonly LeafTrace[];
}

/** A record, leaf by leaf. */
export interface RecordTrace {
  readonly record: SourceRecord;
  /** The object that expressions see: blanks are null, columns read by their formats. */
  readonly sees: unknown;
  /** What itemsToParse gave, for each resource that has one. */
  readonly items: readonly (LeafTrace & { readonly resource: number })[];
  readonly candidates: readonly CandidateTrace[];
}

/** Most outputs of a leaf that are kept. */
const maxOutputs = 10;

/**
 * Runs every leaf of a kind's resources on each record, in the real jq alone, and keeps what each gave.
 *
 * Meant for few records: tests of mappings and one record's explanation.
 *
 * @throws {ExpressionError} when an expression never ends or breaks the engine
 */
export async function traceRecords(
  compiled: CompiledMapping,
  kind: string,
  records: readonly SourceRecord[],
  source: string,
): Promise<readonly RecordTrace[]> {
  const { mapping } = compiled;
  const texts = blanksOf(sourceOptionsFor(mapping, kind).blanks);
  const formats = columnFormatsOf(mapping, kind);
  const read = formats && columnReader(formats, texts, mapping.file, source)(records);
  const seen = (read?.records ?? records).map((record) => objectOf(record, formats === undefined ? texts : undefined));
  const traces = records.map((record, index) => ({
    record,
    sees: seen[index],
    items: [] as Items[],
    candidates: [] as CandidateTrace[],
  }));
  for (const resource of compiled.kinds.get(kind)?.resources ?? []) await traceResource(compiled, resource, traces);
  return traces;
}

type Items = LeafTrace & { readonly resource: number };

interface OpenTrace extends RecordTrace {
  readonly items: Items[];
  readonly candidates: CandidateTrace[];
}

async function traceResource(
  compiled: CompiledMapping,
  own: CompiledResource,
  traces: readonly OpenTrace[],
): Promise<void> {
  const { index: resource, itemsToParseName } = own.resource;
  const leaves = compiled.leaves.filter((leaf) => leaf.resource === resource);
  const inputs: { readonly trace: OpenTrace; readonly item: number; readonly sees: unknown }[] = [];
  const { items } = own;
  const itemsLeaf = items === undefined ? undefined : compiled.leaves[items.leaf];
  if (items === undefined || itemsLeaf === undefined) {
    for (const trace of traces) inputs.push({ trace, item: 0, sees: trace.sees });
  } else {
    const rows = await runLeaves(
      compiled,
      [itemsLeaf],
      traces.map(({ sees }) => sees),
    );
    for (const [at, trace] of traces.entries()) {
      const [cell] = rows[at] ?? [];
      if (cell === undefined) continue;
      trace.items.push({ ...cell, resource });
      const [elements] = cell.outputs;
      if (!Array.isArray(elements)) continue;
      const parent = without(trace.sees, items.taken);
      for (const [item, element] of elements.entries())
        inputs.push({ trace, item, sees: withItem([parent, element] satisfies Pair, itemsToParseName) });
    }
  }
  const others = leaves.filter((leaf) => leaf !== itemsLeaf);
  const rows = await runLeaves(
    compiled,
    others,
    inputs.map(({ sees }) => sees),
  );
  for (const [at, { trace, item, sees }] of inputs.entries())
    trace.candidates.push({ resource, item, ...(itemsLeaf === undefined ? {} : { sees }), leaves: rows[at] ?? [] });
}

/** Inputs of one batch. */
const batchSize = 100;

async function runLeaves(
  { engine, environment }: CompiledMapping,
  leaves: readonly { readonly path: string; readonly line?: number; readonly expression: string }[],
  inputs: readonly unknown[],
): Promise<readonly (readonly LeafTrace[])[]> {
  // The first output alone, as an import takes it; then the first few, which a failure after the first would hide.
  const programs = leaves.flatMap(({ expression }) => [expression, `[limit(${maxOutputs}; (${expression}\n\n))]`]);
  const traces: LeafTrace[][] = [];
  for (let from = 0; from < inputs.length; from += batchSize) {
    const texts = inputs.slice(from, from + batchSize).map((input) => JSON.stringify(input ?? null));
    const answer = await engine.run(programs, texts, environment);
    if ("stuck" in answer) {
      const path = leaves[answer.stuck.leaf >> 1]?.path ?? "an expression";
      throw new ExpressionError(`${path} never ends, or breaks the engine`, { hint: "Correct the expression." });
    }
    for (const row of answer.rows)
      traces.push(
        leaves.map(({ path, line, expression }, index) => {
          const [first, all] = [row[2 * index], row[2 * index + 1]];
          const outputs = Array.isArray(all?.value) ? all.value : first?.error === undefined ? [first?.value] : [];
          const error = failureOf(expression, first?.error ?? all?.error);
          return {
            path,
            ...(line === undefined ? {} : { line }),
            expression,
            outputs,
            ...(error === undefined ? {} : { error }),
          };
        }),
      );
  }
  return traces;
}

/** jq repeats the value it failed on, or the beginning of it. */
function failureOf(expression: string, error: string | undefined): string | undefined {
  const [variable] = error === undefined ? [] : variablesIn(expression);
  return variable === undefined ? error : `what jq says may hold the value of env.${variable}`;
}

/** What the first records of a source show of its columns. */
export interface SourceSample {
  /** The source as people know it. */
  readonly name: string;
  readonly kind: string;
  /** True for CSV and TSV: a record is a row of cells. */
  readonly isTabular: boolean;
  /** The columns, or the keys that any record has at its top, in the order they came. */
  readonly keys: readonly string[];
  readonly records: number;
  /** How the texts at each path asked for can be read as dates, by {@link pathName}. */
  readonly dates: ReadonlyMap<string, DateReadings>;
}

/** A path as the key of a map. */
export function pathName(steps: readonly PathStep[]): string {
  return JSON.stringify(steps.map(({ key }) => key));
}

/** Looks at records: which columns there are, and how the texts at some paths can be read as dates. */
export async function sampleSource(
  source: { readonly name: string; readonly kind: string },
  chunks: AsyncIterable<Chunk<SourceRecord>>,
  blanks: Blanks | undefined,
  paths: readonly (readonly PathStep[])[],
): Promise<SourceSample> {
  const keys = new Set<string>();
  const dates = new Map(paths.map((path) => [pathName(path), openReadings()]));
  let records = 0;
  let isTabular = false;
  for await (const { items } of chunks) {
    for (const record of items) {
      records++;
      isTabular ||= record.cells !== undefined;
      const value = objectOf(record, blanks);
      if (records === 1 || record.columns === undefined)
        for (const key of Object.keys(value as Record<string, unknown>)) keys.add(key);
      for (const path of paths) {
        const found = follow(value, path);
        const readings = dates.get(pathName(path));
        if (typeof found === "string" && readings !== undefined) addReading(readings, found);
      }
    }
  }
  const { name, kind } = source;
  return { name, kind, isTabular, keys: [...keys], records, dates };
}
