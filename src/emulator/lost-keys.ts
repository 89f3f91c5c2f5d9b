import { type Catalog, replaceRelations, type Shelf, type Targets, targetsOf } from "./catalog.js";
import { compileRules, type RelationRule, type Rules } from "./rules.js";

/** Takes from all entities the values of properties and relations that the blueprint's new rules lack, and fits relations that turned from many to one or back. */
export function dropLostKeys(shelf: Shelf, next: Rules): void {
  const lost = [...shelf.rules.properties].filter((key) => !next.properties.has(key));
  const moved = [...shelf.rules.relations].filter(([key, rule]) => !sameRule(rule, next.relations.get(key)));
  if (lost.length === 0 && moved.length === 0) return;
  for (const entity of shelf.entities.values()) {
    if (lost.length > 0) entity.properties = without(entity.properties, lost);
    if (moved.length > 0) replaceRelations(shelf, entity, refit(entity.relations, moved, next));
  }
  for (const [key] of moved) shelf.referrers.delete(key);
}

/** Lets all relations to a blueprint that was renamed point at its new name. */
export function renameTargets(catalog: Catalog, from: string, to: string): void {
  for (const shelf of catalog.shelves.values()) {
    const { relations } = shelf.blueprint;
    if (!Object.values(relations ?? {}).some((relation) => relation.target === from)) continue;
    const renamed = Object.entries(relations ?? {}).map(
      ([key, r]) => [key, r.target === from ? { ...r, target: to } : r] as const,
    );
    shelf.blueprint = { ...shelf.blueprint, relations: Object.fromEntries(renamed) };
    shelf.rules = compileRules(catalog, shelf.blueprint);
  }
}

function sameRule(before: RelationRule, after: RelationRule | undefined): boolean {
  return after !== undefined && before.target === after.target && before.many === after.many;
}

function without<T>(values: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));
}

function refit(
  relations: Readonly<Record<string, Targets>>,
  moved: readonly (readonly [string, RelationRule])[],
  next: Rules,
): Record<string, Targets> {
  const fitted = { ...relations };
  for (const [key, before] of moved) {
    const after = next.relations.get(key);
    const held = Object.hasOwn(fitted, key) ? fitted[key] : undefined;
    if (after === undefined || after.target !== before.target) delete fitted[key];
    else if (held !== undefined && held !== null)
      fitted[key] = after.many ? targetsOf(held) : (targetsOf(held)[0] ?? null);
  }
  return fitted;
}
