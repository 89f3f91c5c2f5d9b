import type { Catalog, Shelf, StoredEntity } from "./catalog.js";
import { metaOf } from "./meta.js";
import { followPath, type Placed } from "./paths.js";

/** A mirror property's path: relations, then a property or a meta-property such as `$title`. */
export interface MirrorRule {
  readonly relations: readonly string[];
  readonly last: string;
}

/** Reads the path of a mirror property; at least one dot, as the route's schema makes sure of. */
export function mirrorRule(path: string): MirrorRule {
  const parts = path.split(".");
  return { relations: parts.slice(0, -1), last: parts.at(-1) ?? "" };
}

/** How far a mirror may show another mirror. */
const maxDepth = 8;

/**
 * Gives what a mirror property shows: null without a target, a list when a relation on the way holds many. `withIdentifiers` gives a mirrored title as
 * `{identifier, title}`.
 */
export function mirrorValue(
  catalog: Catalog,
  from: Placed,
  rule: MirrorRule,
  withIdentifiers = false,
  depth = 0,
): unknown {
  const { entities, many } = followPath(catalog, from, rule.relations);
  const values = entities.map((end) => {
    const value = endValue(catalog, end, rule.last, depth);
    return withIdentifiers && rule.last === "$title" ? { identifier: end[1].identifier, title: value } : value;
  });
  return many ? values.flat() : (values[0] ?? null);
}

function endValue(
  catalog: Catalog,
  [shelf, entity]: readonly [Shelf, StoredEntity],
  name: string,
  depth: number,
): unknown {
  const meta = metaOf(catalog, entity, shelf, name);
  if (meta !== undefined) return meta;
  const mirror = shelf.rules.mirrors.get(name);
  if (mirror !== undefined)
    return depth < maxDepth ? mirrorValue(catalog, [shelf, entity], mirror, false, depth + 1) : null;
  return Object.hasOwn(entity.properties, name) ? (entity.properties[name] ?? null) : null;
}
