import type { Entity } from "../../entity.js";
import type { Settled } from "../../write/exchange.js";
import type { Verdict } from "../../write/verdict.js";
import type { Run } from "../run/run.js";

/**
 * Clears titles, icons and teams of entities that a reply says are updated, each by a PATCH of its own, since an upsert takes no null there. What was
 * created has none yet. One that is refused becomes a reject: the entity is written, and ends once.
 */
export async function clearFields(run: Run, settled: readonly Settled[]): Promise<readonly Settled[]> {
  if (!settled.some(needsClearing)) return settled;
  return Promise.all(
    settled.map(async (one) => (needsClearing(one) ? { ...one, verdict: await clear(run, one) } : one)),
  );
}

/** A second write comes for an entity whose first one did this, unless the API refused that one; such an entity is without `clears` by then. */
function needsClearing({ write, verdict }: Settled): boolean {
  return verdict.is === "updated" && (write.entity.clears?.length ?? 0) > 0;
}

async function clear({ client, options }: Run, { write, verdict }: Settled): Promise<Verdict> {
  const { entity } = write;
  const { key, clears = [] } = entity;
  const nulls = Object.fromEntries(clears.map((field) => [field, null]));
  const flags = options.runId === undefined ? {} : { runId: options.runId };
  const reply = await client.patchEntity(key.blueprint, key.identifier, nulls, flags);
  if (reply.is === "patched") return verdict;
  const wait = (write.deferred?.waiting.length ?? 0) > 0 ? "; the relations that waited are not written either" : "";
  return {
    is: "rejected",
    reject: {
      code: "refused_by_api",
      stage: "write",
      message: `the entity is written, but its ${clears.join(" and ")} could not be cleared: ${reply.message}${wait}`,
      path: clears[0] ?? "title",
      at: entity.at,
      ...(entity.span && { span: entity.span }),
      resource: entity.resource,
      item: entity.item,
      blueprint: key.blueprint,
      identifier: key.identifier,
      status: reply.status,
      ...(reply.traceId !== undefined && { traceId: reply.traceId }),
    },
  };
}

/** An entity of which nothing is left to be cleared. */
export function withoutClears({ clears: _, ...entity }: Entity): Entity {
  return entity;
}
