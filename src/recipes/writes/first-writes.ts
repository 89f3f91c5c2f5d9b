import type { Entity, EntityBody, Write } from "../../entity.js";
import { type Outcome, placeOf } from "../../outcome.js";
import { firstWrite, relationsToDefer } from "../../settle/deferral.js";
import { settleDuplicates } from "../../settle/duplicates.js";
import { passOver } from "../go-on/pass-over.js";
import { workAhead } from "../run/ahead.js";
import type { Run } from "../run/run.js";
import { knowTargets } from "./known-targets.js";
import { lastEntities } from "./last-entities.js";
import { policyOf } from "./missing-targets.js";

/** Look-ups in the catalog under way beyond the one whose turn it is: at a round trip of a second one at a time would be the pace of everything. */
export const lookUpsAhead = 3;

/** An entity to write; `before` is what the catalog holds in the fields that the write may change. */
export interface Due {
  readonly entity: Entity;
  readonly before?: EntityBody;
}

/** Turns the entities of a step into first writes: duplicates are left out, relations whose target is not there yet are deferred. */
export async function* firstWrites(
  run: Run,
  entities: AsyncIterable<readonly Entity[]>,
): AsyncGenerator<readonly Write[]> {
  yield* writesOf(run, asTheyAre(passOver(run, freshEntities(run, entities))));
}

/** Leaves out the duplicates among entities, and accounts for them. */
export async function* freshEntities(
  run: Run,
  entities: AsyncIterable<readonly Entity[]>,
): AsyncGenerator<readonly Entity[]> {
  const { accounts, inventory, keys } = run;
  if (inventory.mapping.duplicates === "last") return yield* lastEntities(run, entities);
  for await (const chunk of entities) {
    const settled = settleDuplicates(chunk, inventory.mapping.duplicates, keys, accounts.describe);
    accounts.warn(settled.warnings);
    await accounts.takeOutcomes([
      ...settled.duplicates.map((entity): Outcome => ({ ...placeOf(entity), is: "duplicate" })),
      ...settled.rejects.map(({ entity, reject }): Outcome => ({ ...placeOf(entity), is: "rejected", reject })),
    ]);
    yield settled.fresh;
  }
}

/** Turns entities into first writes, with relations deferred whose target is not there yet. */
export async function* writesOf(run: Run, chunks: AsyncIterable<readonly Due[]>): AsyncGenerator<readonly Write[]> {
  const { catalog, mode, plan } = run;
  const know = async (chunk: readonly Due[]) => {
    const entities = chunk.map(({ entity }) => entity);
    return { chunk, isKnown: await knowTargets(run, entities, plan.deferrable) };
  };
  const known = workAhead(chunks, lookUpsAhead, know, () => run.stop.because("failed"));
  for await (const { chunk, isKnown } of known) {
    yield chunk.map(({ entity, before }) => {
      const blueprint = catalog.get(entity.key.blueprint);
      // What may not stand without its target is sent with it, and waits as a whole when that is refused.
      const deferrable = plan.deferrable(entity.key.blueprint).filter((key) => policyOf(run, entity, key) !== "reject");
      const waiting = blueprint === undefined ? [] : relationsToDefer(entity, deferrable, blueprint, isKnown);
      const write = firstWrite(entity, run.modeOf?.(entity) ?? mode, waiting);
      return before === undefined ? write : { ...write, before };
    });
  }
}

async function* asTheyAre(chunks: AsyncIterable<readonly Entity[]>): AsyncGenerator<readonly Due[]> {
  for await (const chunk of chunks) yield chunk.map((entity) => ({ entity }));
}
