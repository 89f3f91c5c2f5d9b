import type { SourceRecord } from "../record.js";
import type { BoundResource, Notes, Pair } from "./bind.js";
import { withItem } from "./bind.js";
import type { CompiledMapping } from "./compile-mapping.js";
import { runJob } from "./job.js";
import type { JqRow } from "./jq-program.js";
import { without } from "./path.js";
import { type Blanks, objectOf, textOf } from "./prepare.js";

/** What itemsToParse made of each record of a chunk. */
export interface Expansion {
  /** By record: the pairs of parent and element; `wrong` holds what is neither an array nor null. */
  readonly views: readonly View[];
  /** A row for each pair, over all records in order. */
  readonly rows: readonly JqRow[];
}

/** The pairs of one record, and what went wrong on the way. */
export interface View {
  readonly pairs: readonly Pair[];
  readonly wrong?: unknown;
  readonly failure?: string;
}

/** Evaluates itemsToParse on each record and runs the resource's jq leaves on every element beside its parent. */
export async function expand(
  compiled: CompiledMapping,
  bound: BoundResource,
  records: readonly SourceRecord[],
  rows: readonly JqRow[],
  blanks: Blanks | undefined,
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
  const own = await runJob(compiled, items.job, {
    count: pairs.length,
    textAt: (index) => textOf(withItem((pairs[index] as (typeof pairs)[0]).pair, name), items.job.keys),
    placeAt: (index) => pairs[index]?.record?.at,
  });
  return { views, rows: own };
}
