import type { Chunk, Stage } from "../chunk.js";
import type { Candidate } from "../entity.js";
import type { SourceRecord } from "../record.js";
import { bindResource, type Shape } from "./bind.js";
import { columnFormatsOf } from "./columns.js";
import { columnReader } from "./columns-apply.js";
import { readsOf } from "./columns-reads.js";
import type { CompiledMapping, Job } from "./compile-mapping.js";
import { expand } from "./items.js";
import { bindJob, runJob } from "./job.js";
import { mapCandidates } from "./map-candidates.js";
import { sourceOptionsFor } from "./mapping.js";
import { blanksOf, objectOf, textMaker } from "./prepare.js";

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
  const ahead = own.job.expressions.length > 0 || own.resources.some(({ items }) => items !== undefined) ? 1 : 0;
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

/** True where a record of a kind is shown to jq, which is worth its call for many at once. */
export function asksJq(compiled: CompiledMapping, kind: string): boolean {
  const own = compiled.kinds.get(kind);
  return (
    own !== undefined && (own.job.expressions.length > 0 || own.resources.some(({ items }) => items !== undefined))
  );
}

const noJob: Job = { expressions: [], leaves: [], fast: [], keys: undefined, fastKeys: undefined };
