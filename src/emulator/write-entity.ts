import { randomBytes } from "node:crypto";
import { isSearchQuery } from "../entity.js";
import type { Credentials } from "../secrets.js";
import { keepEqual, settleProperties } from "./calculation.js";
import { addEntity, referrersTo, replaceRelations } from "./catalog.js";
import { resolveIdentifier } from "./evaluate.js";
import type { Catalog, Shelf, StoredEntity, Writer } from "./model.js";
import { identifierTaken, Refusal } from "./refusal.js";
import { changeTeams, settleRelations, settleTeam } from "./relations.js";
import { protectedBlueprints } from "./system-blueprints.js";
import { openServiceAccount } from "./tokens.js";

/** An entity as a request brings it, already of the route's schema. */
export interface EntityInput {
  readonly identifier?: unknown;
  readonly title?: string | null;
  readonly icon?: string | null;
  readonly team?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly relations?: Readonly<Record<string, unknown>>;
}

/** How an entity is written; the names are those of the query string. */
export interface WriteParameters {
  readonly merge: boolean;
  readonly createMissing: boolean;
  readonly validationOnly: boolean;
  /** Relations and queries see entities with a smaller id only; unlimited but in a bulk write under the reading `bulkVisibility: none`. */
  readonly seesBelow: number;
}

/** How a POST writes. */
export interface UpsertFlags extends WriteParameters {
  /** Changes an entity that is there; refused without. */
  readonly upsert: boolean;
}

/** The result of a write. A `validationOnly` write stores no entity. */
export interface Written {
  readonly entity: StoredEntity;
  readonly created: boolean;
  /** Of a new service account. */
  readonly credentials?: Credentials;
}

/** POST: creates an entity, or with `upsert` changes the one of that identifier. Nothing is stored when it is refused. */
export function upsertEntity(
  catalog: Catalog,
  shelf: Shelf,
  input: EntityInput,
  flags: UpsertFlags,
  writer: Writer,
): Written | Refusal {
  const identifier = isSearchQuery(input.identifier)
    ? resolveIdentifier(catalog, shelf, input.identifier, flags.seesBelow)
    : typeof input.identifier === "string"
      ? input.identifier
      : generateIdentifier(shelf);
  if (identifier instanceof Refusal) return identifier;
  const existing = shelf.entities.get(identifier);
  if (existing !== undefined && !flags.upsert) return identifierTaken("Entity", identifier);
  return settleEntity(catalog, shelf, existing, identifier, input, flags, writer);
}

/** PUT and PATCH: changes an entity that exists; an identifier in the input renames it. */
export function changeEntity(
  catalog: Catalog,
  shelf: Shelf,
  existing: StoredEntity,
  input: EntityInput,
  flags: WriteParameters,
  writer: Writer,
): Written | Refusal {
  const identifier = typeof input.identifier === "string" ? input.identifier : existing.identifier;
  if (identifier !== existing.identifier && shelf.entities.has(identifier))
    return identifierTaken("Entity", identifier);
  return settleEntity(catalog, shelf, existing, identifier, input, flags, writer);
}

function settleEntity(
  catalog: Catalog,
  shelf: Shelf,
  existing: StoredEntity | undefined,
  identifier: string,
  input: EntityInput,
  flags: WriteParameters,
  writer: Writer,
): Written | Refusal {
  const blueprint = shelf.blueprint.identifier;
  if (protectedBlueprints.has(blueprint)) return protectedRefusal(catalog, blueprint);
  const base = flags.merge ? existing : undefined;
  const team = settleTeam(catalog, shelf, input.team, base);
  if (team instanceof Refusal) return team;
  const properties = settleProperties(catalog.readings, shelf.rules, input.properties, base, existing === undefined);
  if (properties instanceof Refusal) return properties;
  const settled = settleRelations(catalog, shelf, { existing, base, identifier, given: input.relations }, flags);
  if (settled instanceof Refusal) return settled;
  const now = catalog.clock();
  const next = {
    identifier,
    title: input.title === undefined ? (base?.title ?? null) : input.title,
    icon: input.icon === undefined ? (base?.icon ?? null) : input.icon,
    team,
    properties,
    updatedAt: now,
    updatedBy: writer.by,
    datasource: writer.datasource,
  };
  if (flags.validationOnly)
    return { entity: draft(catalog, next, settled.relations, existing, writer), created: existing === undefined };
  for (const { shelf: target, identifier: missing } of settled.missing) {
    if (target.entities.has(missing)) continue;
    addEntity(target, bareEntity(catalog, missing, now, writer));
    catalog.audits.record("CREATE", target.blueprint.identifier, missing, now, writer);
  }
  if (existing === undefined) {
    const entity = draft(catalog, next, settled.relations, undefined, writer);
    catalog.nextId += 1;
    addEntity(shelf, entity);
    catalog.audits.record("CREATE", blueprint, identifier, now, writer);
    const credentials = blueprint === "_user" ? openServiceAccount(catalog, entity) : undefined;
    return credentials === undefined ? { entity, created: true } : { entity, created: true, credentials };
  }
  const relations = keepEqual(existing.relations, settled.relations) as StoredEntity["relations"];
  if (relations !== existing.relations) replaceRelations(shelf, existing, relations);
  if (identifier !== existing.identifier) renameEntity(catalog, shelf, existing, identifier);
  overwrite(existing, next);
  existing.writes += 1;
  catalog.audits.record("UPDATE", blueprint, identifier, now, writer);
  return { entity: existing, created: false };
}

/** Says that a blueprint is Port's own. The text is that of a live reply. */
export function protectedRefusal(catalog: Catalog, blueprint: string): Refusal {
  const message = `Cannot create entity from blueprint "${blueprint}" as it is marked protected`;
  return new Refusal(catalog.readings.protectedStatus, "protected_resource", message);
}

type Next = Pick<
  StoredEntity,
  "identifier" | "title" | "icon" | "team" | "properties" | "updatedAt" | "updatedBy" | "datasource"
>;

function draft(
  catalog: Catalog,
  next: Next,
  relations: StoredEntity["relations"],
  existing: StoredEntity | undefined,
  writer: Writer,
): StoredEntity {
  return {
    id: existing?.id ?? catalog.nextId,
    identifier: next.identifier,
    title: next.title,
    icon: next.icon,
    team: next.team,
    properties: next.properties,
    relations,
    createdAt: existing?.createdAt ?? next.updatedAt,
    updatedAt: next.updatedAt,
    createdBy: existing?.createdBy ?? writer.by,
    updatedBy: next.updatedBy,
    datasource: next.datasource,
    writes: (existing?.writes ?? 0) + 1,
    deleted: false,
  };
}

// What is equal stays as it is, and its memory with it. Field by field: Object.assign takes twice as long, and a bulk write does it twenty times.
function overwrite(existing: StoredEntity, next: Next): void {
  if (existing.identifier !== next.identifier) existing.identifier = next.identifier;
  if (existing.title !== next.title) existing.title = next.title;
  if (existing.icon !== next.icon) existing.icon = next.icon;
  existing.team = next.team;
  existing.properties = keepEqual(existing.properties, next.properties);
  existing.updatedAt = next.updatedAt;
  existing.updatedBy = next.updatedBy;
  if (existing.datasource !== next.datasource) existing.datasource = next.datasource;
}

// A missing relation target is created with its identifier alone, whatever its blueprint requires.
function bareEntity(catalog: Catalog, identifier: string, now: number, writer: Writer): StoredEntity {
  const bare = { identifier, title: null, icon: null, team: [], properties: {}, updatedAt: now, updatedBy: writer.by };
  const entity = draft(catalog, { ...bare, datasource: writer.datasource }, {}, undefined, writer);
  catalog.nextId += 1;
  return entity;
}

function renameEntity(catalog: Catalog, shelf: Shelf, entity: StoredEntity, identifier: string): void {
  for (const { shelf: source, relation, entity: referrer } of referrersTo(catalog, shelf, entity.identifier)) {
    const held = referrer.relations[relation];
    const renamed = Array.isArray(held) ? held.map((t) => (t === entity.identifier ? identifier : t)) : identifier;
    replaceRelations(source, referrer, { ...referrer.relations, [relation]: renamed });
  }
  if (shelf.blueprint.identifier === "_team")
    changeTeams(catalog, (team) => (team === entity.identifier ? identifier : team));
  shelf.entities.delete(entity.identifier);
  shelf.entities.set(identifier, entity);
}

/** The form is that of the examples in Port's documentation: `e_` and 16 letters and digits. */
function generateIdentifier(shelf: Shelf): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (;;) {
    const identifier = `e_${[...randomBytes(16)].map((byte) => letters[byte % letters.length]).join("")}`;
    if (!shelf.entities.has(identifier)) return identifier;
  }
}
