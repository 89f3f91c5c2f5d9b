import type { Finding } from "../reject.js";
import type { CellFinding } from "./columns-apply.js";
import { keysRead } from "./keys-read.js";
import { leavesIn, type RawLeaf, type Resource } from "./mapping.js";
import { plainOf } from "./plain.js";

/** The columns that a resource's expressions read, by what they are for; undefined where they may read all. */
export interface Reads {
  readonly selector: Columns;
  readonly items: Columns;
  readonly identifier: Columns;
  readonly entity: Columns;
}

type Columns = ReadonlySet<string> | undefined;

/** The unreadable cells that a resource's expressions would have read. */
export type Struck = { readonly [K in keyof Reads]: readonly Finding[] };

/** Tells which columns a resource reads. */
export function readsOf({ selector, itemsToParse, entity }: Resource): Reads {
  return {
    selector: readBy(selector),
    items: itemsToParse === undefined ? new Set() : readBy(itemsToParse),
    identifier: readBy(entity.identifier),
    entity: readBy({ ...entity } as RawLeaf),
  };
}

/** The findings of a record's cells that concern a resource; undefined when none does, so that the record is mapped as if they were not there. */
export function struckBy(faults: readonly CellFinding[] | undefined, reads: Reads | undefined): Struck | undefined {
  if (faults === undefined || reads === undefined) return undefined;
  const of = (columns: Columns): Finding[] =>
    faults.filter(({ column }) => columns?.has(column) ?? true).map(({ finding }) => finding);
  const struck = {
    selector: of(reads.selector),
    items: of(reads.items),
    identifier: of(reads.identifier),
    entity: of(reads.entity),
  };
  return Object.values(struck).some((findings) => findings.length > 0) ? struck : undefined;
}

function readBy(value: RawLeaf): Columns {
  const columns = new Set<string>();
  for (const { value: leaf } of leavesIn(value, "")) {
    if (typeof leaf !== "string") continue;
    const plain = plainOf(leaf);
    const keys = plain === undefined ? keysRead(leaf) : "path" in plain ? firstKey(plain.path) : new Set<string>();
    if (keys === undefined) return undefined;
    for (const key of keys) columns.add(key);
  }
  return columns;
}

function firstKey(path: readonly { readonly key: string | number }[]): Columns {
  const [first] = path;
  return first === undefined ? undefined : new Set([String(first.key)]);
}
