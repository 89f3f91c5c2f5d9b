import { originOf, type Write } from "../../entity.js";
import { type Deferred, type Outcome, placeOf } from "../../outcome.js";
import { wordsOf } from "../../reply.js";
import type { Verdict } from "../../verdict.js";
import type { Run } from "../run/run.js";

/** What became of the writes of a reply. */
export type Ends = ReadonlyMap<Write, Outcome | Deferred>;

/**
 * Clears titles, icons and teams of entities that a reply says are updated, each by a PATCH of its own, since an upsert takes no null there. What was
 * created has none yet. One that is refused becomes a reject: the entity is written, and ends once.
 */
export async function clearFields(run: Run, verdicts: ReadonlyMap<Write, Verdict>, ends: Ends): Promise<Ends> {
  const cleared = [...verdicts].filter(([write, verdict]) => needsClearing(write, verdict));
  const refused = await Promise.all(cleared.map(async ([write]) => [write, await clear(run, write)] as const));
  return new Map([...ends, ...refused.flatMap(([write, end]) => (end === undefined ? [] : [[write, end] as const]))]);
}

/** A second write comes for an entity whose first one did this, unless the API refused that one; such an entity is without `clears` by then. */
function needsClearing({ entity }: Write, verdict: Verdict): boolean {
  return verdict.is === "updated" && (entity.clears?.length ?? 0) > 0;
}

async function clear({ client, options }: Run, write: Write): Promise<Outcome | undefined> {
  const { entity } = write;
  const { key, clears = [] } = entity;
  const nulls = Object.fromEntries(clears.map((field) => [field, null]));
  const flags = options.runId === undefined ? {} : { runId: options.runId };
  const reply = await client.entity.patch(key.blueprint, key.identifier, nulls, flags);
  if (reply.is === "done") return undefined;
  const wait = (write.deferred?.waiting.length ?? 0) > 0 ? "; the relations that waited are not written either" : "";
  return {
    ...placeOf(entity),
    is: "rejected",
    reject: {
      code: "refused_by_api",
      stage: "write",
      message: `the entity is written, but its ${clears.join(" and ")} could not be cleared: ${wordsOf(reply)}${wait}`,
      path: clears[0] ?? "title",
      ...originOf(entity),
      status: reply.status,
      ...(reply.traceId !== undefined && { traceId: reply.traceId }),
    },
  };
}
