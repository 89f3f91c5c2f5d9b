import type { Blueprint, Property } from "../blueprint.js";
import { heldBy, targetsOf } from "./catalog.js";
import type { AggregationRule, Catalog, Shelf, StoredBlueprint } from "./model.js";
import { queryFault } from "./query.js";
import { invalidRequest, Refusal } from "./refusal.js";
import { mirrorRule } from "./rules.js";

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
