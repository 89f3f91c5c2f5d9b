import { type Entity, type EntityBody, type FoundEntity, originOf } from "../../entity.js";
import { type Outcome, placeOf } from "../../outcome.js";
import type { Reject } from "../../reject.js";
import { type Change, type Comparison, compileComparison, type MappedFields } from "../../settle/compare.js";
import { workAhead } from "../run/ahead.js";
import type { Run } from "../run/run.js";
import { type Due, lookUpsAhead } from "../writes/first-writes.js";

/** An entity that is not as the catalog has it. */
export interface Difference {
  readonly entity: Entity;
  /** Absent where the catalog has no such entity, and for a search in place of an identifier. */
  readonly before?: EntityBody;
  readonly changes: readonly Change[];
}

/** Hears of an entity that differs. */
export type OnDifference = (difference: Difference) => Promise<void> | void;

/** Most entities of one look-up, and so of one request. @source API reference, "Search a blueprint's entities": limit 1 to 1,000 */
const maxGroup = 1000;
/** Most bytes of entities that wait for one look-up. */
const maxGroupBytes = 8 * 1024 * 1024;
/**
 * Compares entities with the catalog, a thousand of a blueprint at a time, and lets only those through that a write would change. The others are
 * accounted for as unchanged; one that would lack a required value is a reject. Entities named by a search are always let through.
 *
 * @param onDifference - hears of each entity that is let through, in their order
 */
export async function* compareWithCatalog(
  run: Run,
  chunks: AsyncIterable<readonly Entity[]>,
  onDifference: OnDifference = () => undefined,
): AsyncGenerator<readonly Due[]> {
  const comparisons = comparisonsOf(run);
  const compare = (group: readonly Entity[]) => compareGroup(run, comparisons, group);
  const groups = workAhead(groupsOf(chunks), lookUpsAhead, compare, () => run.stop.because("failed"));
  for await (const compared of groups) yield await settle(run, compared, onDifference);
}

interface Compared {
  readonly outcomes: readonly Outcome[];
  readonly differences: readonly Difference[];
  /** Entities that the catalog has. */
  readonly known: readonly Entity[];
}

async function settle(
  { accounts, keys }: Run,
  { outcomes, differences, known }: Compared,
  onDifference: OnDifference,
): Promise<readonly Due[]> {
  for (const { key } of known) {
    const entry = keys.find(key);
    if (entry >= 0) keys.acknowledge(entry);
  }
  await accounts.takeOutcomes(outcomes);
  for (const difference of differences) await onDifference(difference);
  return differences.map(({ entity, before }) => (before === undefined ? { entity } : { entity, before }));
}

/** Entities of one blueprint, as many as one look-up takes, in the order of their coming. */
async function* groupsOf(chunks: AsyncIterable<readonly Entity[]>): AsyncGenerator<readonly Entity[]> {
  const open = new Map<string, { entities: Entity[]; bytes: number }>();
  for await (const chunk of chunks) {
    for (const entity of chunk) {
      const { blueprint } = entity.key;
      const group = open.get(blueprint) ?? { entities: [], bytes: 0 };
      open.set(blueprint, group);
      group.entities.push(entity);
      group.bytes += entity.bytes;
      if (group.entities.length < maxGroup && group.bytes < maxGroupBytes) continue;
      open.delete(blueprint);
      yield group.entities;
    }
  }
  for (const { entities } of open.values()) yield entities;
}

interface Comparisons {
  of(blueprint: string): Comparison | undefined;
  /** Blueprints whose look-ups leave out what they are asked to include. */
  readonly asksWhole: Set<string>;
}

async function compareGroup(run: Run, comparisons: Comparisons, group: readonly Entity[]): Promise<Compared> {
  const blueprint = group[0]?.key.blueprint ?? "";
  const comparison = comparisons.of(blueprint);
  if (comparison === undefined) return { outcomes: [], differences: group.map(unseen), known: [] };
  const named = group.filter(({ body }) => typeof body.identifier === "string");
  const found = await lookUp(run, comparisons, comparison, named);
  const outcomes: Outcome[] = [];
  const differences: Difference[] = [];
  const known: Entity[] = [];
  for (const entity of group) {
    const held = found.get(entity.key.identifier);
    if (held !== undefined) known.push(entity);
    const changes = held === undefined ? [] : comparison.changes(comparedBody(entity), held);
    if (held !== undefined && changes.length === 0) {
      outcomes.push({ ...placeOf(entity), is: "unchanged" });
      continue;
    }
    const lacks = typeof entity.body.identifier === "string" ? comparison.lacks(entity.body, held) : [];
    if (lacks.length > 0)
      outcomes.push({ ...placeOf(entity), is: "rejected", reject: rejectOf(entity, lacks, held !== undefined) });
    else if (held === undefined) differences.push(unseen(entity));
    else differences.push({ entity, before: comparison.before(comparedBody(entity), held), changes });
  }
  return { outcomes, differences, known };
}

/** The body with what is cleared apart, so that an entity that only clears a title counts as different. */
function comparedBody({ body, clears = [] }: Entity): EntityBody {
  return clears.length === 0 ? body : { ...body, ...Object.fromEntries(clears.map((field) => [field, null])) };
}

function unseen(entity: Entity): Difference {
  return { entity, changes: [] };
}

async function lookUp(
  { client }: Run,
  { asksWhole }: Comparisons,
  { include, relations }: Comparison,
  entities: readonly Entity[],
): Promise<ReadonlyMap<string, FoundEntity>> {
  const blueprint = entities[0]?.key.blueprint;
  if (blueprint === undefined) return new Map();
  const identifiers = entities.map(({ key }) => key.identifier);
  if (include === undefined || asksWhole.has(blueprint)) return client.lookUp(blueprint, identifiers);
  const found = await client.lookUp(blueprint, identifiers, include);
  // A reply shows a relation that holds nothing as null or []; without any of them, `include` does not take relations.
  const showsRelations = [...found.values()].some(({ relations: held }) =>
    relations.some((key) => typeof held === "object" && held !== null && Object.hasOwn(held, key)),
  );
  if (relations.length === 0 || found.size === 0 || showsRelations) return found;
  asksWhole.add(blueprint);
  return client.lookUp(blueprint, identifiers);
}

/** Comparisons by blueprint, of the fields that the resources map. */
function comparisonsOf({ catalog, inventory, mode }: Run): Comparisons {
  const known = new Map<string, Comparison>();
  return {
    asksWhole: new Set(),
    of(blueprint) {
      const definition = catalog.get(blueprint);
      if (definition === undefined) return undefined;
      const comparison = known.get(blueprint) ?? compileComparison(definition, mode, fieldsOf(inventory, blueprint));
      known.set(blueprint, comparison);
      return comparison;
    },
  };
}

function fieldsOf({ resources }: Run["inventory"], blueprint: string): MappedFields {
  const own = resources.filter((resource) => resource.blueprint === undefined || resource.blueprint === blueprint);
  return {
    head: (["title", "icon", "team"] as const).filter((name) => own.some(({ entity }) => entity[name] !== undefined)),
    properties: own.flatMap(({ properties }) => properties),
    relations: own.flatMap(({ relations }) => relations),
  };
}

function rejectOf(entity: Entity, lacks: readonly string[], exists: boolean): Reject {
  const [first, ...also] = lacks.map((path) => ({
    code: "required_missing" as const,
    path,
    message: exists
      ? "is required, and has no value here nor in the catalog"
      : "is required, and has no value; the catalog does not have the entity yet",
  }));
  return {
    ...(first ?? { code: "required_missing", message: "is required" }),
    ...(also.length > 0 && { also }),
    stage: "check",
    ...originOf(entity),
  };
}
