import { type Entity, targetsOf } from "../../entity.js";
import { clearedBody } from "../../settle/compare.js";
import type { KeySet } from "../../settle/keys.js";
import type { JournalBefore } from "../../state/journal-lines.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { lookUpsAhead, workAhead } from "./ahead.js";
import { comparisonsOf, groupsOf, lookUpGroup } from "./compare.js";
import { knowTargets } from "./defer.js";
import type { EntityStage } from "./entities.js";

/**
 * Looks up what the catalog holds of entities, a thousand of a blueprint at a time, so that the journal keeps it before they are written and the import can be
 * undone. Lets all of them through.
 */
export function keepBefore(target: Target, ledger: Ledger, keys: KeySet): EntityStage {
  return async function* (entities) {
    const comparisons = comparisonsOf(target);
    const look = async (group: readonly Entity[]): Promise<readonly Entity[]> => {
      const comparison = comparisons.of(group[0]?.key.blueprint ?? "");
      if (comparison === undefined) return group;
      const named = group.filter(({ isNamed }) => isNamed);
      const found = await lookUpGroup(target, comparisons, comparison, named);
      return group.map((entity) => {
        if (!entity.isNamed) return entity;
        const held = found.get(entity.key.identifier);
        return entity.with({ before: held === undefined ? null : comparison.before(clearedBody(entity), held) });
      });
    };
    for await (const group of workAhead(groupsOf(entities), lookUpsAhead, look)) {
      await keepMade(target, ledger, keys, group);
      yield group;
    }
  };
}

/** Keeps which targets of relations the API will have to make, where the mapping lets it: no reply names them. Lets all entities through. */
export function keepMadeTargets(target: Target, ledger: Pick<Ledger, "journal">, keys: KeySet): EntityStage {
  return async function* (entities) {
    for await (const chunk of entities) {
      await keepMade(target, ledger, keys, chunk);
      yield chunk;
    }
  };
}

async function keepMade(
  target: Target,
  ledger: Pick<Ledger, "journal">,
  keys: KeySet,
  entities: readonly Entity[],
): Promise<void> {
  const { blueprints, createMissing } = target.rules;
  if (!createMissing || target.isForecast || entities.length === 0) return;
  const relationsOf = (blueprint: string) => Object.entries(blueprints.get(blueprint)?.relations ?? {});
  const isKnown = await knowTargets(target, keys, entities, (name) => relationsOf(name).map(([relation]) => relation));
  const made = entities.flatMap(({ at, resource, item, key, relations }) =>
    relationsOf(key.blueprint).flatMap(([relation, { target: of }]) =>
      targetsOf(relations[relation])
        .filter((identifier) => !isKnown(of, identifier))
        .map((identifier) => bareTarget({ at, resource, item }, of, identifier)),
    ),
  );
  if (made.length > 0) await ledger.journal({ line: "before", entities: made });
}

/** A target that comes into being with its identifier alone, as the journal keeps it. */
export function bareTarget(
  place: Pick<Entity, "at" | "resource" | "item">,
  blueprint: string,
  identifier: string,
): JournalBefore["entities"][number] {
  return { ...place, blueprint, before: null, mode: "merge", sent: { identifier, properties: {}, relations: {} } };
}
