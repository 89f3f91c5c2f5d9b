import { type Catalog, heldBy, type Shelf, type StoredEntity, targetsOf } from "./catalog.js";

/** An entity with the shelf that it stands on. */
export type Placed = readonly [Shelf, StoredEntity];

/** Where a chain of relations ends. */
export interface PathEnd {
  readonly entities: readonly Placed[];
  /** Whether a relation on the way holds many, so that the end is a list. */
  readonly many: boolean;
}

/** Follows a chain of relations from an entity; entities that are gone are left out, each end counts once. */
export function followPath(catalog: Catalog, from: Placed, relations: readonly string[]): PathEnd {
  let entities: readonly Placed[] = [from];
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
