import type { Entity, Outcome, Write } from "../entity.js";
import { firstWrite, relationsToDefer } from "../settle/deferral.js";
import { settleDuplicates } from "../settle/duplicates.js";
import { knowTargets } from "./known-targets.js";
import type { Run } from "./run.js";

/** Turns the entities of a step into first writes: duplicates are left out, relations whose target is not there yet are deferred. */
export async function* firstWrites(
  run: Run,
  entities: AsyncIterable<readonly Entity[]>,
): AsyncGenerator<readonly Write[]> {
  const { accounts, catalog, keys, mode, plan } = run;
  for await (const chunk of entities) {
    const settled = settleDuplicates(chunk, run.inventory.mapping.duplicates, keys, accounts.describe);
    accounts.warn(settled.warnings);
    await accounts.takeOutcomes([
      ...settled.duplicates.map((entity): Outcome => ({ ...placeOf(entity), is: "duplicate" })),
      ...settled.rejects.map(({ entity, reject }): Outcome => ({ ...placeOf(entity), is: "rejected", reject })),
    ]);
    const isKnown = await knowTargets(run, settled.fresh, plan.deferrable);
    yield settled.fresh.map((entity) => {
      const blueprint = catalog.get(entity.key.blueprint);
      const deferrable = plan.deferrable(entity.key.blueprint);
      const waiting = blueprint === undefined ? [] : relationsToDefer(entity, deferrable, blueprint, isKnown);
      return firstWrite(entity, mode, waiting);
    });
  }
}

/** What an outcome keeps of its entity. */
export function placeOf({ at, resource, item, key }: Entity): Pick<Entity, "at" | "resource" | "item" | "key"> {
  return { at, resource, item, key };
}
