import type { Catalog, Shelf, StoredEntity } from "./model.js";
import { followPath } from "./paths.js";

/** Gives a meta-property of an entity; `undefined` when the name is none. */
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
