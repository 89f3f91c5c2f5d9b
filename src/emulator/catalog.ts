import type { Catalog, Query, ReferrerIndex, RelationRule, Shelf, StoredEntity, Targets } from "./model.js";

/** Puts a new entity on its shelf. */
export function addEntity(shelf: Shelf, entity: StoredEntity): void {
  shelf.entities.set(entity.identifier, entity);
  shelf.order.push(entity);
  for (const [relation, index] of shelf.referrers) refer(index, entity, heldBy(entity, relation));
}

/** Takes an entity from its shelf. */
export function removeEntity(shelf: Shelf, entity: StoredEntity): void {
  shelf.entities.delete(entity.identifier);
  entity.deleted = true;
  for (const [relation, index] of shelf.referrers) unrefer(index, entity, heldBy(entity, relation));
  if (shelf.order.length > 64 && shelf.order.length > shelf.entities.size * 2) {
    shelf.order = shelf.order.filter((kept) => !kept.deleted);
  }
}

/** Gives a stored entity other relations. */
export function replaceRelations(shelf: Shelf, entity: StoredEntity, relations: StoredEntity["relations"]): void {
  for (const [relation, index] of shelf.referrers) {
    unrefer(index, entity, heldBy(entity, relation));
    refer(index, entity, Object.hasOwn(relations, relation) ? relations[relation] : null);
  }
  entity.relations = relations;
}

/** Gives the entities of a shelf that name `target` in `relation`. */
export function referrersOf(shelf: Shelf, relation: string, target: string): ReadonlySet<StoredEntity> | undefined {
  let index = shelf.referrers.get(relation);
  if (index === undefined) {
    index = new Map();
    for (const entity of shelf.entities.values()) refer(index, entity, heldBy(entity, relation));
    shelf.referrers.set(relation, index);
  }
  return index.get(target);
}

/** Gives what an entity holds in a relation; a relation may have the name of an inherited member, so it asks for own ones. */
export function heldBy(entity: StoredEntity, relation: string): Targets {
  return Object.hasOwn(entity.relations, relation) ? (entity.relations[relation] ?? null) : null;
}

/** Gives what a relation holds as a list. */
export function targetsOf(targets: Targets | undefined): readonly string[] {
  if (targets === null || targets === undefined) return [];
  return typeof targets === "string" ? [targets] : targets;
}

function refer(index: ReferrerIndex, entity: StoredEntity, targets: Targets | undefined): void {
  for (const target of targetsOf(targets)) {
    const known = index.get(target);
    if (known === undefined) index.set(target, new Set([entity]));
    else known.add(entity);
  }
}

function unrefer(index: ReferrerIndex, entity: StoredEntity, targets: Targets | undefined): void {
  for (const target of targetsOf(targets)) {
    const known = index.get(target);
    known?.delete(entity);
    if (known?.size === 0) index.delete(target);
  }
}

/** One entity that names another in one relation. */
export interface Referrer {
  readonly shelf: Shelf;
  readonly relation: string;
  readonly rule: RelationRule;
  readonly entity: StoredEntity;
}

/** Finds every entity that names `identifier` of `shelf` in a relation. */
export function referrersTo(catalog: Catalog, shelf: Shelf, identifier: string): Referrer[] {
  const found: Referrer[] = [];
  for (const source of catalog.shelves.values()) {
    for (const [relation, rule] of source.rules.relations) {
      if (rule.target !== shelf.blueprint.identifier) continue;
      for (const entity of referrersOf(source, relation, identifier) ?? []) {
        found.push({ shelf: source, relation, rule, entity });
      }
    }
  }
  return found;
}

/** Gives at most `limit` entities of a shelf that match, by ascending id, with ids above `after` only. */
export function selectEntities(shelf: Shelf, query: Query, after: number, limit: number): StoredEntity[] {
  const found: StoredEntity[] = [];
  if (query.identifiers !== undefined) {
    for (const identifier of new Set(query.identifiers)) {
      const entity = shelf.entities.get(identifier);
      if (entity !== undefined && entity.id > after && query.test(entity, shelf)) found.push(entity);
    }
    return found.sort((a, b) => a.id - b.id).slice(0, limit);
  }
  const { order } = shelf;
  for (let i = firstAbove(order, after); i < order.length && found.length < limit; i++) {
    const entity = order[i];
    if (entity !== undefined && !entity.deleted && query.test(entity, shelf)) found.push(entity);
  }
  return found;
}

function firstAbove(order: readonly StoredEntity[], after: number): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((order[middle]?.id ?? 0) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
