import type { Tally } from "../chunk.js";
import type { Candidate } from "../entity.js";
import type { Outcome } from "../outcome.js";
import type { Reject } from "../reject.js";

/** What became of the records. */
export type RecordCounts = Tally;

/** What became of the entities. `deleted` ones were in the catalog alone, so they are outside the ledger. */
export interface EntityCounts {
  readonly mapped: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly notAttempted: number;
  readonly deleted: number;
  /** Of `rejected`, those that a write created all the same: the catalog holds them without what was refused, such as a relation. Absent for none. */
  readonly createdInPart?: number;
  /** Of `rejected`, those that a write updated all the same. Absent for none. */
  readonly updatedInPart?: number;
}

/** The counts of an import. A value: every function here gives a new one. */
export interface Counts {
  readonly records: RecordCounts;
  readonly entities: EntityCounts;
  readonly blueprints: Readonly<Record<string, EntityCounts>>;
}

const noEntities: EntityCounts = {
  mapped: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  duplicate: 0,
  rejected: 0,
  notAttempted: 0,
  deleted: 0,
};

/** The counts of an import that has read nothing yet. */
export const noCounts: Counts = {
  records: { read: 0, mapped: 0, skipped: 0, rejected: 0 },
  entities: noEntities,
  blueprints: {},
};

/** Adds what became of a chunk's records, once map has seen it. */
export function addTally(counts: Counts, tally: Tally): Counts {
  const { records } = counts;
  return {
    ...counts,
    records: {
      read: records.read + tally.read,
      mapped: records.mapped + tally.mapped,
      skipped: records.skipped + tally.skipped,
      rejected: records.rejected + tally.rejected,
    },
  };
}

/** Adds candidates as they leave map, before check. */
export function addMapped(counts: Counts, candidates: readonly Pick<Candidate, "blueprint">[]): Counts {
  return addEach(counts, "mapped", candidates, (candidate) => candidate.blueprint);
}

/** Adds entities that check refused; rejects of read and map are counted with their records by {@link addTally}, those of writing by {@link addOutcomes}. */
export function addRejects(counts: Counts, rejects: readonly Reject[]): Counts {
  const ofEntities = rejects.filter(({ stage }) => stage === "check" || stage === "write");
  return addEach(counts, "rejected", ofEntities, ({ blueprint }) => blueprint);
}

/** What became of an entity, as far as it is counted. */
export type Ended = Pick<Outcome, "is" | "key"> & { readonly written?: "created" | "updated" };

/** Adds what became of entities. Each entity has one outcome: that of its last write. */
export function addOutcomes(counts: Counts, outcomes: readonly Ended[]): Counts {
  const numbers = new Map<string, Partial<Record<keyof EntityCounts, number>>>();
  for (const { is, key, written } of outcomes) {
    let known = numbers.get(key.blueprint);
    if (known === undefined) {
      known = {};
      numbers.set(key.blueprint, known);
    }
    known[is] = (known[is] ?? 0) + 1;
    if (written !== undefined) known[`${written}InPart`] = (known[`${written}InPart`] ?? 0) + 1;
  }
  let sum = counts;
  for (const [blueprint, known] of numbers)
    for (const is of [...outcomeKinds, "createdInPart", "updatedInPart"] as const)
      if (known[is] !== undefined) sum = add(sum, is, blueprint, known[is]);
  return sum;
}

/** Adds entities deleted from the catalog. */
export function addDeleted(counts: Counts, blueprint: string, number: number): Counts {
  return add(counts, "deleted", blueprint, number);
}

/** Counts every entity without a verdict as not attempted: for an import that stopped before its end, and for no other. */
export function closeCounts(counts: Counts): Counts {
  let sum = counts;
  for (const [blueprint, entities] of Object.entries(counts.blueprints))
    sum = add(sum, "notAttempted", blueprint, entities.mapped - settled(entities));
  return sum;
}

/** How many entities the catalog holds without what was refused of them. */
export function writtenInPart({ createdInPart = 0, updatedInPart = 0 }: Partial<EntityCounts>): number {
  return createdInPart + updatedInPart;
}

/** How many entities a run changed in the catalog, in part or as a whole. */
export function changedIn(entities: EntityCounts): number {
  return entities.created + entities.updated + entities.deleted + writtenInPart(entities);
}

/** Returns whether every record and every entity is accounted for, in all and for each blueprint. */
export function balances({ records, entities, blueprints }: Counts): boolean {
  const all = [entities, ...Object.values(blueprints)];
  return (
    records.read === records.mapped + records.skipped + records.rejected &&
    all.every((each) => each.mapped === settled(each))
  );
}

const outcomeKinds = [
  "created",
  "updated",
  "unchanged",
  "duplicate",
  "rejected",
  "notAttempted",
] as const satisfies Outcome["is"][];

function settled(entities: EntityCounts): number {
  return outcomeKinds.reduce((sum, is) => sum + entities[is], 0);
}

function addEach<T>(
  counts: Counts,
  kind: keyof EntityCounts,
  items: readonly T[],
  blueprintOf: (item: T) => string | undefined,
): Counts {
  const numbers = new Map<string | undefined, number>();
  for (const item of items) {
    const blueprint = blueprintOf(item);
    numbers.set(blueprint, (numbers.get(blueprint) ?? 0) + 1);
  }
  let sum = counts;
  for (const [blueprint, number] of numbers) sum = add(sum, kind, blueprint, number);
  return sum;
}

function add(counts: Counts, kind: keyof EntityCounts, blueprint: string | undefined, number: number): Counts {
  const entities = { ...counts.entities, [kind]: (counts.entities[kind] ?? 0) + number };
  if (blueprint === undefined) return { ...counts, entities };
  const known = Object.hasOwn(counts.blueprints, blueprint) ? counts.blueprints[blueprint] : undefined;
  const ofBlueprint = known ?? noEntities;
  const raised: EntityCounts = { ...ofBlueprint, [kind]: (ofBlueprint[kind] ?? 0) + number };
  return { ...counts, entities, blueprints: { ...counts.blueprints, [blueprint]: raised } };
}
