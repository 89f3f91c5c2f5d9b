import type { Client } from "../../api/client.js";
import { type EntityBody, isSearchQuery, targetsOf } from "../../entity.js";
import type { Verdict } from "../../verdict.js";
import type { Run } from "../run/run.js";

/** Names of targets that are remembered as existing, so that each is not asked for again; beyond that all are forgotten. */
const maxRemembered = 50_000;

/**
 * A client that reads the catalog and writes nothing: it answers writes as the API would, from what the catalog holds and what was written before.
 *
 * It forecasts which entities are created, and which are refused for a missing target. What else the API may refuse it does not know.
 */
export function forecastClient({ client, catalog, keys }: Pick<Run, "client" | "catalog" | "keys">): Client {
  const remembered = new Set<string>();
  /** Targets that the mapping lets be made. */
  const bare = new Set<string>();
  const isWritten = (blueprint: string, identifier: string): boolean => {
    const entry = keys.find({ blueprint, identifier });
    return entry >= 0 && keys.isAcknowledged(entry);
  };
  const existing = async (blueprint: string, identifiers: readonly string[]): Promise<Set<string>> => {
    const known = (identifier: string): boolean =>
      isWritten(blueprint, identifier) ||
      bare.has(`${blueprint}\0${identifier}`) ||
      remembered.has(`${blueprint}\0${identifier}`);
    const found = await client.existing(
      blueprint,
      identifiers.filter((identifier) => !known(identifier)),
    );
    if (remembered.size > maxRemembered) remembered.clear();
    for (const identifier of found) remembered.add(`${blueprint}\0${identifier}`);
    return new Set([...found, ...identifiers.filter(known)]);
  };
  return {
    ...client,
    existing,
    async upsertBulk(blueprint, items, { createMissing }) {
      const entities = items.map((item) => JSON.parse(item) as EntityBody);
      const relations = catalog.get(blueprint)?.relations ?? {};
      const missing = createMissing ? new Map() : await missingTargets(entities, relations, existing);
      const verdicts: Verdict[] = [];
      for (const entity of entities) {
        const lost = missing.get(entity);
        if (lost === undefined && isBare(entity)) bare.add(`${blueprint}\0${entity.identifier}`);
        if (lost !== undefined) verdicts.push({ is: "refused", status: 404, error: "not_found", message: lost });
        else if (isSearchQuery(entity.identifier)) verdicts.push(await searched(client, blueprint, entity.identifier));
        else verdicts.push({ is: isWritten(blueprint, entity.identifier) ? "updated" : "created" });
      }
      return { is: "done", status: 200, body: verdicts };
    },
    entity: {
      ...client.entity,
      patch: async () => ({ is: "done", status: 200, body: {} }),
      deleteListed: async (_, identifiers) => ({ is: "done", status: 200, body: { deletedEntities: identifiers } }),
    },
  };
}

/** True for a target that comes with its identifier alone; every other entity is known by its key. */
function isBare(entity: Partial<EntityBody>): boolean {
  return entity.properties === undefined && typeof entity.identifier === "string";
}

async function missingTargets(
  entities: readonly EntityBody[],
  relations: Readonly<Record<string, { readonly target: string }>>,
  existing: Client["existing"],
): Promise<Map<EntityBody, string>> {
  const missing = new Map<EntityBody, string>();
  for (const [key, { target }] of Object.entries(relations)) {
    const named = entities.flatMap((entity) => targetsOf(entity.relations?.[key]));
    if (named.length === 0) continue;
    const found = await existing(target, [...new Set(named)]);
    for (const entity of entities) {
      // What comes in the same request does not count: such an entity waits for the second writes, and ends the same.
      const lost = targetsOf(entity.relations?.[key]).find((name) => !found.has(name));
      if (lost !== undefined)
        missing.set(entity, `Entity with identifier "${lost}" does not exist in the blueprint "${target}"`);
    }
  }
  return missing;
}

/** A search in place of an identifier must find exactly one entity. @source port-api, 3.3 */
async function searched(client: Client, blueprint: string, query: unknown): Promise<Verdict> {
  const { entities } = await client.search(blueprint, { query, include: ["$identifier"], limit: 2 });
  if (entities.length === 1) return { is: "updated" };
  const message = `the search finds ${entities.length === 0 ? "no entity" : "several entities"}`;
  return { is: "refused", status: 404, error: "not_found", message };
}
