import { isSearchQuery } from "../entity.js";
import { selectEntities } from "./catalog.js";
import type { Catalog, Shelf, StoredEntity } from "./model.js";
import { entityNotFound, Refusal } from "./refusal.js";
import { compileWriteQuery } from "./write-query.js";

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
  if (rules.ownership === "Direct" && catalog.readings.unknownTeam === "reject") {
    const known = catalog.shelves.get("_team")?.entities;
    const unknown = teams.find((team) => known?.has(team) !== true);
    if (unknown !== undefined) return entityNotFound(unknown, "_team");
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
