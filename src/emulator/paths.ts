import { heldBy, referrersTo, targetsOf } from "./catalog.js";
import { type Catalog, isObject, type Query, type Shelf, type ShelvedEntity, type StoredEntity } from "./model.js";

/** Where a chain of relations ends. */
export interface PathEnd {
  readonly entities: readonly ShelvedEntity[];
  /** Whether a relation on the way holds many, so that the end is a list. */
  readonly many: boolean;
}

/** Follows a chain of relations from an entity; entities that are gone are left out, each end counts once. */
export function followPath(catalog: Catalog, from: ShelvedEntity, relations: readonly string[]): PathEnd {
  let entities: readonly ShelvedEntity[] = [from];
  let many = false;
  for (const relation of relations) {
    const next = new Map<StoredEntity, Shelf>();
    for (const [shelf, entity] of entities) {
      const rule = shelf.rules.relations.get(relation);
      const home = catalog.shelves.get(rule?.target ?? "");
      if (rule?.many === true) many = true;
      for (const target of targetsOf(heldBy(entity, relation))) {
        const found = home?.entities.get(target);
        if (found !== undefined && home !== undefined) next.set(found, home);
      }
    }
    entities = [...next].map(([entity, shelf]) => [shelf, entity] as const);
  }
  return { entities, many };
}

/** A relation, any one when none is named, and how often it may be followed. */
type RelationStep = { readonly relation: string | undefined; readonly maxHops: number };

/**
 * Gives the identifiers at the end of a path of relations, which `matchAny` compares. With `fromBlueprint` the path is one that leads here from there, and the
 * identifiers are those of the entities that it leads from.
 */
export function pathOperand(
  catalog: Catalog,
  { path, fromBlueprint }: Readonly<Record<string, unknown>>,
): (entity: StoredEntity, shelf: Shelf) => readonly string[] {
  const steps = [path].flat().map(stepOf);
  if (typeof fromBlueprint !== "string") {
    return (entity, shelf) => ends(catalog, [shelf, entity], steps).map((end) => end.identifier);
  }
  const home = catalog.shelves.get(fromBlueprint);
  return (entity) =>
    [...(home?.entities.values() ?? [])]
      .filter((start) => home !== undefined && ends(catalog, [home, start], steps).includes(entity))
      .map((start) => start.identifier);
}

function stepOf(part: unknown): RelationStep {
  if (!isObject(part)) return { relation: String(part), maxHops: 1 };
  const relation = typeof part.relation === "string" ? part.relation : undefined;
  return { relation, maxHops: typeof part.maxHops === "number" ? part.maxHops : 1 };
}

function ends(catalog: Catalog, from: ShelvedEntity, steps: readonly RelationStep[]): readonly StoredEntity[] {
  let reached: readonly ShelvedEntity[] = [from];
  for (const { relation, maxHops } of steps) {
    const found = new Map<StoredEntity, Shelf>();
    let edge = reached;
    for (let hop = 0; hop < maxHops && edge.length > 0; hop++) {
      const next = edge.flatMap((place) => follow(catalog, place, relation));
      edge = next.filter(([, entity]) => !found.has(entity));
      for (const [shelf, entity] of edge) found.set(entity, shelf);
    }
    reached = [...found].map(([entity, shelf]) => [shelf, entity] as const);
  }
  return reached.map(([, entity]) => entity);
}

function follow(catalog: Catalog, place: ShelvedEntity, relation: string | undefined): readonly ShelvedEntity[] {
  const names = relation === undefined ? [...place[0].rules.relations.keys()] : [relation];
  return names.flatMap((name) => followPath(catalog, place, [name]).entities);
}

type Neighbours = (shelf: Shelf, entity: StoredEntity) => readonly ShelvedEntity[];

/**
 * Compiles `relatedTo`: entities that lead to one of those named, over any number of relations. `direction` `upstream` (default) finds those whose relations lead
 * to it, `downstream` those that its relations lead to; `required` looks at required relations only, or at the others only.
 */
export function relatedTo(catalog: Catalog, rule: Readonly<Record<string, unknown>>): Query {
  const { blueprint, value, direction, required } = rule;
  const names = [value].flat().map(String);
  const wanted = typeof required === "boolean" ? required : undefined;
  const step = direction === "downstream" ? targets(catalog, wanted) : sources(catalog, wanted);
  const home = catalog.shelves.get(String(blueprint));
  const found = home === undefined ? new Set<StoredEntity>() : reach(home, names, step);
  return { test: (entity) => found.has(entity) };
}

/** Gives all entities that lead to one, and all that it leads to, over any number of relations. */
export function connectedTo(catalog: Catalog, [shelf, entity]: ShelvedEntity): ReadonlySet<StoredEntity> {
  const name = [entity.identifier];
  const found = reach(shelf, name, sources(catalog, undefined));
  for (const one of reach(shelf, name, targets(catalog, undefined))) found.add(one);
  return found;
}

function reach(home: Shelf, names: readonly string[], step: Neighbours): Set<StoredEntity> {
  const found = new Set<StoredEntity>();
  const queue: ShelvedEntity[] = [];
  for (const name of names) {
    const entity = home.entities.get(name);
    if (entity !== undefined) queue.push([home, entity]);
  }
  // The queue grows while it is walked.
  for (const [shelf, entity] of queue) {
    for (const next of step(shelf, entity)) {
      if (found.has(next[1])) continue;
      found.add(next[1]);
      queue.push(next);
    }
  }
  return found;
}

function sources(catalog: Catalog, required: boolean | undefined): Neighbours {
  return (shelf, entity) =>
    referrersTo(catalog, shelf, entity.identifier)
      .filter((referrer) => required === undefined || referrer.rule.required === required)
      .map((referrer) => [referrer.shelf, referrer.entity] as const);
}

function targets(catalog: Catalog, required: boolean | undefined): Neighbours {
  return (shelf, entity) =>
    [...shelf.rules.relations]
      .filter(([, rule]) => required === undefined || rule.required === required)
      .flatMap(([key, rule]) => {
        const target = catalog.shelves.get(rule.target);
        if (target === undefined) return [];
        return targetsOf(heldBy(entity, key)).flatMap((name) => {
          const held = target.entities.get(name);
          return held === undefined ? [] : [[target, held] as const];
        });
      });
}
