import { type Chunk, maxChunkRecords, type Stage } from "../chunk.js";
import type { Candidate } from "../entity.js";
import type { SourceRecord } from "../record.js";
import type { Reject } from "../reject.js";
import { type BoundResource, bindResource, type Shape } from "./bind.js";
import { columnFormatsOf } from "./columns.js";
import { type CellFinding, columnReader, type Reads, readsOf, type Struck, struckBy } from "./columns-apply.js";
import type { CompiledKind, CompiledMapping, Job } from "./compile-mapping.js";
import { bindJob, type Expansion, expand, runJob } from "./job.js";
import type { JqRow } from "./jq-compile.js";
import { mapOne, type Out, rejectOf } from "./map-one.js";
import { sourceOptionsFor } from "./mapping.js";
import { startNotes } from "./notes.js";
import { type Blanks, blanksOf, objectOf, textMaker } from "./prepare.js";

export { type CompiledMapping, compileMapping } from "./compile-mapping.js";

/**
 * Makes the stage that turns a kind's records into candidates.
 *
 * Candidates come in the order of records, then resources, then items. Skips, rejects and failed expressions travel in band. While jq works
 * on one chunk the next is prepared.
 *
 * @param source - as people know it, for faults
 * @throws {ExpressionError} when an expression never ends or breaks the engine
 * @throws {MappingError} when a source lacks a column that has a format
 */
export function mapRecords(
  compiled: CompiledMapping,
  kind: string,
  source = "the source",
): Stage<SourceRecord, Candidate> {
  const texts = blanksOf(sourceOptionsFor(compiled.mapping, kind).blanks);
  const formats = columnFormatsOf(compiled.mapping, kind);
  const readColumns = formats && columnReader(formats, texts, compiled.mapping.file, source);
  // Where columns are read, blanks are null before that.
  const blanks = formats === undefined ? texts : undefined;
  const own = compiled.kinds.get(kind) ?? { resources: [], job: noJob };
  const ahead = isShownToJq(own) ? 1 : 0;
  const prepareFor = (columns: readonly string[] | undefined) => {
    const shape: Shape = columns === undefined ? { is: "value" } : { is: "cells", columns, blanks };
    return {
      columns,
      resources: own.resources.map((r) => bindResource(r, compiled, shape)),
      reads: formats && own.resources.map(({ resource }) => readsOf(resource)),
      job: bindJob(own.job, shape),
      itemJobs: own.resources.map(
        ({ items, resource }) => items && bindJob(items.job, { is: "item", name: resource.itemsToParseName }),
      ),
      toText: textMaker(columns, own.job.keys, blanks),
      toFastText: textMaker(columns, own.job.fastKeys, blanks),
    };
  };
  let bound = prepareFor(undefined);

  async function mapChunk(chunk: Chunk<SourceRecord>): Promise<Chunk<Candidate>[]> {
    const read = readColumns?.(chunk.items);
    const records = read?.records ?? chunk.items;
    const columns = records[0]?.columns;
    if (records.length > 0 && columns !== bound.columns) bound = prepareFor(columns);
    const { resources, reads, job, itemJobs, toText, toFastText } = bound;
    // What is not a plain path: closures and jq. Without any there are no rows.
    const rows = await runJob(compiled, job, {
      count: records.length,
      rootAt: (index) => records[index]?.cells ?? objectOf(records[index] as SourceRecord, blanks),
      textAt: (index, keys) => (keys === own.job.keys ? toText : toFastText)(records[index] as SourceRecord),
      placeAt: (index) => records[index]?.at,
    });
    const expansions = await Promise.all(
      resources.map((resource, index) => {
        const itemJob = itemJobs[index];
        return itemJob && expand(compiled, { resource, job: itemJob, records, rows, blanks });
      }),
    );
    const prepared = { resources, rows, expansions, blanks };
    if (read === undefined) return mapCandidates(compiled, chunk, prepared);
    const given = { ...chunk, items: records, warnings: [...chunk.warnings, ...read.warnings] };
    return mapCandidates(compiled, given, { ...prepared, faults: read.faults, reads });
  }

  return async function* (chunks) {
    const pending: Promise<Chunk<Candidate>[]>[] = [];
    for await (const chunk of chunks) {
      const mapped = mapChunk(chunk);
      // It is awaited later; until then a failure must not count as unhandled.
      mapped.catch(() => undefined);
      pending.push(mapped);
      if (pending.length > ahead) yield* await (pending.shift() as (typeof pending)[0]);
    }
    for (const mapped of pending) yield* await mapped;
  };
}

/** True where records of a kind are shown to jq, which is worth its call for many at once. Closures that ask it do so for single records. */
export function asksJq(compiled: CompiledMapping, kind: string): boolean {
  const own = compiled.kinds.get(kind);
  return own !== undefined && isShownToJq(own);
}

function isShownToJq({ job, resources }: CompiledKind): boolean {
  return job.fast.includes(undefined) || resources.some(({ items }) => items !== undefined);
}

const noJob: Job = { expressions: [], leaves: [], fast: [], keys: undefined, fastKeys: undefined };

/** The inputs of the candidates of a chunk: all that jq gave, so that nothing waits. */
interface Prepared {
  readonly resources: readonly BoundResource[];
  /** A row for each record: a cell for each expression that is not a plain path, by closure or jq. Empty where there is none. */
  readonly rows: readonly JqRow[];
  /** By resource; undefined for one without itemsToParse. */
  readonly expansions: readonly (Expansion | undefined)[];
  readonly blanks: Blanks | undefined;
  /** By index of the record: cells that their column's format cannot read. */
  readonly faults?: ReadonlyMap<number, readonly CellFinding[]>;
  /** By resource. */
  readonly reads?: readonly Reads[] | undefined;
}

/**
 * Makes the candidates of a chunk, in the order of records, then resources, then items.
 *
 * @returns chunks of at most 1,000 candidates; the first carries the tally, the rejects and the warnings
 */
function mapCandidates(compiled: CompiledMapping, chunk: Chunk<SourceRecord>, prepared: Prepared): Chunk<Candidate>[] {
  const { resources, rows, expansions, blanks, faults, reads } = prepared;
  const out: Out = { compiled, notes: startNotes(compiled), candidates: [], rejects: [], remains: [] };
  const cursors = resources.map(() => 0);
  let mapped = 0;
  let rejected = 0;
  for (let index = 0; index < chunk.items.length; index++) {
    const record = chunk.items[index] as SourceRecord;
    const given = out.candidates.length;
    const refused = out.rejects.length;
    const root = record.cells ?? (blanks === undefined ? record.value : objectOf(record, blanks));
    for (let r = 0; r < resources.length; r++) {
      const resource = resources[r] as BoundResource;
      const expansion = expansions[r];
      const struck = faults === undefined ? undefined : struckBy(faults.get(index), reads?.[r]);
      if (expansion === undefined) mapOne(out, resource, record, root, rows[index], 0, struck);
      else cursors[r] = mapItems(out, resource, record, expansion, index, cursors[r] ?? 0, struck);
    }
    if (out.rejects.length > refused) rejected++;
    else if (out.candidates.length > given) mapped++;
  }
  const { tally } = chunk;
  const skipped = chunk.items.length - mapped - rejected;
  const head: Chunk<Candidate> = {
    items: out.candidates.length > maxChunkRecords ? out.candidates.slice(0, maxChunkRecords) : out.candidates,
    rejects: inSourceOrder(chunk.rejects, out.rejects),
    ...(out.remains.length > 0 && { remains: out.remains }),
    warnings: [...chunk.warnings, ...out.notes.warnings()],
    tally: {
      read: tally.read,
      mapped: tally.mapped + mapped,
      skipped: tally.skipped + skipped,
      rejected: tally.rejected + rejected,
    },
  };
  return [head, ...further(out.candidates)];
}

/** The candidates of one record's items, or the reject of what is not an array. Returns where the next record's rows begin. */
function mapItems(
  out: Out,
  bound: BoundResource,
  record: SourceRecord,
  { views, rows }: Expansion,
  index: number,
  start: number,
  struck: Struck | undefined,
): number {
  const view = views[index];
  if (view === undefined) return start;
  if (struck !== undefined && struck.items.length > 0) {
    out.rejects.push(rejectOf(bound, record, 0, struck.items));
    return start + view.pairs.length;
  }
  const leaf = bound.compiled.items?.leaf ?? 0;
  if (view.failure !== undefined) {
    out.notes.begin(record.at, bound.compiled.resource.blueprint);
    out.notes.failed(leaf, view.failure);
    if (out.notes.findings.length > 0) out.rejects.push(rejectOf(bound, record, 0, out.notes.findings));
  } else if (view.wrong !== undefined) {
    const message = "itemsToParse gave neither an array nor null";
    out.rejects.push(rejectOf(bound, record, 0, [out.notes.finding("items_not_array", leaf, message, view.wrong)]));
  }
  for (const [item, pair] of view.pairs.entries()) mapOne(out, bound, record, pair, rows[start + item], item, struck);
  return start + view.pairs.length;
}

/** Earlier stages' rejects and map's own, each in source order already. */
function inSourceOrder(earlier: readonly Reject[], own: readonly Reject[]): readonly Reject[] {
  if (own.length === 0) return earlier;
  return [...earlier, ...own].sort((a, b) => a.at.position - b.at.position);
}

function further(candidates: readonly Candidate[]): Chunk<Candidate>[] {
  const chunks: Chunk<Candidate>[] = [];
  for (let from = maxChunkRecords; from < candidates.length; from += maxChunkRecords) {
    const tally = { read: 0, mapped: 0, skipped: 0, rejected: 0 };
    chunks.push({ items: candidates.slice(from, from + maxChunkRecords), rejects: [], warnings: [], tally });
  }
  return chunks;
}
