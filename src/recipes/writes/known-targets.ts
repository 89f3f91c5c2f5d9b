import { type Entity, targetsOf } from "../../entity.js";
import type { IsKnown } from "../../settle/deferral.js";
import type { Run } from "../run/run.js";

/**
 * Finds out which targets of the given relations the catalog holds: acknowledged in this import, or found by a look-up of the rest, a chunk at a time.
 *
 * @param relationsOf - keys of the relations to look at, by blueprint
 */
export async function knowTargets(
  run: Run,
  entities: readonly Entity[],
  relationsOf: (blueprint: string) => readonly string[],
): Promise<IsKnown> {
  const asked = new Map<string, Set<string>>();
  for (const { key, body } of entities) {
    for (const relation of relationsOf(key.blueprint)) {
      const target = run.catalog.get(key.blueprint)?.relations?.[relation]?.target;
      if (target === undefined) continue;
      for (const identifier of targetsOf(body.relations[relation]))
        if (!isAcknowledged(run, target, identifier)) setOf(asked, target).add(identifier);
    }
  }
  const found = new Map<string, ReadonlySet<string>>();
  await Promise.all(
    [...asked].map(async ([target, identifiers]) => {
      found.set(target, await run.client.existing(target, [...identifiers]));
    }),
  );
  return (blueprint, identifier) =>
    isAcknowledged(run, blueprint, identifier) || found.get(blueprint)?.has(identifier) === true;
}

function isAcknowledged({ keys }: Run, blueprint: string, identifier: string): boolean {
  const entry = keys.find({ blueprint, identifier });
  return entry >= 0 && keys.isAcknowledged(entry);
}

function setOf<K, V>(sets: Map<K, Set<V>>, key: K): Set<V> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const made = new Set<V>();
  sets.set(key, made);
  return made;
}
