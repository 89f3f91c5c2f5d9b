import type { SearchQuery } from "../entity.js";
import { aggregationValue, calculate, type PropertyValues } from "./calculation.js";
import { heldBy, selectEntities, targetsOf } from "./catalog.js";
import {
  type EntityView,
  metaOf,
  type ReplyShape,
  readingShape,
  teamsOf,
  titleOf,
  trim,
  wholeShape,
} from "./entity-reply.js";
import {
  type Catalog,
  isObject,
  type MirrorRule,
  type Query,
  type Shelf,
  type ShelvedEntity,
  type StoredEntity,
} from "./model.js";
import { followPath } from "./paths.js";
import { compileQuery } from "./query.js";
import type { QueryKind } from "./query-operators.js";
import { invalidRequest, Refusal } from "./refusal.js";

/** Gives what a name of a search means on an entity: a `$` meta-property, a property of whatever kind, or else a relation. */
export function fieldOf(catalog: Catalog, entity: StoredEntity, shelf: Shelf, name: string): unknown {
  const meta = metaOf(catalog, entity, shelf, name);
  if (meta !== undefined) return meta;
  const { rules } = shelf;
  if (rules.readOnly.has(name)) {
    const mirror = rules.mirrors.get(name);
    if (mirror !== undefined) return mirrorValue(catalog, [shelf, entity], mirror);
    const aggregation = rules.aggregations.get(name);
    if (aggregation !== undefined) return aggregationValue(catalog, fieldOf, [shelf, entity], aggregation);
    const { properties } = entityReply(catalog, shelf, entity, readingShape);
    return (properties as Readonly<Record<string, unknown>>)[name] ?? null;
  }
  if (Object.hasOwn(entity.properties, name)) return entity.properties[name];
  return heldBy(entity, name);
}

/**
 * Gives what a mirror property shows: null without a target, a list when a relation on the way holds many. `withIdentifiers` gives a mirrored title as
 * `{identifier, title}`.
 */
function mirrorValue(catalog: Catalog, from: ShelvedEntity, rule: MirrorRule, withIdentifiers = false): unknown {
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
function endValue(catalog: Catalog, [shelf, entity]: ShelvedEntity, name: string): unknown {
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

/** Gives an entity's properties with its mirror and aggregation properties, null where these show nothing. */
function withMirrors(
  catalog: Catalog,
  shelf: Shelf,
  entity: StoredEntity,
  titlesWithIdentifiers: boolean,
): PropertyValues {
  const { mirrors, aggregations } = shelf.rules;
  if (mirrors.size === 0 && aggregations.size === 0) return entity.properties;
  const values: Record<string, unknown> = { ...entity.properties };
  for (const [key, rule] of mirrors) values[key] = mirrorValue(catalog, [shelf, entity], rule, titlesWithIdentifiers);
  for (const [key, rule] of aggregations) values[key] = aggregationValue(catalog, fieldOf, [shelf, entity], rule);
  return values;
}

/** Adds calculation properties to entities of one shelf that replies show; all of them in one go, because every start of jq costs. */
function addCalculations(shelf: Shelf, replies: readonly { properties: PropertyValues }[]): void {
  const { calculations } = shelf.rules;
  if (calculations.size === 0 || replies.length === 0) return;
  const keys = [...calculations.keys()];
  const rows = calculate([...calculations.values()], replies);
  for (const [index, reply] of replies.entries()) {
    const row = rows[index] ?? [];
    reply.properties = {
      ...reply.properties,
      ...Object.fromEntries(keys.map((key, column) => [key, row[column] ?? null])),
    };
  }
}

/** Gives an entity as replies show it: relations that hold nothing are null or `[]`, dates are ISO 8601 in UTC with milliseconds. */
export function entityReply(
  catalog: Catalog,
  shelf: Shelf,
  entity: StoredEntity,
  shape: ReplyShape = wholeShape,
): Record<string, unknown> {
  return entityReplies(catalog, shelf, [entity], shape)[0] ?? {};
}

/** Gives entities of one shelf as {@link entityReply} does, in order. */
export function entityReplies(
  catalog: Catalog,
  shelf: Shelf,
  entities: readonly StoredEntity[],
  shape: ReplyShape,
): readonly Record<string, unknown>[] {
  const replies = entities.map((entity) => untrimmed(catalog, shelf, entity, shape));
  if (shape.calculated) addCalculations(shelf, replies);
  const whole = shape.include.length === 0 && shape.exclude.length === 0;
  return whole ? replies : replies.map((reply) => trim(reply, shape));
}

function untrimmed(catalog: Catalog, shelf: Shelf, entity: StoredEntity, shape: ReplyShape): EntityView {
  const title = titleOf(catalog, entity);
  return {
    identifier: entity.identifier,
    ...(title === null && catalog.readings.titleOmitted === "absent" ? {} : { title }),
    icon: entity.icon,
    blueprint: shelf.blueprint.identifier,
    team: teamsOf(catalog, shelf, entity),
    properties: shape.calculated ? withMirrors(catalog, shelf, entity, shape.mirrorIdentifiers) : entity.properties,
    relations: relationsOf(catalog, shelf, entity, shape.attachTitles),
    createdAt: new Date(entity.createdAt).toISOString(),
    createdBy: entity.createdBy,
    updatedAt: new Date(entity.updatedAt).toISOString(),
    updatedBy: entity.updatedBy,
  };
}

function relationsOf(catalog: Catalog, shelf: Shelf, entity: StoredEntity, titles: boolean): Record<string, unknown> {
  const relations: Record<string, unknown> = {};
  for (const [key, rule] of shelf.rules.relations) {
    const held = heldBy(entity, key);
    const target = titles ? catalog.shelves.get(rule.target) : undefined;
    const named = (name: string) => {
      if (!titles) return name;
      const found = target?.entities.get(name);
      return { identifier: name, title: found === undefined ? null : titleOf(catalog, found) };
    };
    relations[key] = rule.many ? targetsOf(held).map(named) : typeof held === "string" ? named(held) : null;
  }
  return relations;
}

/** Compiles a search of any depth over the fields that entities show; `path` names it in the message of a refusal. */
export function compileSearch(catalog: Catalog, query: unknown, path: string, where: QueryKind): Query | Refusal {
  return compileQuery(catalog, fieldOf, query, path, where);
}

/** What a query of a write is in place of. */
type Standing = "identifier" | "relation" | "team";

/**
 * Compiles a query in place of an identifier, a relation or a team; `shelf` is where it looks.
 * Port's documentation: not on calculation properties; not on mirror properties, except for relations on those that show one value one relation away.
 */
export function compileWriteQuery(
  catalog: Catalog,
  shelf: Shelf,
  query: unknown,
  path: string,
  standing: Standing,
): Query | Refusal {
  const name = namesIn(query).find((property) => !usable(shelf, property, standing));
  if (name !== undefined) return invalidRequest(`"${path}" must NOT use the calculated property "${name}"`);
  return compileSearch(catalog, query, path, "catalog");
}

function usable({ rules }: Shelf, property: string, standing: Standing): boolean {
  if (!rules.readOnly.has(property)) return true;
  const mirror = rules.mirrors.get(property);
  const [relation, ...further] = mirror?.relations ?? [];
  if (standing === "identifier" || relation === undefined || further.length > 0) return false;
  return rules.relations.get(relation)?.many === false;
}

function namesIn(query: unknown): readonly string[] {
  if (!isObject(query)) return [];
  if (Array.isArray(query.rules)) return query.rules.flatMap(namesIn);
  return typeof query.property === "string" ? [query.property] : [];
}

/** Finds the one entity, among those with an id below `seesBelow`, that a query in place of an identifier means; none or several refuse the write, and none never creates. */
export function resolveIdentifier(
  catalog: Catalog,
  shelf: Shelf,
  query: SearchQuery,
  seesBelow: number,
): string | Refusal {
  const compiled = compileWriteQuery(catalog, shelf, query, "identifier", "identifier");
  if (compiled instanceof Refusal) return compiled;
  const [first, second] = selectEntities(shelf, seenBelow(seesBelow, compiled), 0, 2);
  const blueprint = shelf.blueprint.identifier;
  if (first === undefined) {
    return new Refusal(404, "not_found", `No entity of the blueprint "${blueprint}" matches the identifier query`);
  }
  if (second !== undefined) {
    return invalidRequest(`More than one entity of the blueprint "${blueprint}" matches the identifier query`);
  }
  return first.identifier;
}

/** Narrows a query of a write to entities with an id below `limit`, and to `itself`, the one that is written and was there before. */
export function seenBelow(limit: number, query: Query, itself?: StoredEntity): Query {
  if (limit === Number.POSITIVE_INFINITY) return query;
  return { ...query, test: (entity, shelf) => (entity.id < limit || entity === itself) && query.test(entity, shelf) };
}
