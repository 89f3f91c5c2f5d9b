import type { Entity } from "../entity.js";
import { type ValidatingClient, validatingClient } from "./dry-run/validating-client.js";
import { groupBy } from "./run/group-by.js";
import type { Run } from "./run/run.js";
import { entitiesOfStep } from "./run/step.js";
import { firstWrites } from "./writes/first-writes.js";
import { writeDeferred } from "./writes/second-writes.js";
import { writeStep } from "./writes/write-step.js";

/**
 * The dry run of an import: the very way of an import, with a client that has the API check each write and writes nothing. Created and updated are
 * forecasts by look-up; what the API could not check stands in warnings `not_checked`.
 */
export async function validateAll(run: Run): Promise<void> {
  const { accounts } = run;
  const client = validatingClient(run, ({ blueprint, relation }) => {
    const message = "its required target is only in this import, so that the API could not check the entity";
    accounts.warn([{ code: "not_checked", blueprint, path: `relations.${relation}`, message, count: 1 }]);
  });
  const dry: Run = { ...run, client };
  for (const { index } of dry.plan.steps) {
    const entities = lookedUp(client, entitiesOfStep(dry, index));
    await writeStep(dry, firstWrites(dry, entities));
    if (dry.stop.reason !== undefined) return;
  }
  await writeDeferred(dry);
}

/** Looks each chunk up in one go, before its entities are sent twenty at a time. */
async function* lookedUp(
  client: ValidatingClient,
  chunks: AsyncIterable<readonly Entity[]>,
): AsyncGenerator<readonly Entity[]> {
  for await (const chunk of chunks) {
    for (const [blueprint, entities] of groupBy(chunk, ({ key }) => key.blueprint))
      await client.remember(
        blueprint,
        entities.flatMap(({ body }) => (typeof body.identifier === "string" ? [body.identifier] : [])),
      );
    yield chunk;
  }
}
