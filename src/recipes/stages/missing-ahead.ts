import { type Entity, keyText, targetsOf } from "../../entity.js";
import { type Outcome, placeOf } from "../../outcome.js";
import { isHeld } from "../../settle/compare.js";
import { secondStep } from "../../settle/deferral.js";
import type { KeySet } from "../../settle/keys.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { writtenOutcome } from "./books.js";
import type { Entities, EntityStage } from "./entities.js";
import { judgeMissing, strictBlueprint } from "./missing-targets.js";

/** Names of targets that are remembered; beyond that all are forgotten. */
const maxRemembered = 100_000;

/**
 * Once the API has refused a write for a missing target, looks up the targets of what follows before it is written, each of them once: a thousand in a search.
 * An entity that lacks one is written without it, or not at all, and counts as rejected immediately, so that a run whose teams are all missing says so in seconds and stays
 * within its error budget. A run whose targets exist costs no request. Targets that may still come are left to the end of the run, and all
 * of them where a relation of the mapping makes its targets.
 */
export function leaveOutMissing(target: Target, ledger: Ledger, keys: KeySet): EntityStage {
  const { rules, existing } = target;
  const judge = judgeMissing(rules, ledger, keys);
  const remembered = new Map<string, boolean>();

  /** Whether a target may still come: its entity is left to the end of the run, where all of its faults are reported together. */
  function isAwaited(of: string, identifier: string): boolean {
    const entry = keys.find({ blueprint: of, identifier });
    return entry < 0 || !keys.isAcknowledged(entry);
  }

  /** Targets that no later write brings: neither in the sources, nor of a blueprint that is still to come. */
  function finalTargets(entity: Entity): readonly { readonly of: string; readonly identifier: string }[] {
    const { blueprint } = entity.key;
    const waits = rules.awaited(blueprint);
    const final: { of: string; identifier: string }[] = [];
    for (const [relation, { target: of }] of Object.entries(rules.blueprints.get(blueprint)?.relations ?? {})) {
      const policy = rules.onMissingTarget(entity, relation);
      const targets = targetsOf(entity.relations[relation]);
      if (waits.includes(relation)) {
        if (targets.some((identifier) => isAwaited(of, identifier))) return [];
        continue;
      }
      if (policy === "omit") continue;
      for (const identifier of targets) {
        const key = { blueprint: of, identifier };
        const entry = keys.find(key);
        // Of several records with one identifier the first represents it: the others may be rejected, and it may still come.
        if (entry < 0 || ledger.isRejected(key, keys.place(entry))) final.push({ of, identifier });
      }
    }
    return final;
  }

  async function lookUp(chunk: readonly Entity[]): Promise<void> {
    const unknown = new Map<string, Set<string>>();
    for (const entity of chunk)
      for (const { of, identifier } of finalTargets(entity)) {
        if (remembered.has(keyText(of, identifier))) continue;
        const names = unknown.get(of) ?? new Set();
        unknown.set(of, names.add(identifier));
      }
    for (const [of, names] of unknown) {
      const found = await existing(of, [...names]);
      if (remembered.size > maxRemembered) remembered.clear();
      for (const identifier of names) remembered.set(keyText(of, identifier), found.has(identifier));
    }
  }

  /** The entity as it can be written; undefined where it is settled by that. */
  function withoutMissing(entity: Entity, outcomes: Outcome[]): Entity | undefined {
    const lost = new Set<string>();
    for (const { of, identifier } of finalTargets(entity))
      if (remembered.get(keyText(of, identifier)) === false) lost.add(keyText(of, identifier));
    const blueprint = rules.blueprints.get(entity.key.blueprint);
    if (lost.size === 0 || blueprint === undefined) return entity;
    const knowledge = { isKnown: (of: string, id: string) => !lost.has(keyText(of, id)), isPending: () => false };
    const strict = strictBlueprint(rules, entity, blueprint);
    const step = secondStep({ is: "deferred", entity, waiting: [] }, entity.mode ?? rules.mode, strict, knowledge);
    const { reject } = judge(entity, step.missing, step.is === "write");
    if (reject === undefined) return entity;
    if (step.is !== "write") {
      outcomes.push({ ...placeOf(entity), is: "rejected", reject });
      return undefined;
    }
    const { mode } = step.write;
    const left = step.write.entity.with({ mode, rejected: reject });
    if (mode !== "merge" || !isHeld(left, blueprint)) return left;
    outcomes.push(writtenOutcome(left, "unchanged"));
    return undefined;
  }

  return async function* (entities: Entities) {
    for await (const chunk of entities) {
      // Without keys it is unknown what the sources bring; what one relation creates, another may name.
      if (!ledger.lacksTargets || keys.size === 0 || rules.createMissing || rules.makesTargets || target.isForecast) {
        yield chunk;
        continue;
      }
      await lookUp(chunk);
      const outcomes: Outcome[] = [];
      const left = chunk.flatMap((entity) => withoutMissing(entity, outcomes) ?? []);
      await ledger.takeOutcomes(outcomes);
      yield left;
    }
  };
}
