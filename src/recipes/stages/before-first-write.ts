import { type Entity, targetsOf, type Write } from "../../entity.js";
import type { Deferred } from "../../outcome.js";
import { clearedBody, isHeld } from "../../settle/compare.js";
import { firstWrite, type IsKnown, relationsToDefer } from "../../settle/deferral.js";
import type { KeySet } from "../../settle/keys.js";
import type { JournalBefore } from "../../state/journal-lines.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { gathered, lookUpsAhead, workAhead } from "./ahead.js";
import { defer, withoutClears } from "./books.js";
import { comparisonsOf, groupsOf, lookUpGroup } from "./compare.js";
import type { Entities, EntityStage, WriteStage } from "./entities.js";

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

/** A target that is created with its identifier alone, as the journal keeps it. */
export function bareTarget(
  place: Pick<Entity, "at" | "resource" | "item">,
  blueprint: string,
  identifier: string,
): JournalBefore["entities"][number] {
  return { ...place, blueprint, before: null, mode: "merge", sent: { identifier, properties: {}, relations: {} } };
}

/**
 * Turns entities into first writes: relations whose target is not there yet are left out, and wait. Where the catalog holds all the rest, there is no
 * first write.
 */
export function deferRelations(target: Target, ledger: Ledger, keys: KeySet): WriteStage {
  return async function* (entities: Entities): AsyncGenerator<readonly Write[]> {
    const { blueprints, deferrable, mode, onMissingTarget } = target.rules;
    const know = async (chunk: readonly Entity[]) => {
      // A dry run alone looks something up here.
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
        // What requires its target is sent with it, and waits as a whole when that is refused.
        const mayWait = deferrable(name).filter((relation) => onMissingTarget(entity, relation) !== "reject");
        const waiting = blueprint === undefined ? [] : relationsToDefer(entity, mayWait, blueprint, isKnown);
        // Where nothing waits: the entity as it is.
        const write = firstWrite(entity, entity.mode ?? mode, waiting);
        if (write.deferred === undefined || !isHeld(write.entity, blueprint)) writes.push(write);
        else deferred.push({ is: "deferred", entity: withoutClears(entity), waiting, first: "unchanged" });
      }
      await defer(ledger, 0, deferred);
      // `runSteps` sends them in batches.
      yield writes;
    }
  };
}

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
