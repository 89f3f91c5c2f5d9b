import { heldBy, type Referrer, referrersTo, removeEntity, replaceRelations, targetsOf } from "./catalog.js";
import type { Catalog, Shelf, StoredEntity, Writer } from "./model.js";
import { hasDependents, Refusal } from "./refusal.js";
import { changeTeams } from "./relations.js";

/** Entities to delete, each with its shelf. */
export type Doomed = ReadonlyMap<StoredEntity, Shelf>;

/** Deletes entities of one blueprint: all of them, or none when another entity depends on one and `deleteDependents` is false. Gives what was deleted of them. */
export function deleteEntities(
  catalog: Catalog,
  shelf: Shelf,
  entities: readonly StoredEntity[],
  deleteDependents: boolean,
  writer: Writer,
): readonly StoredEntity[] | Refusal {
  const doomed = doomedBy(catalog, shelf, entities, deleteDependents);
  if (doomed instanceof Refusal) return doomed;
  removeAll(catalog, doomed, writer);
  return entities;
}

/** Finds what is deleted with entities of one blueprint, and deletes nothing yet; refuses as {@link deleteEntities} does. */
export function doomedBy(
  catalog: Catalog,
  shelf: Shelf,
  entities: readonly StoredEntity[],
  deleteDependents: boolean,
): Doomed | Refusal {
  const doomed = new Map<StoredEntity, Shelf>(entities.map((entity) => [entity, shelf]));
  for (const [entity, home] of doomed) {
    // The map grows while it is walked, so dependents of dependents are included.
    for (const referrer of referrersTo(catalog, home, entity.identifier)) {
      if (doomed.has(referrer.entity)) continue;
      if (deleteDependents) doomed.set(referrer.entity, referrer.shelf);
      else if (blocks(catalog, referrer)) return dependentsRefusal(catalog, home, entity, referrer);
    }
  }
  return doomed;
}

function removeAll(catalog: Catalog, doomed: Doomed, writer: Writer): void {
  const now = catalog.clock();
  const unsets = catalog.readings.deletedTarget === "unset";
  const teams = new Set<string>();
  for (const [entity, home] of doomed) {
    catalog.audits.record("DELETE", home.blueprint.identifier, entity.identifier, now, writer);
    if (unsets) unset(catalog, home, entity, doomed);
    if (home.blueprint.identifier === "_team") teams.add(entity.identifier);
    removeEntity(home, entity);
  }
  if (unsets && teams.size > 0) changeTeams(catalog, (team) => (teams.has(team) ? undefined : team));
}

function blocks(catalog: Catalog, referrer: Referrer): boolean {
  return referrer.rule.required || catalog.readings.dependents === "any";
}

function dependentsRefusal(catalog: Catalog, shelf: Shelf, entity: StoredEntity, by: Referrer): Refusal {
  const message =
    `Entity "${entity.identifier}" of blueprint "${shelf.blueprint.identifier}" has dependents, e.g. ` +
    `"${by.entity.identifier}" of blueprint "${by.shelf.blueprint.identifier}". ` +
    "To delete all dependents as well, use delete_dependents=true";
  return hasDependents(catalog.readings.dependentsStatus, message);
}

function unset(catalog: Catalog, shelf: Shelf, entity: StoredEntity, doomed: Doomed): void {
  for (const referrer of referrersTo(catalog, shelf, entity.identifier)) {
    if (doomed.has(referrer.entity)) continue;
    const held = heldBy(referrer.entity, referrer.relation);
    const left = typeof held === "string" ? null : targetsOf(held).filter((target) => target !== entity.identifier);
    replaceRelations(referrer.shelf, referrer.entity, { ...referrer.entity.relations, [referrer.relation]: left });
  }
}

/** Says why all entities of a blueprint may not be deleted in one go. Port's guide to the API: only if the blueprint has no required relations. */
export function deleteAllRefusal(catalog: Catalog, shelf: Shelf): Refusal | undefined {
  const reading = catalog.readings.deleteAllRefusedBy;
  const { identifier } = shelf.blueprint;
  const own = reading !== "incoming" && shelf.rules.requiredRelations.length > 0;
  const incoming =
    reading !== "own" &&
    [...catalog.shelves.values()].some((source) =>
      [...source.rules.relations.values()].some((rule) => rule.required && rule.target === identifier),
    );
  if (!own && !incoming) return undefined;
  const message = `All entities of blueprint "${identifier}" cannot be deleted at once because it has required relations`;
  return hasDependents(catalog.readings.dependentsStatus, message);
}
