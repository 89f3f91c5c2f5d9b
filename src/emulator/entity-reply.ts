import { addCalculations, withMirrors } from "./calculated.js";
import { type Catalog, heldBy, type Shelf, type StoredEntity, targetsOf } from "./catalog.js";
import { teamsOf, titleOf } from "./meta.js";

/** What of an entity a reply shows. */
export interface Shape {
  /** Paths (`identifier`, `properties.x`, `relations.y`), meta names (`$title`) and bare property names; all when empty. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Relations as `{identifier, title}`. */
  readonly attachTitles: boolean;
  /** Mirror, calculation and aggregation properties, too. */
  readonly calculated: boolean;
  /** Mirrored titles as `{identifier, title}`. */
  readonly mirrorIdentifiers: boolean;
}

/** What replies to writes show: everything that was written, relations as identifiers. */
export const wholeShape: Shape = {
  include: [],
  exclude: [],
  attachTitles: false,
  calculated: false,
  mirrorIdentifiers: false,
};
/** What reads show unless they ask otherwise. */
export const readingShape: Shape = { ...wholeShape, calculated: true };

const metaFields =
  "identifier title icon blueprint team properties relations createdAt createdBy updatedAt updatedBy".split(" ");

type Reply = Record<string, unknown> & { properties: Readonly<Record<string, unknown>> };

/** Gives an entity as replies show it: relations that hold nothing are null or `[]`, dates are ISO 8601 in UTC with milliseconds. */
export function entityReply(
  catalog: Catalog,
  shelf: Shelf,
  entity: StoredEntity,
  shape: Shape = wholeShape,
): Record<string, unknown> {
  return entityReplies(catalog, shelf, [entity], shape)[0] ?? {};
}

/** Gives entities of one shelf as {@link entityReply} does, in order. */
export function entityReplies(
  catalog: Catalog,
  shelf: Shelf,
  entities: readonly StoredEntity[],
  shape: Shape,
): readonly Record<string, unknown>[] {
  const replies = entities.map((entity) => untrimmed(catalog, shelf, entity, shape));
  if (shape.calculated) addCalculations(shelf, replies);
  const whole = shape.include.length === 0 && shape.exclude.length === 0;
  return whole ? replies : replies.map((reply) => trim(reply, shape));
}

function untrimmed(catalog: Catalog, shelf: Shelf, entity: StoredEntity, shape: Shape): Reply {
  const { titleOmitted } = catalog.readings;
  const title = titleOf(catalog, entity);
  return {
    identifier: entity.identifier,
    ...(title === null && titleOmitted === "absent" ? {} : { title }),
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

function trim(reply: Reply, shape: Shape): Record<string, unknown> {
  const shown = (group: "meta" | "properties" | "relations", name: string) => {
    const named = (path: string) => names(path, group, name);
    return (shape.include.length === 0 || shape.include.some(named)) && !shape.exclude.some(named);
  };
  const trimmed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(reply)) {
    if (key === "properties" || key === "relations") {
      const values = Object.entries(value as Readonly<Record<string, unknown>>);
      trimmed[key] = Object.fromEntries(values.filter(([name]) => shown(key, name)));
    } else if (key === "identifier" ? !shape.exclude.some((path) => names(path, "meta", key)) : shown("meta", key)) {
      // Without its identifier an entity of a reply could not be told from the others, so `include` never drops it.
      trimmed[key] = value;
    }
  }
  return trimmed;
}

function names(path: string, group: "meta" | "properties" | "relations", name: string): boolean {
  if (group === "meta") return path === `$${name}` || path === name;
  if (path === group || path === `${group}.${name}`) return true;
  return path === name && !metaFields.includes(path);
}
