import type { Chunk, Stage } from "../chunk.js";
import type { Candidate } from "../entity.js";
import type { SourceRecord } from "../record.js";
import { bindResource, type Shape } from "./bind.js";
import type { CompiledMapping } from "./compile-mapping.js";
import { expand } from "./items.js";
import { runJob } from "./job.js";
import { mapCandidates } from "./map-candidates.js";
import { sourceOptionsFor } from "./mapping.js";
import { blanksOf, textMaker } from "./prepare.js";

export { type CompiledMapping, compileMapping } from "./compile-mapping.js";

/**
 * Makes the stage that turns a kind's records into candidates.
 *
 * Candidates come in the order of records, then resources, then items. Skips, rejects and failed expressions travel in band. While jq works
 * on one chunk the next is prepared.
 *
 * @throws {ExpressionError} when an expression never ends or breaks the engine
 */
export function mapRecords(compiled: CompiledMapping, kind: string): Stage<SourceRecord, Candidate> {
  const blanks = blanksOf(sourceOptionsFor(compiled.mapping, kind).blanks);
  const own = compiled.kinds.get(kind) ?? { resources: [], job: { expressions: [], leaves: [], keys: undefined } };
  const ahead = own.job.expressions.length > 0 || own.resources.some(({ items }) => items !== undefined) ? 1 : 0;
  const prepareFor = (columns: readonly string[] | undefined) => {
    const shape: Shape = columns === undefined ? { is: "value" } : { is: "cells", columns, blanks };
    return {
      columns,
      resources: own.resources.map((r) => bindResource(r, compiled, shape)),
      toText: textMaker(columns, own.job.keys, blanks),
    };
  };
  let bound = prepareFor(undefined);

  async function mapChunk(chunk: Chunk<SourceRecord>): Promise<Chunk<Candidate>[]> {
    const records = chunk.items;
    const columns = records[0]?.columns;
    if (records.length > 0 && columns !== bound.columns) bound = prepareFor(columns);
    const { resources, toText } = bound;
    const input = {
      count: records.length,
      textAt: (index: number) => toText(records[index] as SourceRecord),
      placeAt: (index: number) => records[index]?.at,
    };
    const rows = await runJob(compiled, own.job, input);
    const expansions = await Promise.all(
      resources.map((resource) =>
        resource.items === undefined ? undefined : expand(compiled, resource, records, rows, blanks),
      ),
    );
    return mapCandidates(compiled, chunk, { resources, rows, expansions, blanks });
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
