import { type Entity, targetsOf } from "../../entity.js";
import type { IsKnown } from "../../settle/deferral.js";
import type { KeySet } from "../../settle/keys.js";
import type { Target } from "../target/target.js";

/**
 * Finds out which targets of the given relations the catalog holds: acknowledged in this import, or found by a look-up of the rest, a chunk at a time.
 *
 * @param relationsOf - keys of the relations to look at, by blueprint
 */
export async function knowTargets(
  { rules, existing }: Target,
  keys: KeySet,
  entities: readonly Entity[],
  relationsOf: (blueprint: string) => readonly string[],
): Promise<IsKnown> {
  const asked = new Map<string, Set<string>>();
  const isAcknowledged: IsKnown = (blueprint, identifier) => {
    const entry = keys.find({ blueprint, identifier });
    return entry >= 0 && keys.isAcknowledged(entry);
  };
  for (const { key, relations } of entities) {
    for (const relation of relationsOf(key.blueprint)) {
      const target = rules.blueprints.get(key.blueprint)?.relations?.[relation]?.target;
      if (target === undefined) continue;
      const named = asked.get(target) ?? new Set();
      asked.set(target, named);
      for (const identifier of targetsOf(relations[relation]))
        if (!isAcknowledged(target, identifier)) named.add(identifier);
    }
  }
  const found = new Map<string, ReadonlySet<string>>();
  await Promise.all(
    [...asked].map(async ([target, identifiers]) => {
      if (identifiers.size > 0) found.set(target, await existing(target, [...identifiers]));
    }),
  );
  return (blueprint, identifier) =>
    isAcknowledged(blueprint, identifier) || found.get(blueprint)?.has(identifier) === true;
}
