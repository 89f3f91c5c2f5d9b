import type { Blueprint } from "../../blueprint.js";
import { type Entity, originOf, targetsOf } from "../../entity.js";
import type { Deferred } from "../../outcome.js";
import type { Finding, Reject } from "../../reject.js";
import { type IsKnown, type Knowledge, type MissingTarget, secondStep } from "../../settle/deferral.js";
import type { KeySet } from "../../settle/keys.js";
import { maxBatchEntities } from "../../write/batch.js";
import type { Ledger } from "../run/ledger.js";
import type { Target, WriteRules } from "../target/target.js";

/** The blueprint as settling sees it: an entity whose relation says `reject` cannot be without it, as if it were required. */
export function strictBlueprint(rules: WriteRules, entity: Entity, blueprint: Blueprint): Blueprint {
  const relations = Object.entries(blueprint.relations ?? {});
  const isStrict = ([name]: (typeof relations)[number]) => rules.onMissingTarget(entity, name) === "reject";
  if (!relations.some(isStrict)) return blueprint;
  const strict = relations.map((each) => (isStrict(each) ? [each[0], { ...each[1], required: true }] : each));
  return { ...blueprint, relations: Object.fromEntries(strict) };
}

/**
 * Makes bare targets where the mapping says `create`, a target exists neither in this import nor in the catalog, and the entity is written once it does.
 * What the API does not make stays missing.
 *
 * @returns what is known now
 */
export async function makeTargets(
  target: Target,
  deferred: readonly Deferred[],
  { isKnown, isPending, isGiven }: Knowledge & { readonly isGiven: IsKnown },
): Promise<IsKnown> {
  const { blueprints, mode, onMissingTarget } = target.rules;
  const wanted = new Map<string, Set<string>>();
  for (const one of deferred) {
    const { entity } = one;
    const blueprint = blueprints.get(entity.key.blueprint);
    if (blueprint === undefined) continue;
    const own = new Map<string, ReadonlySet<string>>();
    for (const [relation, value] of Object.entries(entity.relations)) {
      const of = blueprint.relations?.[relation]?.target;
      if (of === undefined || onMissingTarget(entity, relation) !== "create") continue;
      const lost = targetsOf(value).filter((id) => !isKnown(of, id) && !isPending(of, id) && !isGiven(of, id));
      if (lost.length > 0) own.set(of, new Set([...(own.get(of) ?? []), ...lost]));
    }
    if (own.size === 0) continue;
    const isMade: IsKnown = (of, identifier) => isKnown(of, identifier) || own.get(of)?.has(identifier) === true;
    const strict = strictBlueprint(target.rules, entity, blueprint);
    const { is } = secondStep(one, entity.mode ?? mode, strict, { isKnown: isMade, isPending });
    if (is !== "write") continue;
    for (const [of, identifiers] of own) wanted.set(of, new Set([...(wanted.get(of) ?? []), ...identifiers]));
  }
  if (wanted.size === 0) return isKnown;
  const made = new Map<string, ReadonlySet<string>>();
  for (const [blueprint, identifiers] of wanted)
    made.set(blueprint, await makeBare(target, blueprint, [...identifiers]));
  return (blueprint, identifier) => isKnown(blueprint, identifier) || made.get(blueprint)?.has(identifier) === true;
}

async function makeBare(target: Target, blueprint: string, identifiers: readonly string[]) {
  for (let start = 0; start < identifiers.length; start += maxBatchEntities) {
    const items = identifiers
      .slice(start, start + maxBatchEntities)
      .map((identifier) => JSON.stringify({ identifier }));
    await target.upsert(blueprint, items, { mode: "merge", createMissing: false });
  }
  // Whatever the replies said: what is there is there.
  return target.existing(blueprint, identifiers);
}

/** Says why relations of an entity lack their targets. */
export type Judge = (
  entity: Entity,
  missing: readonly MissingTarget[],
  isWritten: boolean,
) => {
  /** Absent where nothing is missing but what may be omitted. */
  readonly reject?: Reject;
  /** What the mapping lets the entity be without. */
  readonly omitted: readonly Finding[];
};

/** Judges missing targets by what was rejected in this run. */
export function judgeMissing({ onMissingTarget }: WriteRules, ledger: Ledger, keys: KeySet): Judge {
  return (entity, missing, isWritten) => {
    const findings = missing.map((one) => findingOf(one, isWritten, ledger, keys));
    const isOmitted = (_: unknown, index: number): boolean =>
      isWritten && onMissingTarget(entity, missing[index]?.relation ?? "") === "omit";
    const omitted = findings.filter(isOmitted);
    const [first, ...others] = findings.filter((finding, index) => !isOmitted(finding, index));
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
  isWritten: boolean,
  ledger: Ledger,
  keys: KeySet,
): Finding {
  const key = { blueprint: target, identifier };
  const ends = isWritten ? "the entity is written without it" : "the entity cannot be without it and is not written";
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
