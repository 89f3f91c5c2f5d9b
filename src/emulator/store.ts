import type { Catalog, Shelf, StoredBlueprint, StoredEntity } from "./catalog.js";

/** What tests and the demo may see of the emulator's catalog; nothing here changes it. */
export interface Store {
  /** All blueprints, those of the system (`_team`, `_user`) included, in order of creation. */
  readonly blueprints: () => readonly StoredBlueprint[];
  /** All entities of a blueprint in order of creation; none when there is no such blueprint. */
  readonly entities: (blueprint: string) => readonly Readonly<StoredEntity>[];
  readonly entity: (blueprint: string, identifier: string) => Readonly<StoredEntity> | undefined;
  readonly count: (blueprint: string) => number;
  /** How often an entity was written, its creation included; 0 when there is none. */
  readonly writes: (blueprint: string, identifier: string) => number;
}

/** Makes the view of a catalog. */
export function viewStore(catalog: Catalog): Store {
  const shelf = (blueprint: string): Shelf | undefined => catalog.shelves.get(blueprint);
  return {
    blueprints: () => [...catalog.shelves.values()].map((one) => one.blueprint),
    entities: (blueprint) => shelf(blueprint)?.order.filter((entity) => !entity.deleted) ?? [],
    entity: (blueprint, identifier) => shelf(blueprint)?.entities.get(identifier),
    count: (blueprint) => shelf(blueprint)?.entities.size ?? 0,
    writes: (blueprint, identifier) => shelf(blueprint)?.entities.get(identifier)?.writes ?? 0,
  };
}
