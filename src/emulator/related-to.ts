import { type Catalog, heldBy, type Shelf, type StoredEntity, targetsOf } from "./catalog.js";
import type { Placed } from "./paths.js";
import type { Query } from "./query.js";
import { referrersTo } from "./referrers.js";

type Step = (shelf: Shelf, entity: StoredEntity) => readonly Placed[];

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
export function connectedTo(catalog: Catalog, [shelf, entity]: Placed): ReadonlySet<StoredEntity> {
  const name = [entity.identifier];
  const found = reach(shelf, name, sources(catalog, undefined));
  for (const one of reach(shelf, name, targets(catalog, undefined))) found.add(one);
  return found;
}

function reach(home: Shelf, names: readonly string[], step: Step): Set<StoredEntity> {
  const found = new Set<StoredEntity>();
  const queue: Placed[] = [];
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

function sources(catalog: Catalog, required: boolean | undefined): Step {
  return (shelf, entity) =>
    referrersTo(catalog, shelf, entity.identifier)
      .filter((referrer) => required === undefined || referrer.rule.required === required)
      .map((referrer) => [referrer.shelf, referrer.entity] as const);
}

function targets(catalog: Catalog, required: boolean | undefined): Step {
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
