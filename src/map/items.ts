import type { SourceRecord } from "../record.js";
import { type BoundResource, type Notes, type Pair, withItem } from "./bind.js";
import type { CompiledMapping } from "./compile-mapping.js";
import { type BoundJob, runJob } from "./job.js";
import type { JqRow } from "./jq-program.js";
import { without } from "./plain.js";
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

/** What itemsToParse is evaluated on: the records of a chunk and their rows; `job` is that of the elements. */
export interface ExpandInput {
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
