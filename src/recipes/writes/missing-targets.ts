import type { Blueprint } from "../../blueprint.js";
import { type Entity, originOf, targetsOf } from "../../entity.js";
import type { MissingTargetPolicy } from "../../map/mapping.js";
import type { Deferred } from "../../outcome.js";
import type { Finding, Reject } from "../../reject.js";
import type { IsKnown, MissingTarget } from "../../settle/deferral.js";
import { maxBatchEntities } from "../../write/batch.js";
import type { Run } from "../run/run.js";

/** What the mapping says of a relation whose target is missing; undefined where it says nothing. */
export function policyOf({ inventory }: Run, entity: Entity, relation: string): MissingTargetPolicy | undefined {
  return inventory.mapping.resources[entity.resource]?.onMissingTarget[relation];
}

/** The blueprint as settling sees it: an entity whose relation says `reject` cannot stand without it, as if it were required. */
export function strictBlueprint(run: Run, entity: Entity, blueprint: Blueprint): Blueprint {
  const relations = Object.entries(blueprint.relations ?? {});
  const isStrict = ([name]: (typeof relations)[number]) => policyOf(run, entity, name) === "reject";
  if (!relations.some(isStrict)) return blueprint;
  const strict = relations.map((each) => (isStrict(each) ? [each[0], { ...each[1], required: true }] : each));
  return { ...blueprint, relations: Object.fromEntries(strict) };
}

/**
 * Makes bare targets where the mapping says `create` and a target exists nowhere. What the API does not make stays missing.
 *
 * @returns what is known now
 */
export async function makeTargets(
  run: Run,
  deferred: readonly Deferred[],
  { isKnown, isPending }: { readonly isKnown: IsKnown; readonly isPending: IsKnown },
): Promise<IsKnown> {
  const wanted = new Map<string, Set<string>>();
  for (const { entity } of deferred)
    for (const [relation, value] of Object.entries(entity.body.relations)) {
      const target = run.catalog.get(entity.key.blueprint)?.relations?.[relation]?.target;
      if (target === undefined || policyOf(run, entity, relation) !== "create") continue;
      const lost = targetsOf(value).filter((id) => !isKnown(target, id) && !isPending(target, id));
      if (lost.length > 0) wanted.set(target, new Set([...(wanted.get(target) ?? []), ...lost]));
    }
  if (wanted.size === 0) return isKnown;
  const made = new Map<string, Set<string>>();
  for (const [target, identifiers] of wanted) made.set(target, await makeBare(run, target, [...identifiers]));
  return (blueprint, identifier) => isKnown(blueprint, identifier) || made.get(blueprint)?.has(identifier) === true;
}

async function makeBare({ client, options }: Run, blueprint: string, identifiers: readonly string[]) {
  const made = new Set<string>();
  const flags = { mode: "merge", createMissing: false, ...(options.runId !== undefined && { runId: options.runId }) };
  for (let start = 0; start < identifiers.length; start += maxBatchEntities) {
    const part = identifiers.slice(start, start + maxBatchEntities);
    const items = part.map((identifier) => JSON.stringify({ identifier }));
    await client.upsertBulk(blueprint, items, flags as Parameters<typeof client.upsertBulk>[2]);
  }
  // Whatever the replies said: what is there is there.
  for (const identifier of await client.existing(blueprint, identifiers)) made.add(identifier);
  return made;
}

/** The reject of an entity for its missing targets, and those that the mapping lets it stand without. */
export function judgeMissing(
  run: Run,
  entity: Entity,
  missing: readonly MissingTarget[],
  isWritten: boolean,
): { readonly reject?: Reject; readonly omitted: readonly Finding[] } {
  const findings = missing.map((one) => findingOf(run, one, isWritten));
  const isOmitted = (_: unknown, index: number): boolean =>
    isWritten && policyOf(run, entity, missing[index]?.relation ?? "") === "omit";
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
}

function findingOf(run: Run, { relation, target, identifier }: MissingTarget, isWritten: boolean): Finding {
  const refused = run.refused.find({ blueprint: target, identifier });
  const ends = isWritten ? "the entity stands without it" : "the entity cannot be without it and is not written";
  const facts = { path: `relations.${relation}`, value: identifier };
  const known = run.keys.find({ blueprint: target, identifier });
  if (refused < 0 && known >= 0)
    return {
      ...facts,
      code: "relation_target_rejected",
      message: `${target} "${identifier}" of ${run.accounts.describe(run.keys.place(known))} could not be written either; ${ends}`,
    };
  if (refused < 0)
    return {
      ...facts,
      code: "relation_target_missing",
      message: `${target} "${identifier}" exists neither in this import nor in the catalog; ${ends}`,
    };
  const place = run.accounts.describe(run.refused.place(refused));
  return {
    ...facts,
    code: "relation_target_rejected",
    message: `${target} "${identifier}" of ${place} was itself rejected; ${ends}`,
  };
}
