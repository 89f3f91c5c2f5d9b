import type { Catalog, Shelf, StoredEntity } from "./catalog.js";
import { isObject } from "./json-object.js";
import { followPath, type Placed } from "./paths.js";

/** A relation, any one when none is named, and how often it may be followed. */
type Step = { readonly relation: string | undefined; readonly maxHops: number };

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

function stepOf(part: unknown): Step {
  if (!isObject(part)) return { relation: String(part), maxHops: 1 };
  const relation = typeof part.relation === "string" ? part.relation : undefined;
  return { relation, maxHops: typeof part.maxHops === "number" ? part.maxHops : 1 };
}

function ends(catalog: Catalog, from: Placed, steps: readonly Step[]): readonly StoredEntity[] {
  let reached: readonly Placed[] = [from];
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

function follow(catalog: Catalog, place: Placed, relation: string | undefined): readonly Placed[] {
  const names = relation === undefined ? [...place[0].rules.relations.keys()] : [relation];
  return names.flatMap((name) => followPath(catalog, place, [name]).entities);
}
