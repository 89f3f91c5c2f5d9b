import type { Blueprint, Property } from "../blueprint.js";
import { compileRules, heldBy, mirrorRule, replaceRelations, targetsOf } from "./catalog.js";
import type {
  AggregationRule,
  Catalog,
  RelationRule,
  Rules,
  Shelf,
  StoredBlueprint,
  Targets,
  Writer,
} from "./model.js";
import { queryFault } from "./query.js";
import { identifierTaken, invalidRequest, Refusal } from "./refusal.js";

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

/**
 * Says which mirror property or inherited ownership of a blueprint follows relations that do not exist. Where a blueprint on the way is not there yet, as while several
 * are loaded together, nothing is said.
 *
 * The words are those of a live reply about a mirror path, the codes those that Port's CLI matches.
 */
export function pathFault(catalog: Catalog, blueprint: StoredBlueprint): Refusal | undefined {
  for (const [key, mirror] of Object.entries(blueprint.mirrorProperties ?? {})) {
    const { path } = mirror as { readonly path: string };
    const { relations, last } = mirrorRule(path);
    const end = endOf(catalog, blueprint, relations);
    if (end === "unknown") continue;
    if (end === undefined || !hasMember(end, last))
      return invalidRequest(`The path "${path}" do not exists (mirror property "${key}")`);
  }
  const { ownership } = blueprint;
  if (ownership?.type !== "Inherited") return undefined;
  const path = String(ownership.path);
  const end = endOf(catalog, blueprint, path.split("."));
  if (end === "unknown" || end?.ownership?.type === "Direct" || end?.identifier === "_team") return undefined;
  return new Refusal(
    422,
    "invalid_inherited_ownership_path",
    `The ownership path "${path}" does not lead to a blueprint with direct ownership`,
  );
}

function endOf(
  catalog: Catalog,
  from: StoredBlueprint,
  relations: readonly string[],
): StoredBlueprint | "unknown" | undefined {
  let at = from;
  for (const relation of relations) {
    const rules = at.relations ?? {};
    const target = Object.hasOwn(rules, relation) ? rules[relation]?.target : undefined;
    if (target === undefined) return undefined;
    const next = target === from.identifier ? from : catalog.shelves.get(target)?.blueprint;
    if (next === undefined) return "unknown";
    at = next;
  }
  return at;
}

const metas = "$identifier $title $team $icon $blueprint $createdAt $updatedAt $createdBy $updatedBy".split(" ");

/** True for the name of a property of whatever kind, or of a `$` meta-property. */
export function hasMember(blueprint: StoredBlueprint, name: string): boolean {
  const { schema, mirrorProperties, calculationProperties, aggregationProperties } = blueprint;
  const groups = [schema.properties, mirrorProperties, calculationProperties, aggregationProperties];
  return metas.includes(name) || groups.some((group) => group !== undefined && Object.hasOwn(group, name));
}

/**
 * Says which aggregation property of a blueprint is over a property that its target lacks, or picks entities by a query of the wrong form. Where the target is not there
 * yet, as while several blueprints are loaded together, nothing is said of its properties.
 *
 * The words are those of a live reply; the query is component `def-1` of Port's API description.
 */
export function aggregationFault(catalog: Catalog, blueprint: StoredBlueprint): Refusal | undefined {
  for (const [key, aggregation] of Object.entries(blueprint.aggregationProperties ?? {})) {
    // The route's schema has seen to its shape.
    const { target: name, calculationSpec, query } = aggregation as AggregationRule;
    const fault = query === undefined ? undefined : queryFault(query, `aggregationProperties/${key}/query`, "catalog");
    if (fault !== undefined) return invalidRequest(fault);
    const target = name === blueprint.identifier ? blueprint : catalog.shelves.get(name)?.blueprint;
    if (target === undefined) continue;
    for (const property of [calculationSpec.property, calculationSpec.measureTimeBy]) {
      if (typeof property !== "string" || hasMember(target, property)) continue;
      return invalidRequest(`The "${name}" Blueprint does not have property with name "${property}"`);
    }
  }
  return undefined;
}

/**
 * Says what a blueprint may not change once it exists.
 * Port's documentation: a property keeps its type and that of its list's items, and a relation stays many while an entity holds several.
 */
export function changeFault(shelf: Shelf, next: Blueprint): Refusal | undefined {
  const { properties } = shelf.blueprint.schema;
  for (const [name, after] of Object.entries(next.schema.properties)) {
    const before = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (before !== undefined && kind(before) !== kind(after)) {
      return invalidRequest(
        `"schema/properties/${name}" must NOT change its type from ${kind(before)} to ${kind(after)}`,
      );
    }
  }
  for (const [name, after] of Object.entries(next.relations ?? {})) {
    const before = shelf.rules.relations.get(name);
    if (before?.many !== true || after.many === true || before.target !== after.target) continue;
    for (const entity of shelf.entities.values()) {
      if (targetsOf(heldBy(entity, name)).length > 1) {
        return invalidRequest(`"relations/${name}" must stay many: entity "${entity.identifier}" holds several`);
      }
    }
  }
  return undefined;
}

function kind(property: Property): string {
  return property.type === "array" ? `array of ${property.items?.type ?? "anything"}` : property.type;
}
