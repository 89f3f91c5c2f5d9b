import type { SearchCalls } from "../../api/search.js";
import type { Blueprints } from "../../blueprint.js";
import { type Entity, keyText, targetsOf } from "../../entity.js";
import { ApiError } from "../../errors.js";
import { type Outcome, placeOf } from "../../outcome.js";
import type { Finding, Reject } from "../../reject.js";
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

/** Entities of a blueprint whose names are read for this, at most. */
const maxRead = 5000;

/** How the API reports a missing target, a team among them. @source API reference, "Create an entity": error `not_found` */
const notFound = /Entity with identifier "(.+)" does not exist in the blueprint "(.+)"/;

/**
 * Says of missing targets that one whose name differs in case alone exists: `rivers` and `Rivers` are two names in Port. Costs a few searches, once for
 * each blueprint with something missing, and nothing otherwise.
 */
export function nameOtherCases(
  { pages }: Pick<SearchCalls, "pages">,
  blueprints: Blueprints,
): (outcomes: readonly Outcome[]) => Promise<readonly Outcome[]> {
  const names = new Map<string, Promise<ReadonlyMap<string, string>>>();
  const otherCase = new Map<string, string>();

  async function read(blueprint: string): Promise<ReadonlyMap<string, string>> {
    const byLowerCase = new Map<string, string>();
    const everything = { combinator: "and", rules: [] };
    try {
      for await (const page of pages(blueprint, { query: everything, include: ["$identifier"] })) {
        for (const { identifier } of page) byLowerCase.set(identifier.toLowerCase(), identifier);
        if (byLowerCase.size >= maxRead) break;
      }
    } catch (error) {
      // A hint is not worth a failure: what was read is used.
      if (!(error instanceof ApiError)) throw error;
    }
    return byLowerCase;
  }

  async function learn(missing: Missing): Promise<void> {
    const { blueprint, identifier } = missing;
    const known = names.get(blueprint) ?? read(blueprint);
    names.set(blueprint, known);
    const other = (await known).get(identifier.toLowerCase());
    if (other !== undefined && other !== identifier) otherCase.set(keyText(blueprint, identifier), other);
  }

  function missingOf(reject: Reject, { code, path, value, message }: Finding): Missing | undefined {
    if (code !== "relation_target_missing") return undefined;
    const relation = path?.replace(/^relations\./, "") ?? "";
    const target = blueprints.get(reject.blueprint ?? "")?.relations?.[relation]?.target;
    if (target !== undefined && value !== undefined) return { blueprint: target, identifier: value };
    const [, identifier, blueprint] = notFound.exec(message) ?? [];
    return identifier === undefined || blueprint === undefined ? undefined : { blueprint, identifier };
  }

  return async (outcomes) => {
    const missing = outcomes.flatMap((outcome) =>
      outcome.is !== "rejected"
        ? []
        : [outcome.reject, ...(outcome.reject.also ?? [])].flatMap((one) => missingOf(outcome.reject, one) ?? []),
    );
    if (missing.length === 0) return outcomes;
    for (const one of missing) await learn(one);
    return outcomes.map((outcome) => {
      if (outcome.is !== "rejected") return outcome;
      const { reject } = outcome;
      const withOther = <T extends Finding>(finding: T): T => {
        const one = missingOf(reject, finding);
        const other = one && otherCase.get(keyText(one.blueprint, one.identifier));
        if (one === undefined || other === undefined) return finding;
        return { ...finding, message: `${finding.message}; write "${other}": ${one.blueprint} has it in other case` };
      };
      const also = reject.also?.map(withOther);
      return { ...outcome, reject: { ...withOther(reject), ...(also !== undefined && { also }) } };
    });
  };
}

/** A target that is not there. */
interface Missing {
  readonly blueprint: string;
  readonly identifier: string;
}
