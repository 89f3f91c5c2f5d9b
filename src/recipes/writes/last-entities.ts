import type { Entity } from "../../entity.js";
import type { Outcome } from "../../outcome.js";
import { contentHash } from "../../settle/keys.js";
import type { Run } from "../run/run.js";

/** Spools in use for this, by import; they are numbered after those of the steps. */
const spools = new WeakMap<Run["state"], number>();

/**
 * Leaves out the duplicates of a step by policy `last`: of several entities with one key the last one counts, the others are duplicates, with a
 * warning where their content differs. All wait on disk until the last one is known; memory grows by another 18 bytes an entity.
 */
export async function* lastEntities(
  run: Run,
  entities: AsyncIterable<readonly Entity[]>,
): AsyncGenerator<readonly Entity[]> {
  const { accounts, keys, plan, state, stop } = run;
  const used = spools.get(state) ?? 0;
  spools.set(state, used + 1);
  const spool = state.spool(plan.steps.length + used);
  // What an earlier step wrote stands.
  const firstEntry = keys.size;
  const lasts = createLasts();
  let ordinal = 0;
  for await (const chunk of entities) {
    for (const entity of chunk) {
      ordinal++;
      if (typeof entity.body.identifier !== "string") continue;
      const { entry } = keys.add(entity.key, entity.at, 0);
      if (entry >= firstEntry) lasts.set(entry - firstEntry, ordinal, contentHash(entity.json), entity.at);
    }
    await spool.append(0, chunk);
  }
  if (stop.reason !== undefined) return;
  ordinal = 0;
  for await (const chunk of spool.drain(0)) {
    const fresh: Entity[] = [];
    const duplicates: Outcome[] = [];
    for (const entity of chunk) {
      ordinal++;
      const entry = typeof entity.body.identifier === "string" ? keys.find(entity.key) : -1;
      const last = entry < firstEntry ? undefined : lasts.get(entry - firstEntry);
      if (entry < 0 || last?.ordinal === ordinal) {
        fresh.push(entity);
        continue;
      }
      const { at, resource, item, key } = entity;
      duplicates.push({ at, resource, item, key, is: "duplicate" });
      if (last !== undefined && last.content === contentHash(entity.json)) continue;
      const other = accounts.describe(last?.at ?? keys.place(entry));
      const message = `${key.blueprint}/${key.identifier} of ${accounts.describe(at)} stands with other content at ${other}; that one is sent`;
      accounts.warn([{ code: "duplicate_differs", blueprint: key.blueprint, message, count: 1, first: at }]);
    }
    await accounts.takeOutcomes(duplicates);
    yield fresh;
  }
}

const firstCapacity = 1024;

/** By entry: where its entity came last, and a hash of its content then. */
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
