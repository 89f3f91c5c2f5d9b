import type { Blueprint, Property } from "../blueprint.js";
import {
  type ClearedField,
  type Entity,
  type EntityBody,
  isSearchQuery,
  type Mode,
  type RelationValue,
} from "../entity.js";
import { type HeadField, headFields, holds, sameHead, sameNames, sameValue } from "../same-value.js";

/** An entity as a look-up gives it, as far as it was asked for. */
export type Found = Readonly<Record<string, unknown>>;

/** A field in which an entity differs from the catalog; null means no value. */
export interface Change {
  /** `title`, `icon`, `team`, `properties.x` or `relations.y`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Compares entities of one blueprint with the catalog. Pure. */
export interface Comparison {
  /** What a look-up must fetch; undefined for whole entities, where a key of the blueprint has the name of a field of every entity. */
  readonly include: readonly string[] | undefined;
  /** Relations among the fields compared. */
  readonly relations: readonly string[];
  /** The fields that a write would change; none when it would change nothing. */
  changes(body: EntityBody, found: Found): readonly Change[];
  /** Paths that are required and would have no value once the entity is written; `found` is absent for one that does not exist. */
  lacks(body: EntityBody, found?: Found): readonly string[];
  /** What the catalog holds in every field that a write of the body may change, as an entity that could be written back. */
  before(body: EntityBody, found: Found): EntityBody;
}

/** The fields that the entities of a blueprint may bring. */
export interface MappedFields {
  readonly head: readonly HeadField[];
  readonly properties: readonly string[];
  readonly relations: readonly string[];
}

/** Fields of every entity; where a property has such a name, a look-up could not tell them apart. @source API reference, "Get an entity" */
const ownFields =
  "identifier title icon blueprint team properties relations scorecards createdAt createdBy updatedAt updatedBy".split(
    " ",
  );

/**
 * Prepares the comparison for a blueprint and a mode: in merge the fields that an entity brings, in override all that can be written. Calculated,
 * mirrored and aggregated properties never count, nor a team that is inherited.
 */
export function compileComparison(blueprint: Blueprint, mode: Mode, mapped: MappedFields): Comparison {
  const fields = mode === "merge" ? mapped : writableFields(blueprint);
  const properties = blueprint.schema.properties;
  const required = {
    properties: (blueprint.schema.required ?? []).filter((key) => properties[key]?.default === undefined),
    relations: Object.entries(blueprint.relations ?? {}).flatMap(([key, relation]) => (relation.required ? [key] : [])),
  };
  const propertyKeys = [...new Set([...fields.properties, ...required.properties])].filter((key) =>
    Object.hasOwn(properties, key),
  );
  const relationKeys = [...new Set([...fields.relations, ...required.relations])].filter((key) =>
    Object.hasOwn(blueprint.relations ?? {}, key),
  );
  const keys = [...propertyKeys, ...relationKeys];
  const include = keys.some((key) => ownFields.includes(key))
    ? undefined
    : ["$identifier", ...fields.head.map((name) => `$${name}`), ...new Set(keys)];
  const pathsOf = (body: EntityBody): Fields => (mode === "merge" ? fieldsOf(body) : fields);
  return {
    include,
    relations: relationKeys,
    changes(body, found) {
      const asked = pathsOf(body);
      const held = partsOf(found);
      const changes: Change[] = [];
      for (const name of asked.head)
        if (!sameHead(name, body, found))
          changes.push({ path: name, before: found[name] ?? null, after: body[name] ?? null });
      for (const key of asked.properties) {
        const after = own(body.properties, key);
        const before = own(held.properties, key);
        if (sameValue(before, after, properties[key]) || isDefault(after, before, properties[key])) continue;
        changes.push({ path: `properties.${key}`, before: before ?? null, after: after ?? null });
      }
      for (const key of asked.relations) {
        const after = own(body.relations, key);
        const before = own(held.relations, key);
        if (sameNames(before, after)) continue;
        changes.push({ path: `relations.${key}`, before: before ?? null, after: after ?? null });
      }
      return changes;
    },
    lacks(body, found) {
      const kept = mode === "merge" && found !== undefined ? partsOf(found) : { properties: {}, relations: {} };
      const missing = (given: object, held: object, key: string): boolean =>
        (Object.hasOwn(given, key) ? own(given, key) : own(held, key)) == null;
      return [
        ...required.properties
          .filter((key) => missing(body.properties, kept.properties, key))
          .map((key) => `properties.${key}`),
        ...required.relations
          .filter((key) => missing(body.relations, kept.relations, key))
          .map((key) => `relations.${key}`),
      ];
    },
    before(body, found) {
      const asked = pathsOf(body);
      const held = partsOf(found);
      const pick = (values: object, names: readonly string[]) =>
        Object.fromEntries(names.map((key) => [key, own(values, key) ?? null]));
      return {
        identifier: body.identifier,
        ...Object.fromEntries(asked.head.map((name) => [name, found[name] ?? null])),
        properties: pick(held.properties, asked.properties),
        relations: pick(held.relations, asked.relations) as Record<string, RelationValue>,
      };
    },
  };
}

/** The body with what is cleared apart, so that an entity that only clears a title counts as different. */
export function clearedBody({
  body,
  clears = [],
}: {
  readonly body: EntityBody;
  readonly clears?: readonly ClearedField[] | undefined;
}): EntityBody {
  return clears.length === 0 ? body : { ...body, ...Object.fromEntries(clears.map((field) => [field, null])) };
}

/** Whether the catalog holds all that an entity brings, so that merging it would change nothing; false where it was not looked up. */
export function isHeld(entity: Entity, blueprint: Blueprint | undefined): boolean {
  if (entity.before === undefined || entity.before === null) return false;
  const body = clearedBody(entity);
  // What a search finds is not known here.
  if ([body.team, ...Object.values(body.relations)].some(isSearchQuery)) return false;
  return holds(body, { ...entity.before }, blueprint);
}

type Fields = MappedFields;

/** The writable part of an entity: nothing that Port calculates, no team that is inherited. */
export function writableFields(blueprint: Blueprint): Fields {
  const inherits = blueprint.ownership?.type === "Inherited" || blueprint.teamInheritance != null;
  const calculated = [
    blueprint.calculationProperties,
    blueprint.mirrorProperties,
    blueprint.aggregationProperties,
  ].flatMap((kind) => Object.keys(kind ?? {}));
  return {
    head: inherits ? ["title", "icon"] : headFields,
    properties: Object.keys(blueprint.schema.properties).filter((key) => !calculated.includes(key)),
    relations: Object.keys(blueprint.relations ?? {}),
  };
}

function fieldsOf(body: EntityBody): Fields {
  return {
    head: headFields.filter((name) => body[name] !== undefined),
    properties: Object.keys(body.properties),
    relations: Object.keys(body.relations),
  };
}

function partsOf(found: Found): { readonly properties: object; readonly relations: object } {
  return { properties: objectOf(found.properties), relations: objectOf(found.relations) };
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function own(values: object, key: string): unknown {
  return Object.hasOwn(values, key) ? (values as Readonly<Record<string, unknown>>)[key] : undefined;
}

/** A property that an override leaves out may be given its default again, or stay empty: neither is a change. */
function isDefault(after: unknown, before: unknown, property: Property | undefined): boolean {
  return after === undefined && property?.default !== undefined && sameValue(before, property.default, property);
}
