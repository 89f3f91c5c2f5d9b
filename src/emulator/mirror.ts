import type { Catalog } from "./catalog.js";
import { fieldOf } from "./field.js";
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

/**
 * Gives what a mirror property shows: null without a target, a list when a relation on the way holds many. `withIdentifiers` gives a mirrored title as
 * `{identifier, title}`.
 */
export function mirrorValue(catalog: Catalog, from: Placed, rule: MirrorRule, withIdentifiers = false): unknown {
  const { entities, many } = followPath(catalog, from, rule.relations);
  const values = entities.map((end) => {
    const value = endValue(catalog, end, rule.last);
    return withIdentifiers && rule.last === "$title" ? { identifier: end[1].identifier, title: value } : value;
  });
  return many ? values.flat() : (values[0] ?? null);
}

/** How far what a mirror shows may depend on what further mirrors show. */
const maxDepth = 8;

// Calculated values that are being worked out; nothing else runs meanwhile.
const open = new Set<string>();

// A calculated value may depend on mirrors, these on calculated values of other entities, and so on round a circle: what depends on itself shows nothing.
function endValue(catalog: Catalog, [shelf, entity]: Placed, name: string): unknown {
  if (!shelf.rules.readOnly.has(name)) return fieldOf(catalog, entity, shelf, name) ?? null;
  const key = `${entity.id} ${name}`;
  if (open.has(key) || open.size === maxDepth) return null;
  open.add(key);
  try {
    return fieldOf(catalog, entity, shelf, name) ?? null;
  } finally {
    open.delete(key);
  }
}
