import { type Entity, type FoundEntity, originOf } from "../../entity.js";
import { type Outcome, placeOf } from "../../outcome.js";
import type { Emptying } from "../../plan/guards.js";
import type { Reject } from "../../reject.js";
import { type Change, type Comparison, clearedBody, compileComparison } from "../../settle/compare.js";
import type { KeySet } from "../../settle/keys.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { gathered, groupBy, lookUpsAhead, workAhead } from "./ahead.js";
import { acknowledge } from "./books.js";
import { type EmptyingGuard, emptiedIn, type KeptValues } from "./emptying.js";
import type { Entities, EntityStage } from "./entities.js";
import { type Resolving, searchResolver } from "./searched-targets.js";

/** An entity that is not as the catalog has it. */
export interface EntityDifference {
  /** Without `before` where the catalog has no such entity, and for a search in place of an identifier. */
  readonly entity: Entity;
  readonly changes: readonly Change[];
}

/** Receives an entity that differs. */
export type OnDifference = (difference: EntityDifference) => Promise<void> | void;

/** Most entities of one look-up, and so of one request. @source API reference, "Search a blueprint's entities": limit 1 to 1,000 */
const maxGroup = 1000;
/** Most bytes of entities that wait for one look-up. */
const maxGroupBytes = 8 * 1024 * 1024;

/**
 * Compares entities with the catalog, a thousand of a blueprint at a time, and passes only those that a write would change. The others are
 * accounted for as unchanged; one that would lack a required value is a reject. Entities named by a search are always let through, and those with a relation
 * by a search whose find is not known.
 *
 * @param onDifference - receives each entity that is let through, in their order
 * @param emptying - asked before what was looked up together is let through
 * @param kept - receives each entity that the catalog has, with what is there
 */
export function compareWithCatalog(
  target: Target,
  ledger: Ledger,
  keys: KeySet,
  onDifference: OnDifference = () => undefined,
  emptying?: EmptyingGuard,
  kept?: KeptValues,
): EntityStage {
  return async function* (entities) {
    const comparisons = comparisonsOf(target);
    const resolve = searchResolver(target);
    const compare = (group: readonly Entity[]) => compareGroup(target, comparisons, resolve, group, kept);
    for await (const compared of workAhead(groupsOf(entities), lookUpsAhead, compare)) {
      for (const one of compared.emptied) emptying?.add(one);
      emptying?.judge();
      for (const entity of compared.known) acknowledge(keys, entity);
      await ledger.takeOutcomes(compared.outcomes);
      for (const difference of compared.differences) await onDifference(difference);
      yield compared.differences.map(({ entity }) => entity);
    }
  };
}

/**
 * Passes only entities that the catalog has, where the run may create none: an import asks for them, a thousand of a blueprint at a time. What a
 * search names is let through, since the API refuses one that finds nothing.
 */
export function existingOnly(target: Target, ledger: Ledger, keys: KeySet): EntityStage {
  const ask = async (group: readonly Entity[]) => {
    const held = new Map<string, ReadonlySet<string>>();
    const named = group.filter(({ isNamed }) => isNamed).map(({ key }) => key);
    for (const [blueprint, keys] of groupBy(named, (key) => key.blueprint))
      held.set(blueprint, await target.existing(blueprint, [...new Set(keys.map(({ identifier }) => identifier))]));
    const has = ({ isNamed, key }: Entity) => !isNamed || held.get(key.blueprint)?.has(key.identifier) === true;
    return { group, has };
  };
  return async function* (entities) {
    for await (const { group, has } of workAhead(gathered(entities), lookUpsAhead, ask)) {
      const existing = group.filter(has);
      for (const entity of existing) acknowledge(keys, entity);
      await ledger.takeOutcomes(group.filter((entity) => !has(entity)).map(notInCatalog));
      yield existing;
    }
  };
}

function notInCatalog(entity: Entity): Outcome {
  const { blueprint, identifier } = entity.key;
  const message = `${blueprint} "${identifier}" is not in the catalog, and --update-only creates none`;
  return {
    ...placeOf(entity),
    is: "rejected",
    reject: { code: "not_in_catalog", stage: "write", message, ...originOf(entity) },
  };
}

interface Compared {
  readonly outcomes: readonly Outcome[];
  readonly differences: readonly EntityDifference[];
  /** Entities that the catalog has. */
  readonly known: readonly Entity[];
  readonly emptied: readonly Emptying[];
}

/** Entities of one blueprint, as many as one look-up takes, in the order of arrival. */
export async function* groupsOf(chunks: Entities): AsyncGenerator<readonly Entity[]> {
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

/** Comparisons by blueprint. */
export interface Comparisons {
  of(blueprint: string): Comparison | undefined;
  /** Blueprints whose look-ups leave out what they are asked to include. */
  readonly asksWhole: Set<string>;
}

async function compareGroup(
  target: Target,
  comparisons: Comparisons,
  resolve: (entities: readonly Entity[]) => Promise<Resolving>,
  group: readonly Entity[],
  kept: KeptValues | undefined,
): Promise<Compared> {
  const blueprint = group[0]?.key.blueprint ?? "";
  const comparison = comparisons.of(blueprint);
  if (comparison === undefined) return { outcomes: [], differences: group.map(unseen), known: [], emptied: [] };
  const named = group.filter(({ isNamed }) => isNamed);
  const found = await lookUpGroup(target, comparisons, comparison, named);
  const resolved = await resolve(named);
  const outcomes: Outcome[] = [];
  const differences: EntityDifference[] = [];
  const known: Entity[] = [];
  for (const entity of group) {
    const held = found.get(entity.key.identifier);
    if (held !== undefined) known.push(entity);
    const body = clearedBody(entity);
    if (held !== undefined) kept?.add(entity, body, held);
    const seen = resolved(body);
    const changes = held === undefined ? [] : comparison.changes(body, held);
    // What differs is written with its searches all the same: they may find another entity by then.
    if (
      held !== undefined &&
      (changes.length === 0 || (seen !== body && comparison.changes(seen, held).length === 0))
    ) {
      outcomes.push({ ...placeOf(entity), is: "unchanged" });
      continue;
    }
    const lacks = entity.isNamed ? comparison.lacks(body, held) : [];
    if (held === undefined && entity.isNamed && target.rules.updateOnly) outcomes.push(notInCatalog(entity));
    else if (lacks.length > 0)
      outcomes.push({ ...placeOf(entity), is: "rejected", reject: rejectOf(entity, lacks, held !== undefined) });
    else if (held === undefined) differences.push(unseen(entity.isNamed ? entity.with({ before: null }) : entity));
    else {
      differences.push({ entity: entity.with({ before: comparison.before(body, held) }), changes });
    }
  }
  const definition = target.rules.blueprints.get(blueprint);
  return { outcomes, differences, known, emptied: definition ? emptiedIn(definition, found, differences) : [] };
}

function unseen(entity: Entity): EntityDifference {
  return { entity, changes: [] };
}

/** What the catalog has of entities of one blueprint, as far as a comparison needs it. */
export async function lookUpGroup(
  target: Target,
  { asksWhole }: Comparisons,
  { include, relations }: Comparison,
  entities: readonly Entity[],
): Promise<ReadonlyMap<string, FoundEntity>> {
  const blueprint = entities[0]?.key.blueprint;
  if (blueprint === undefined) return new Map();
  const identifiers = entities.map(({ key }) => key.identifier);
  if (include === undefined || asksWhole.has(blueprint)) return target.lookUp(blueprint, identifiers);
  const found = await target.lookUp(blueprint, identifiers, include);
  // A reply shows a relation that holds nothing as null or []; without any of them, `include` does not take relations.
  const showsRelations = [...found.values()].some(({ relations: held }) =>
    relations.some((key) => typeof held === "object" && held !== null && Object.hasOwn(held, key)),
  );
  if (relations.length === 0 || found.size === 0 || showsRelations) return found;
  asksWhole.add(blueprint);
  return target.lookUp(blueprint, identifiers);
}

/** Comparisons by blueprint, of the fields that the resources map. */
export function comparisonsOf({ rules: { blueprints, mode, fieldsOf } }: Target): Comparisons {
  const known = new Map<string, Comparison>();
  return {
    asksWhole: new Set(),
    of(blueprint) {
      const definition = blueprints.get(blueprint);
      if (definition === undefined) return undefined;
      const comparison = known.get(blueprint) ?? compileComparison(definition, mode, fieldsOf(blueprint));
      known.set(blueprint, comparison);
      return comparison;
    },
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
