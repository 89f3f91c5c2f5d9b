import type { Ajv, ValidateFunction } from "ajv";
import type { Blueprint, Property } from "../blueprint.js";
import {
  type AggregationRule,
  type Catalog,
  isObject,
  type MirrorRule,
  type Query,
  type ReferrerIndex,
  type RelationRule,
  type Rules,
  type Shelf,
  type StoredEntity,
  type Targets,
} from "./model.js";

/** Puts a new entity on its shelf. */
export function addEntity(shelf: Shelf, entity: StoredEntity): void {
  shelf.entities.set(entity.identifier, entity);
  shelf.order.push(entity);
  for (const [relation, index] of shelf.referrers) refer(index, entity, heldBy(entity, relation));
}

/** Takes an entity from its shelf. */
export function removeEntity(shelf: Shelf, entity: StoredEntity): void {
  shelf.entities.delete(entity.identifier);
  entity.deleted = true;
  for (const [relation, index] of shelf.referrers) unrefer(index, entity, heldBy(entity, relation));
  if (shelf.order.length > 64 && shelf.order.length > shelf.entities.size * 2) {
    shelf.order = shelf.order.filter((kept) => !kept.deleted);
  }
}

/** Gives a stored entity other relations. */
export function replaceRelations(shelf: Shelf, entity: StoredEntity, relations: StoredEntity["relations"]): void {
  for (const [relation, index] of shelf.referrers) {
    unrefer(index, entity, heldBy(entity, relation));
    refer(index, entity, Object.hasOwn(relations, relation) ? relations[relation] : null);
  }
  entity.relations = relations;
}

/** Gives the entities of a shelf that name `target` in `relation`. */
function referrersOf(shelf: Shelf, relation: string, target: string): ReadonlySet<StoredEntity> | undefined {
  let index = shelf.referrers.get(relation);
  if (index === undefined) {
    index = new Map();
    for (const entity of shelf.entities.values()) refer(index, entity, heldBy(entity, relation));
    shelf.referrers.set(relation, index);
  }
  return index.get(target);
}

/** Gives what an entity holds in a relation; a relation may have the name of an inherited member, so it asks for own ones. */
export function heldBy(entity: StoredEntity, relation: string): Targets {
  return Object.hasOwn(entity.relations, relation) ? (entity.relations[relation] ?? null) : null;
}

/** Gives what a relation holds as a list. */
export function targetsOf(targets: Targets | undefined): readonly string[] {
  if (targets === null || targets === undefined) return [];
  return typeof targets === "string" ? [targets] : targets;
}

function refer(index: ReferrerIndex, entity: StoredEntity, targets: Targets | undefined): void {
  for (const target of targetsOf(targets)) {
    const known = index.get(target);
    if (known === undefined) index.set(target, new Set([entity]));
    else known.add(entity);
  }
}

function unrefer(index: ReferrerIndex, entity: StoredEntity, targets: Targets | undefined): void {
  for (const target of targetsOf(targets)) {
    const known = index.get(target);
    known?.delete(entity);
    if (known?.size === 0) index.delete(target);
  }
}

/** One entity that names another in one relation. */
export interface Referrer {
  readonly shelf: Shelf;
  readonly relation: string;
  readonly rule: RelationRule;
  readonly entity: StoredEntity;
}

/** Finds every entity that names `identifier` of `shelf` in a relation. */
export function referrersTo(catalog: Catalog, shelf: Shelf, identifier: string): Referrer[] {
  const found: Referrer[] = [];
  for (const source of catalog.shelves.values()) {
    for (const [relation, rule] of source.rules.relations) {
      if (rule.target !== shelf.blueprint.identifier) continue;
      for (const entity of referrersOf(source, relation, identifier) ?? []) {
        found.push({ shelf: source, relation, rule, entity });
      }
    }
  }
  return found;
}

/** Gives at most `limit` entities of a shelf that match, by ascending id, with ids above `after` only. */
export function selectEntities(shelf: Shelf, query: Query, after: number, limit: number): StoredEntity[] {
  const found: StoredEntity[] = [];
  if (query.identifiers !== undefined) {
    for (const identifier of new Set(query.identifiers)) {
      const entity = shelf.entities.get(identifier);
      if (entity !== undefined && entity.id > after && query.test(entity, shelf)) found.push(entity);
    }
    return found.sort((a, b) => a.id - b.id).slice(0, limit);
  }
  const { order } = shelf;
  for (let i = firstAbove(order, after); i < order.length && found.length < limit; i++) {
    const entity = order[i];
    if (entity !== undefined && !entity.deleted && query.test(entity, shelf)) found.push(entity);
  }
  return found;
}

function firstAbove(order: readonly StoredEntity[], after: number): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((order[middle]?.id ?? 0) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Compiles a blueprint's rules.
 * @throws {Error} when a property is not a valid JSON Schema, e.g. an unknown keyword value or a pattern that does not compile
 */
export function compileRules({ ajv, readings }: Pick<Catalog, "ajv" | "readings">, blueprint: Blueprint): Rules {
  const { properties, required } = blueprint.schema;
  const check = compileCheck(ajv, {
    type: "object",
    properties: asCheckedAll(properties, readings.formats !== "off"),
    required: required ?? [],
    additionalProperties: false,
  });
  const relations = new Map(
    Object.entries(blueprint.relations ?? {}).map(
      ([key, r]) => [key, { target: r.target, required: r.required === true, many: r.many === true }] as const,
    ),
  );
  return {
    check,
    properties: new Set(Object.keys(properties)),
    readOnly: new Set([
      ...Object.keys(blueprint.mirrorProperties ?? {}),
      ...Object.keys(blueprint.calculationProperties ?? {}),
      ...Object.keys(blueprint.aggregationProperties ?? {}),
    ]),
    mirrors: mapOf(blueprint.mirrorProperties, ({ path }: { path: string }) => mirrorRule(path)),
    calculations: mapOf(blueprint.calculationProperties, ({ calculation }: { calculation: string }) => calculation),
    aggregations: mapOf(blueprint.aggregationProperties, (rule: AggregationRule) => rule),
    defaults: Object.entries(properties).flatMap(([key, p]) => (p.default === undefined ? [] : [[key, p.default]])),
    relations,
    requiredRelations: [...relations].filter(([, rule]) => rule.required).map(([key]) => key),
    ownership: blueprint.ownership?.type ?? (blueprint.teamInheritance ? "Inherited" : undefined),
    ownershipPath: ownershipPathOf(blueprint),
  };
}

// The route's schema has seen to the shape of each member.
function mapOf<In, Out>(
  members: Readonly<Record<string, unknown>> | undefined,
  read: (member: In) => Out,
): ReadonlyMap<string, Out> {
  return new Map(Object.entries(members ?? {}).map(([key, member]) => [key, read(member as In)] as const));
}

function ownershipPathOf({ ownership, teamInheritance }: Blueprint): readonly string[] | undefined {
  if (ownership?.type === "Direct") return undefined;
  const path: unknown = ownership?.path ?? (teamInheritance as { readonly path?: unknown } | undefined)?.path;
  return typeof path === "string" ? path.split(".") : undefined;
}

// Compiling takes milliseconds, and the same blueprints are loaded again and again by patches and by tests.
const maxKept = 500;
const kept = new WeakMap<Ajv, Map<string, ValidateFunction>>();

function compileCheck(ajv: Ajv, schema: object): ValidateFunction {
  const checks = kept.get(ajv) ?? new Map<string, ValidateFunction>();
  kept.set(ajv, checks);
  const text = JSON.stringify(schema);
  const known = checks.get(text);
  if (known !== undefined) return known;
  const check = ajv.compile(schema);
  // Ajv itself would keep every schema for the life of the process; versions of blueprints come and go.
  ajv.removeSchema(schema);
  if (checks.size >= maxKept) checks.clear();
  checks.set(text, check);
  return check;
}

/**
 * Gives properties as values are checked against them: Ajv runs formats on texts and numbers only, so the fields of a labeled URL are stated explicitly.
 * Port's documentation: an object with `url`, and `displayText` if it has any.
 */
function asCheckedAll(properties: Properties, labeledUrls: boolean): Properties {
  const all = Object.entries(properties).map(([key, property]) => [key, asChecked(property, labeledUrls)] as const);
  return Object.fromEntries(all) as Properties;
}

function asChecked(property: Partial<Property>, labeledUrls: boolean): Partial<Property> {
  if (isObject(property.items)) return { ...property, items: asChecked(property.items, labeledUrls) };
  // Under the reading that takes any type: one that JSON Schema lacks says nothing of the value.
  const { type, ...rest } = property;
  if (type !== undefined && !jsonTypes.has(type)) return rest;
  return labeledUrls && property.format === "labeled-url" ? { ...property, allOf: [property, labeledUrl] } : property;
}

type Properties = Readonly<Record<string, Property>>;

const jsonTypes: ReadonlySet<string> = new Set(["string", "number", "integer", "boolean", "object", "array"]);

const labeledUrl = {
  type: "object",
  properties: { url: { type: "string" }, displayText: { type: ["string", "null"] } },
  required: ["url"],
};

/** Reads the path of a mirror property; at least one dot, as the route's schema makes sure of. */
export function mirrorRule(path: string): MirrorRule {
  const parts = path.split(".");
  return { relations: parts.slice(0, -1), last: parts.at(-1) ?? "" };
}
