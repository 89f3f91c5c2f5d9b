import type { Blueprint } from "../../blueprint.js";
import { type Entity, keyText, originOf, targetsOf } from "../../entity.js";
import type { Deferred } from "../../outcome.js";
import type { Finding, Reject } from "../../reject.js";
import { type IsKnown, type MissingTarget, secondStep } from "../../settle/deferral.js";
import { createKeySet, type KeySet } from "../../settle/keys.js";
import { placeName } from "../../state/journal.js";
import { maxBatchEntities } from "../../write/batch.js";
import type { Ledger } from "../run/ledger.js";
import type { Target, WriteRules } from "../target/target.js";
import { bareTarget, knowTargets } from "./before-first-write.js";

/** Bare targets come from several records. */
const nowhere = { at: { source: 0, position: 0 }, resource: 0, item: 0 };

/** The blueprint as settling sees it: an entity whose relation says `reject` cannot be without it, as if it were required. */
export function strictBlueprint(rules: WriteRules, entity: Entity, blueprint: Blueprint): Blueprint {
  const relations = Object.entries(blueprint.relations ?? {});
  const isStrict = ([name]: (typeof relations)[number]) => rules.onMissingTarget(entity, name) === "reject";
  if (!relations.some(isStrict)) return blueprint;
  const strict = relations.map((each) => (isStrict(each) ? [each[0], { ...each[1], required: true }] : each));
  return { ...blueprint, relations: Object.fromEntries(strict) };
}

/**
 * Makes bare targets where the mapping says `create`, a target exists neither in this import nor in the catalog, and the entity will be written. All of
 * them before any second write, so that other relations to them find them, in whatever order.
 */
export async function makeTargets(target: Target, ledger: Ledger, keys: KeySet): Promise<void> {
  const { rules } = target;
  if (!rules.makesTargets || rules.createMissing) return;
  const wanted = new Map<string, Set<string>>();
  const judged = new Set<string>();
  /** Entities that wait and will be written, so that what cannot be without them will be, too. */
  const written = createKeySet();
  const isWanted: IsKnown = (blueprint, identifier) =>
    wanted.get(blueprint)?.has(identifier) === true || written.find({ blueprint, identifier }) >= 0;
  const isGiven: IsKnown = (blueprint, identifier) =>
    keys.find({ blueprint, identifier }) >= 0 || ledger.rejectedAt({ blueprint, identifier }) !== undefined;
  const known = rememberedTargets(target, keys);
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = false;
    for await (const chunk of waitingEntities(ledger)) {
      const left = chunk.filter(({ entity }) => !judged.has(placeName(entity)));
      const isKnown = await known(left.map(({ entity }) => entity));
      for (const one of left) {
        const own = missingToMake(
          one.entity,
          rules,
          (of, id) => isKnown(of, id) || isWanted(of, id) || isGiven(of, id),
        );
        const blueprint = rules.blueprints.get(one.entity.key.blueprint);
        if (blueprint === undefined) continue;
        const isThere: IsKnown = (of, id) => isKnown(of, id) || isWanted(of, id) || own.get(of)?.has(id) === true;
        const strict = strictBlueprint(rules, one.entity, blueprint);
        const mode = one.entity.mode ?? rules.mode;
        if (secondStep(one, mode, strict, { isKnown: isThere, isPending: () => false }).is === "impossible") continue;
        for (const [of, ids] of own) wanted.set(of, new Set([...(wanted.get(of) ?? []), ...ids]));
        written.add(one.entity.key, one.entity.at, 0);
        judged.add(placeName(one.entity));
        hasMoved = true;
      }
    }
  }
  for (const [blueprint, identifiers] of wanted) {
    const bare = [...identifiers].map((identifier) => bareTarget(nowhere, blueprint, identifier));
    if (!target.isForecast) await ledger.journal({ line: "before", entities: bare });
    await makeBare(target, blueprint, [...identifiers]);
  }
}

async function* waitingEntities(ledger: Ledger): AsyncGenerator<readonly Deferred[]> {
  const spool = ledger.waiting(0);
  for (const source of spool.sources()) yield* spool.drain(source);
}

/** The targets of an entity that the mapping lets be made, by blueprint. */
function missingToMake(
  entity: Entity,
  { blueprints, onMissingTarget }: WriteRules,
  isThere: IsKnown,
): ReadonlyMap<string, ReadonlySet<string>> {
  const missing = new Map<string, Set<string>>();
  for (const [relation, value] of Object.entries(entity.relations)) {
    const of = blueprints.get(entity.key.blueprint)?.relations?.[relation]?.target;
    if (of === undefined || onMissingTarget(entity, relation) !== "create") continue;
    const lost = targetsOf(value).filter((id) => !isThere(of, id));
    if (lost.length > 0) missing.set(of, new Set([...(missing.get(of) ?? []), ...lost]));
  }
  return missing;
}

/** Looks targets up as `knowTargets` does, each of them once. */
function rememberedTargets(target: Target, keys: KeySet): (entities: readonly Entity[]) => Promise<IsKnown> {
  const { blueprints } = target.rules;
  const found = new Map<string, boolean>();
  return async (entities) => {
    const relationsOf = (blueprint: string) => Object.keys(blueprints.get(blueprint)?.relations ?? {});
    const isNew = ({ key, relations }: Entity): boolean =>
      relationsOf(key.blueprint).some((relation) => {
        const of = blueprints.get(key.blueprint)?.relations?.[relation]?.target ?? "";
        return targetsOf(relations[relation]).some((id) => !found.has(keyText(of, id)));
      });
    const asked = entities.filter(isNew);
    const isKnown = await knowTargets(target, keys, asked, relationsOf);
    for (const { key, relations } of asked)
      for (const relation of relationsOf(key.blueprint)) {
        const of = blueprints.get(key.blueprint)?.relations?.[relation]?.target ?? "";
        for (const id of targetsOf(relations[relation])) found.set(keyText(of, id), isKnown(of, id));
      }
    return (blueprint, identifier) => found.get(keyText(blueprint, identifier)) === true;
  };
}

async function makeBare(target: Target, blueprint: string, identifiers: readonly string[]): Promise<void> {
  for (let start = 0; start < identifiers.length; start += maxBatchEntities) {
    const items = identifiers
      .slice(start, start + maxBatchEntities)
      .map((identifier) => JSON.stringify({ identifier }));
    // Whatever the reply says: a search finds what exists.
    await target.upsert(blueprint, items, { mode: "merge", createMissing: false });
  }
}

/** Says why relations of an entity lack their targets. */
export type MissingJudge = (
  entity: Entity,
  missing: readonly MissingTarget[],
  isWritten: boolean,
) => {
  /** Absent where nothing is missing but what may be omitted. */
  readonly reject?: Reject;
  /** What the mapping lets the entity be without. */
  readonly omitted: readonly Finding[];
};

/** Judges missing targets by what was rejected in this run. Reasons not to write an entity come first. */
export function judgeMissing(rules: WriteRules, ledger: Ledger, keys: KeySet): MissingJudge {
  const { blueprints, onMissingTarget } = rules;
  return (entity, missing, isWritten) => {
    const blueprint = blueprints.get(entity.key.blueprint);
    const relations = blueprint && strictBlueprint(rules, entity, blueprint).relations;
    const isNeeded = ({ relation }: MissingTarget): boolean => relations?.[relation]?.required === true;
    const isOmitted = ({ relation }: MissingTarget): boolean =>
      isWritten && onMissingTarget(entity, relation) === "omit";
    const endOf = (one: MissingTarget): string => {
      if (isWritten) return "the entity is written without it";
      return isNeeded(one) ? "the entity cannot be without it and is not written" : "the entity is not written";
    };
    const found = (one: MissingTarget): Finding => findingOf(one, endOf(one), ledger, keys);
    const omitted = missing.filter(isOmitted).map(found);
    const rest = missing.filter((one) => !isOmitted(one));
    const [first, ...others] = [...rest.filter(isNeeded), ...rest.filter((one) => !isNeeded(one))].map(found);
    if (first === undefined) return { omitted };
    const reject: Reject = {
      ...first,
      ...(others.length > 0 && { also: others }),
      stage: "write",
      ...originOf(entity),
    };
    return { reject, omitted };
  };
}

function findingOf(
  { relation, target, identifier }: MissingTarget,
  ends: string,
  ledger: Ledger,
  keys: KeySet,
): Finding {
  const key = { blueprint: target, identifier };
  const facts = { path: `relations.${relation}`, value: identifier };
  const rejectedAt = ledger.rejectedAt(key);
  const known = keys.find(key);
  if (rejectedAt === undefined && known < 0)
    return {
      ...facts,
      code: "relation_target_missing",
      message: `${target} "${identifier}" exists neither in this import nor in the catalog; ${ends}`,
    };
  const why = rejectedAt === undefined ? "could not be written either" : "was itself rejected";
  const place = ledger.describe(rejectedAt ?? keys.place(known));
  return {
    ...facts,
    code: "relation_target_rejected",
    message: `${target} "${identifier}" of ${place} ${why}; ${ends}`,
  };
}
