import { type EntityBody, isSearchQuery, keyText, targetsOf } from "../../entity.js";
import type { KeySet } from "../../settle/keys.js";
import type { Verdict } from "../../verdict.js";
import type { Target } from "./target.js";

/** Names of targets that are remembered as existing, so that each is not asked for again; beyond that all are forgotten. */
const maxRemembered = 50_000;

/**
 * A target that reads the catalog and writes nothing: it answers writes as the API would, from what the catalog holds and what was written before.
 *
 * It forecasts which entities are created, and which are refused for a missing target. What else the API may refuse it does not know.
 *
 * @param keys - acknowledged ones are in the catalog, or were written
 */
export function forecastTarget(api: Target, keys: KeySet): Target {
  const remembered = new Set<string>();
  /** Targets that the mapping lets be made. */
  const bare = new Set<string>();
  const isWritten = (blueprint: string, identifier: string): boolean => {
    const entry = keys.find({ blueprint, identifier });
    return entry >= 0 && keys.isAcknowledged(entry);
  };
  async function existing(blueprint: string, identifiers: readonly string[]): Promise<ReadonlySet<string>> {
    const known = (identifier: string): boolean =>
      isWritten(blueprint, identifier) ||
      bare.has(keyText(blueprint, identifier)) ||
      remembered.has(keyText(blueprint, identifier));
    const found = await api.existing(
      blueprint,
      identifiers.filter((identifier) => !known(identifier)),
    );
    if (remembered.size > maxRemembered) remembered.clear();
    for (const identifier of found) remembered.add(keyText(blueprint, identifier));
    return new Set([...found, ...identifiers.filter(known)]);
  }
  return {
    // Each by name: what writes must never reach the API from here.
    rules: api.rules,
    isForecast: true,
    foresee: async () => undefined,
    existing,
    lookUp: api.lookUp,
    search: api.search,
    pages: api.pages,
    count: api.count,
    listBlueprints: api.listBlueprints,
    serverNow: api.serverNow,
    async upsert(blueprint, items, { createMissing }) {
      const entities = items.map((item) => JSON.parse(item) as EntityBody);
      const relations = api.rules.blueprints.get(blueprint)?.relations ?? {};
      const missing = createMissing ? new Map() : await missingTargets(entities, relations, existing);
      const verdicts: Verdict[] = [];
      for (const entity of entities) {
        const lost = missing.get(entity);
        if (lost === undefined && isBare(entity)) bare.add(keyText(blueprint, String(entity.identifier)));
        if (lost !== undefined) verdicts.push({ is: "refused", status: 404, error: "not_found", message: lost });
        else if (isSearchQuery(entity.identifier)) verdicts.push(await searched(api, blueprint, entity.identifier));
        else verdicts.push({ is: isWritten(blueprint, entity.identifier) ? "updated" : "created" });
      }
      return { is: "done", status: 200, body: verdicts };
    },
    clear: async () => ({ is: "done", status: 200, body: {} }),
    delete: async (_, identifiers) => ({ is: "done", status: 200, body: { deletedEntities: identifiers } }),
  };
}

/** True for a target with an identifier only; every other entity is known by its key. */
function isBare(entity: Partial<EntityBody>): boolean {
  return entity.properties === undefined && typeof entity.identifier === "string";
}

async function missingTargets(
  entities: readonly EntityBody[],
  relations: Readonly<Record<string, { readonly target: string }>>,
  existing: Target["existing"],
): Promise<Map<EntityBody, string>> {
  const missing = new Map<EntityBody, string>();
  for (const [key, { target }] of Object.entries(relations)) {
    const named = entities.flatMap((entity) => targetsOf(entity.relations?.[key]));
    if (named.length === 0) continue;
    const found = await existing(target, [...new Set(named)]);
    for (const entity of entities) {
      // Entities of the same request do not count: such an entity waits for the second writes, with the same result.
      const lost = targetsOf(entity.relations?.[key]).find((name) => !found.has(name));
      if (lost !== undefined)
        missing.set(entity, `Entity with identifier "${lost}" does not exist in the blueprint "${target}"`);
    }
  }
  return missing;
}

/** A search in place of an identifier must find exactly one entity. */
async function searched(api: Target, blueprint: string, query: unknown): Promise<Verdict> {
  const { entities } = await api.search(blueprint, { query, include: ["$identifier"], limit: 2 });
  if (entities.length === 1) return { is: "updated" };
  const message = `the search finds ${entities.length === 0 ? "no entity" : "several entities"}`;
  return { is: "refused", status: 404, error: "not_found", message };
}
