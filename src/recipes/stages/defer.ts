import type { Entity, Write } from "../../entity.js";
import type { Deferred } from "../../outcome.js";
import { isHeld } from "../../settle/compare.js";
import { firstWrite, relationsToDefer } from "../../settle/deferral.js";
import type { KeySet } from "../../settle/keys.js";
import { withoutClears } from "../../write/outcome.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { gathered, lookUpsAhead, workAhead } from "./ahead.js";
import { defer } from "./books.js";
import type { Entities, WriteStage } from "./entities.js";
import { knowTargets } from "./known-targets.js";

/**
 * Turns entities into first writes: relations whose target is not there yet are left out, and wait. Where the catalog holds all the rest, there is no
 * first write.
 */
export function deferRelations(target: Target, ledger: Ledger, keys: KeySet): WriteStage {
  return async function* (entities: Entities): AsyncGenerator<readonly Write[]> {
    const { blueprints, deferrable, mode, onMissingTarget } = target.rules;
    const know = async (chunk: readonly Entity[]) => {
      await target.foresee(chunk);
      return { chunk, isKnown: await knowTargets(target, keys, chunk, deferrable) };
    };
    const looksUp = target.isForecast || [...blueprints.keys()].some((name) => deferrable(name).length > 0);
    const chunks = looksUp ? gathered(entities) : entities;
    for await (const { chunk, isKnown } of workAhead(chunks, lookUpsAhead, know)) {
      const writes: Write[] = [];
      const deferred: Deferred[] = [];
      for (const entity of chunk) {
        const { blueprint: name } = entity.key;
        const blueprint = blueprints.get(name);
        // What may not be without its target is sent with it, and waits as a whole when that is refused.
        const mayWait = deferrable(name).filter((relation) => onMissingTarget(entity, relation) !== "reject");
        const waiting = blueprint === undefined ? [] : relationsToDefer(entity, mayWait, blueprint, isKnown);
        const write = firstWrite(entity, entity.mode ?? mode, waiting);
        if (write.deferred === undefined || !isHeld(write.entity, blueprint)) writes.push(write);
        else deferred.push({ is: "deferred", entity: withoutClears(entity), waiting, first: "unchanged" });
      }
      await defer(ledger, 0, deferred);
      yield writes;
    }
  };
}
