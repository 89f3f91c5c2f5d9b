import { type Chunk, maxChunkRecords } from "../chunk.js";
import type { Candidate } from "../entity.js";
import type { SourceRecord } from "../record.js";
import type { Reject } from "../reject.js";
import type { BoundResource } from "./bind.js";
import type { CellFinding } from "./columns-apply.js";
import { type Reads, type Struck, struckBy } from "./columns-reads.js";
import type { CompiledMapping } from "./compile-mapping.js";
import type { Expansion } from "./items.js";
import type { JqRow } from "./jq-program.js";
import { mapOne, type Out } from "./map-one.js";
import { rejectOf } from "./map-reject.js";
import { startNotes } from "./notes.js";
import { type Blanks, objectOf } from "./prepare.js";

/** What is at hand for the candidates of a chunk: all that jq gave, so that nothing waits. */
export interface Prepared {
  readonly resources: readonly BoundResource[];
  /** A row for each record, without jq none. */
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
export function mapCandidates(
  compiled: CompiledMapping,
  chunk: Chunk<SourceRecord>,
  prepared: Prepared,
): Chunk<Candidate>[] {
  const { resources, rows, expansions, blanks, faults, reads } = prepared;
  const out: Out = { compiled, notes: startNotes(compiled), candidates: [], rejects: [] };
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

/** The candidates of one record's items, or the reject of what is no array. Returns where the next record's rows begin. */
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
