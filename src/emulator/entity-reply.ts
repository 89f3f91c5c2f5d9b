import type { Catalog, Shelf, StoredEntity } from "./model.js";
import { followPath } from "./paths.js";

/** What of an entity a reply shows. */
export interface ReplyShape {
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
export const wholeShape: ReplyShape = {
  include: [],
  exclude: [],
  attachTitles: false,
  calculated: false,
  mirrorIdentifiers: false,
};
/** What reads show unless they ask otherwise. */
export const readingShape: ReplyShape = { ...wholeShape, calculated: true };

const metaFields =
  "identifier title icon blueprint team properties relations createdAt createdBy updatedAt updatedBy".split(" ");

/** A whole reply. */
export type EntityView = Record<string, unknown> & { properties: Readonly<Record<string, unknown>> };

/** Gives a reply with what a shape shows of it. */
export function trim(reply: EntityView, shape: ReplyShape): Record<string, unknown> {
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

/** Gives a meta-property of an entity; `undefined` for other names. */
export function metaOf(catalog: Catalog, entity: StoredEntity, shelf: Shelf, name: string): unknown {
  switch (name) {
    case "$identifier":
      return entity.identifier;
    case "$title":
      return titleOf(catalog, entity);
    case "$icon":
      return entity.icon;
    case "$team":
      return teamsOf(catalog, shelf, entity);
    case "$blueprint":
      return shelf.blueprint.identifier;
    case "$datasource":
      return entity.datasource;
    case "$createdBy":
      return entity.createdBy;
    case "$updatedBy":
      return entity.updatedBy;
    case "$createdAt":
      return new Date(entity.createdAt).toISOString();
    case "$updatedAt":
      return new Date(entity.updatedAt).toISOString();
  }
  return undefined;
}

/** Gives an entity's title wherever it shows; what one without shows is a reading. */
export function titleOf(catalog: Catalog, entity: StoredEntity): string | null {
  return entity.title ?? (catalog.readings.titleOmitted === "identifier" ? entity.identifier : null);
}

/** How far teams are inherited from those that inherit theirs. */
const maxDepth = 8;

/** Gives an entity's teams: its own, or under inherited ownership those of the entities at the end of the path. */
export function teamsOf(catalog: Catalog, shelf: Shelf, entity: StoredEntity, depth = 0): readonly string[] {
  const path = shelf.rules.ownershipPath;
  if (path === undefined) return entity.team;
  if (depth >= maxDepth) return [];
  const { entities } = followPath(catalog, [shelf, entity], path);
  const teams = entities.flatMap(([home, owner]) => teamsOf(catalog, home, owner, depth + 1));
  return [...new Set(teams)];
}
