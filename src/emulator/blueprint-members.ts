import type { Blueprint } from "../blueprint.js";
import { replaceRelations, targetsOf } from "./catalog.js";
import type { Catalog, RelationRule, Rules, Shelf, Targets, Writer } from "./model.js";
import { identifierTaken, invalidRequest, Refusal } from "./refusal.js";
import { compileRules } from "./rules.js";

/** What of a blueprint has a name that can be changed. */
export type Member = "property" | "mirror" | "relation";

/**
 * Gives a property, mirror property or relation of a blueprint another name, and all its entities' values with it. Paths of the blueprint's own mirror properties and
 * ownership follow; those of other blueprints do not.
 */
export function renameMember(
  catalog: Catalog,
  shelf: Shelf,
  member: Member,
  from: string,
  to: string | undefined,
  writer: Writer,
): Refusal | undefined {
  const names = membersOf(shelf.blueprint, member);
  if (!Object.hasOwn(names, from)) {
    const word = member === "relation" ? "Relation" : "Property";
    return new Refusal(404, "not_found", `${word} with identifier "${from}" was not found`);
  }
  if (to === undefined) return invalidRequest(`"body" must have the new name of "${from}"`);
  if (to !== from && Object.hasOwn(names, to))
    return identifierTaken(member === "relation" ? "Relation" : "Property", to);
  const { blueprint } = shelf;
  const updated = { updatedAt: new Date(catalog.clock()).toISOString(), updatedBy: writer.by };
  shelf.blueprint = { ...blueprint, ...renamed(blueprint, member, from, to), ...updated };
  shelf.rules = compileRules(catalog, shelf.blueprint);
  if (member === "mirror") return undefined;
  for (const entity of shelf.entities.values()) {
    if (member === "property") entity.properties = renameKey(entity.properties, from, to);
    else replaceRelations(shelf, entity, renameKey(entity.relations, from, to));
  }
  if (member === "relation") shelf.referrers.clear();
  return undefined;
}

function membersOf({ schema, mirrorProperties, relations }: Blueprint, member: Member): object {
  return { property: schema.properties, mirror: mirrorProperties ?? {}, relation: relations ?? {} }[member];
}

function renamed(blueprint: Blueprint, member: Member, from: string, to: string): Partial<Blueprint> {
  const { schema, mirrorProperties = {}, relations = {}, ownership } = blueprint;
  if (member === "mirror") return { mirrorProperties: renameKey(mirrorProperties, from, to) };
  if (member === "property") {
    const required = (schema.required ?? []).map((name) => (name === from ? to : name));
    return { schema: { ...schema, properties: renameKey(schema.properties, from, to), required } };
  }
  const follow = (path: string) => (path === from || path.startsWith(`${from}.`) ? to + path.slice(from.length) : path);
  const mirrors = Object.entries(mirrorProperties).map(([key, mirror]) => {
    const { path, ...rest } = mirror as { readonly path: string };
    return [key, { ...rest, path: follow(path) }] as const;
  });
  return {
    relations: renameKey(relations, from, to),
    mirrorProperties: Object.fromEntries(mirrors),
    ...(ownership?.type === "Inherited" ? { ownership: { ...ownership, path: follow(String(ownership.path)) } } : {}),
  };
}

function renameKey<T>(values: Readonly<Record<string, T>>, from: string, to: string): Record<string, T> {
  if (!Object.hasOwn(values, from)) return values;
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key === from ? to : key, value]));
}

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
