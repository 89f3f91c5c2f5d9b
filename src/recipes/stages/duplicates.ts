import type { Entity } from "../../entity.js";
import type { Step } from "../../order.js";
import { type Outcome, placeOf } from "../../outcome.js";
import { duplicateWarning, settleDuplicates } from "../../settle/duplicates.js";
import { contentHash, type KeySet } from "../../settle/keys.js";
import type { Ledger } from "../run/ledger.js";
import type { Entities, EntityStage, Inputs } from "./entities.js";
import { mergedEntities } from "./merge-duplicates.js";

/** Makes the entities of a step that have one key into one, as the mapping says, and accounts for the others. */
export function dropDuplicates(step: Step, inputs: Inputs, ledger: Ledger, keys: KeySet): EntityStage {
  const policy = inputs.duplicatesOf(step.blueprint);
  return (entities) => {
    if (policy === "last") return lastEntities(entities, step, inputs, ledger, keys);
    if (policy === "merge") return mergedEntities(entities, step, inputs, ledger, keys);
    return firstEntities(entities, policy, ledger, keys);
  };
}

async function* firstEntities(
  entities: Entities,
  policy: "first" | "error" | "off",
  ledger: Ledger,
  keys: KeySet,
): AsyncGenerator<readonly Entity[]> {
  for await (const chunk of entities) {
    const { fresh, duplicates, rejects, warnings } = settleDuplicates(chunk, policy, keys, ledger.describe);
    ledger.warn(warnings);
    await ledger.takeOutcomes([
      ...duplicates.map((entity): Outcome => ({ ...placeOf(entity), is: "duplicate" })),
      ...rejects.map(({ entity, reject }): Outcome => ({ ...placeOf(entity), is: "rejected", reject })),
    ]);
    yield fresh;
  }
}

/**
 * Policy `last`: of several entities with one key the last one counts, the others are duplicates, with a warning where their content differs. All wait
 * on disk until the last one is known; memory grows by another 18 bytes an entity.
 */
async function* lastEntities(
  entities: Entities,
  step: Step,
  { aside, signal }: Inputs,
  ledger: Ledger,
  keys: KeySet,
): AsyncGenerator<readonly Entity[]> {
  const spool = aside(step.index);
  // What an earlier step wrote is not taken back.
  const firstEntry = keys.size;
  const lasts = createLasts();
  let ordinal = 0;
  for await (const chunk of entities) {
    for (const entity of chunk) {
      ordinal++;
      if (!entity.isNamed) continue;
      const { entry } = keys.add(entity.key, entity.at, 0);
      if (entry >= firstEntry) lasts.set(entry - firstEntry, ordinal, contentHash(entity.json), entity.at);
    }
    await spool.append(0, chunk);
  }
  if (signal.aborted) return;
  ordinal = 0;
  for await (const chunk of spool.drain(0)) {
    const fresh: Entity[] = [];
    const duplicates: Outcome[] = [];
    for (const entity of chunk) {
      ordinal++;
      const entry = entity.isNamed ? keys.find(entity.key) : -1;
      const last = entry < firstEntry ? undefined : lasts.get(entry - firstEntry);
      // An import that is retried has written its last one.
      const isDone = entry >= 0 && keys.isAcknowledged(entry);
      if (entry < 0 || (last?.ordinal === ordinal && !isDone)) {
        fresh.push(entity);
        continue;
      }
      duplicates.push({ ...placeOf(entity), is: "duplicate" });
      if (last !== undefined && last.content === contentHash(entity.json)) continue;
      const other = last?.at ?? keys.place(entry);
      ledger.warn([duplicateWarning(entity, other, ledger.describe, "that one is sent")]);
    }
    await ledger.takeOutcomes(duplicates);
    yield fresh;
  }
}

const firstCapacity = 1024;

/** By entry: where its entity was last, and a hash of its content there. */
function createLasts() {
  let words = new Uint32Array(firstCapacity * 4);
  return {
    set(entry: number, ordinal: number, content: number, at: Entity["at"]): void {
      if ((entry + 1) * 4 > words.length) {
        const larger = new Uint32Array(Math.max(words.length * 1.5, (entry + 1) * 4));
        larger.set(words);
        words = larger;
      }
      words.set([ordinal, content, at.source, at.position], entry * 4);
    },
    get(entry: number) {
      const [ordinal = 0, content = 0, source = 0, position = 0] = words.subarray(entry * 4, entry * 4 + 4);
      return { ordinal, content, at: { source, position } };
    },
  };
}
