import { isSearchQuery } from "../entity.js";
import { heldBy, selectEntities } from "./catalog.js";
import { compileWriteQuery, seenBelow } from "./evaluate.js";
import type { Catalog, RelationRule, Shelf, StoredEntity, Targets } from "./model.js";
import { blueprintNotFound, entityNotFound, invalidRequest, Refusal, requiredRelation } from "./refusal.js";
import { systemIdentifiers } from "./system-blueprints.js";

/** The write that relations are settled for. */
export interface RelationWrite {
  /** The entity that exists already. */
  readonly existing: StoredEntity | undefined;
  /** The same, if what it holds stays unless given otherwise. */
  readonly base: StoredEntity | undefined;
  readonly identifier: string;
  readonly given: Readonly<Record<string, unknown>> | undefined;
}

/** A relation target that is to be created with its identifier alone. */
export interface BareTarget {
  readonly shelf: Shelf;
  readonly identifier: string;
}

interface Sight {
  readonly createMissing: boolean;
  readonly seesBelow: number;
}

/** Gives the relations that an entity ends with, and the targets that have to be created for it. */
export function settleRelations(
  catalog: Catalog,
  shelf: Shelf,
  write: RelationWrite,
  sight: Sight,
): { relations: StoredEntity["relations"]; missing: readonly BareTarget[] } | Refusal {
  const { rules } = shelf;
  const relations: Record<string, Targets> = {};
  const missing: BareTarget[] = [];
  for (const key in write.given) {
    const rule = rules.relations.get(key);
    if (rule === undefined) return unknownRelation(catalog, key);
    const held = settleOne(catalog, shelf, key, rule, write, sight, missing);
    if (held instanceof Refusal) return held;
    if (held === null && rule.required && write.existing !== undefined) return requiredRelation(key, 403);
    relations[key] = held;
  }
  if (write.base !== undefined) {
    for (const key in write.base.relations) {
      if (!Object.hasOwn(relations, key)) relations[key] = heldBy(write.base, key);
    }
  }
  for (const key of rules.requiredRelations) {
    if (!Object.hasOwn(relations, key) || relations[key] === null) return requiredRelation(key, 422);
  }
  return { relations, missing };
}

function settleOne(
  catalog: Catalog,
  shelf: Shelf,
  key: string,
  rule: RelationRule,
  write: RelationWrite,
  sight: Sight,
  missing: BareTarget[],
): Targets | Refusal {
  const given = write.given?.[key];
  const target = rule.target === shelf.blueprint.identifier ? shelf : catalog.shelves.get(rule.target);
  if (target === undefined) return blueprintNotFound(rule.target);
  if (isSearchQuery(given)) return matching(catalog, target, key, rule, given, write, sight);
  const shaped = shape(catalog, key, rule, given);
  if (shaped instanceof Refusal || shaped === null) return shaped;
  for (const identifier of typeof shaped === "string" ? [shaped] : shaped) {
    const found = target.entities.get(identifier);
    if (found !== undefined && (found.id < sight.seesBelow || found === write.existing)) continue;
    const itself = target === shelf && identifier === write.identifier;
    if (itself && catalog.readings.selfTarget === "exists") continue;
    // Users, teams and the like are never created as a missing target.
    if (!sight.createMissing || systemIdentifiers.has(rule.target)) return entityNotFound(identifier, rule.target);
    if (!itself) missing.push({ shelf: target, identifier });
  }
  return shaped;
}

// Brings what was given into the relation's shape: one or null, or a list.
function shape(catalog: Catalog, key: string, rule: RelationRule, given: unknown): Targets | Refusal {
  const { readings } = catalog;
  if (given === null || given === undefined) return null;
  if (typeof given === "string") {
    if (!rule.many) return given;
    return readings.scalarForMany === "wrap" ? [given] : invalidRequest(`"relations/${key}" must be array`);
  }
  const list = Array.isArray(given) ? given.map(String) : [];
  if (rule.many) {
    const once = [...new Set(list)];
    return once.length < list.length && readings.duplicateTargets === "dedupe" ? once : list;
  }
  if (list.length > 1 || (list.length === 1 && readings.arrayForSingle === "reject")) return manyViolation(key);
  return list[0] ?? null;
}

function matching(
  catalog: Catalog,
  target: Shelf,
  key: string,
  rule: RelationRule,
  query: unknown,
  { existing }: RelationWrite,
  { seesBelow }: Sight,
): Targets | Refusal {
  const compiled = compileWriteQuery(catalog, target, query, `relations/${key}`, "relation");
  if (compiled instanceof Refusal) return compiled;
  // Port's documentation: a relation query gives up to 100 entities.
  const seen = seenBelow(seesBelow, compiled, existing);
  const found = selectEntities(target, seen, 0, 100).map((entity) => entity.identifier);
  if (found.length === 0 && catalog.readings.queryWithoutMatch === "reject") {
    return new Refusal(404, "not_found", `No entity of the blueprint "${rule.target}" matches the query of "${key}"`);
  }
  if (rule.many) return found;
  return found.length > 1 ? manyViolation(key) : (found[0] ?? null);
}

function manyViolation(key: string): Refusal {
  const message = `A provided relation cannot contain more than one entity: "${key}"`;
  return new Refusal(422, "relation_many_violation", message);
}

function unknownRelation(catalog: Catalog, key: string): Refusal {
  const status = catalog.readings.unknownRelation;
  const message = `Relation with identifier "${key}" was not found`;
  return new Refusal(status, status === 404 ? "not_found" : "invalid_request", message);
}

/** Gives the teams that an entity ends with. A string, a list and a query are accepted; null is none. */
export function settleTeam(
  catalog: Catalog,
  shelf: Shelf,
  given: unknown,
  base: StoredEntity | undefined,
): readonly string[] | Refusal {
  const { rules } = shelf;
  if (given === undefined) return base?.team ?? none;
  if (rules.ownership === "Inherited") {
    const message = `Cannot set the team of an entity of blueprint "${shelf.blueprint.identifier}": it has inherited ownership`;
    return new Refusal(422, catalog.readings.inheritedTeamCode, message);
  }
  if (rules.ownership === undefined && catalog.readings.teamWithoutOwnership === "ignore") return base?.team ?? none;
  const teams = isSearchQuery(given) ? matchingTeams(catalog, given) : listed(given);
  if (teams instanceof Refusal) return teams;
  if (rules.ownership === "Direct") {
    const known = catalog.shelves.get("_team")?.entities;
    const unknown = teams.find((team) => known?.has(team) !== true);
    if (unknown !== undefined && catalog.readings.unknownTeam === "reject") return entityNotFound(unknown, "_team");
  }
  return teams.length === 0 ? none : teams;
}

const none: readonly string[] = [];

function listed(given: unknown): readonly string[] {
  if (typeof given === "string") return given === "" ? none : [given];
  return Array.isArray(given) ? given.map(String) : none;
}

function matchingTeams(catalog: Catalog, query: unknown): readonly string[] | Refusal {
  const shelf = catalog.shelves.get("_team");
  if (shelf === undefined) return none;
  const compiled = compileWriteQuery(catalog, shelf, query, "team", "team");
  if (compiled instanceof Refusal) return compiled;
  return selectEntities(shelf, compiled, 0, 100).map((entity) => entity.identifier);
}

/**
 * Gives the entities of all blueprints with direct ownership other teams: `next` of each that they have, which `undefined` takes away.
 * Port's API description: direct ownership is a hidden relation to the blueprint of teams, so it follows a team as a relation follows its target.
 */
export function changeTeams(catalog: Catalog, next: (team: string) => string | undefined): void {
  for (const { rules, entities } of catalog.shelves.values()) {
    if (rules.ownership !== "Direct") continue;
    for (const entity of entities.values()) {
      if (entity.team.length === 0 || entity.team.every((team) => next(team) === team)) continue;
      const team = entity.team.flatMap((held) => next(held) ?? []);
      entity.team = team.length === 0 ? none : team;
    }
  }
}
