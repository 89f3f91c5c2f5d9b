import type { Blueprint } from "../blueprint.js";
import { type Entity, type EntityBody, type Mode, type RelationValue, targetsOf, type Write } from "../entity.js";
import type { Deferred } from "../outcome.js";

/** An entity's relations by key. */
export type Relations = Readonly<Record<string, RelationValue>>;

/** True when an entity of that blueprint is acknowledged in this import or known from the catalog. */
export type IsKnown = (blueprint: string, identifier: string) => boolean;

/** The deferrable relations of an entity that must wait, because one of their targets is not known yet. */
export function relationsToDefer(
  entity: Entity,
  deferrable: readonly string[],
  blueprint: Blueprint,
  isKnown: IsKnown,
): readonly string[] {
  return deferrable.filter((key) => {
    const target = blueprint.relations?.[key]?.target;
    return target !== undefined && targetsOf(entity.relations[key]).some((id) => !isKnown(target, id));
  });
}

/**
 * The first write of an entity. Without anything to defer it is the only one, in the import's mode. Else the waiting relations are left out, and in
 * override mode it is a merge, so that no existing relation is unset on the way.
 */
export function firstWrite(entity: Entity, mode: Mode, waiting: readonly string[]): Write {
  if (waiting.length === 0) return { entity, mode };
  const relations = omit(entity.relations, waiting);
  return {
    entity: entity.withBody({ ...entity.body, relations }),
    mode: gentle(mode, [], waiting),
    deferred: { entity, waiting },
  };
}

/** A relation whose target exists neither in this import nor in the catalog. */
export interface MissingTarget {
  readonly relation: string;
  readonly target: string;
  readonly identifier: string;
}

/** What can be done for a deferred entity now. */
export type SecondStep = { readonly missing: readonly MissingTarget[] } & (
  | { readonly is: "write"; readonly write: Write }
  /** Nothing is left to write: what could be written is written. */
  | { readonly is: "done" }
  /** A required relation's target is missing: it cannot be written. */
  | { readonly is: "impossible" }
  /** A relation's target is itself still to be written, and there is nothing to write before it is. */
  | { readonly is: "postponed" }
);

/** What the end of an import knows of other entities. */
export interface Knowledge {
  readonly isKnown: IsKnown;
  /** True for an entity that itself waits to be written. */
  readonly isPending: IsKnown;
}

/**
 * The next write of a deferred entity, from what the catalog holds by now.
 *
 * After a first write: a merge of identifier and relations; in override mode, where the entity was there before, the whole entity as an override. After a refusal: the whole entity as the
 * mode says, without relations whose target is still pending (they wait once more). Missing targets are left out and reported; with one missing an override
 * becomes a merge, so that no existing relation is unset.
 */
export function secondStep(
  deferred: Deferred,
  mode: Mode,
  blueprint: Blueprint,
  { isKnown, isPending }: Knowledge,
): SecondStep {
  const { entity, first } = deferred;
  const missing: MissingTarget[] = [];
  const waiting: string[] = [];
  const relations: Record<string, RelationValue> = {};
  for (const [key, value] of Object.entries(entity.relations)) {
    const relation = blueprint.relations?.[key];
    const lost = relation === undefined ? [] : targetsOf(value).filter((id) => !isKnown(relation.target, id));
    if (relation !== undefined && lost.some((id) => isPending(relation.target, id))) {
      if (relation.required) return { is: "postponed", missing: [] };
      waiting.push(key);
      continue;
    }
    for (const identifier of lost) missing.push({ relation: key, target: relation?.target ?? "", identifier });
    if (lost.length === 0) relations[key] = value;
    else if (Array.isArray(value) && lost.length < value.length)
      relations[key] = value.filter((id) => !lost.includes(id));
  }
  if (first === undefined) {
    if (missing.some(({ relation }) => blueprint.relations?.[relation]?.required)) return { is: "impossible", missing };
    const body = { ...entity.body, relations };
    const write: Write = { entity: entity.withBody(body), mode: gentle(mode, missing, waiting) };
    return { is: "write", missing, write: waiting.length === 0 ? write : { ...write, deferred: { entity, waiting } } };
  }
  // What is pending is written in this round or a later one; without a further round the relation would be silently lost.
  if (waiting.length > 0) return { is: "postponed", missing: [] };
  // What the first write created holds nothing to take away, and an override would empty what the blueprint's defaults filled in.
  if (mode === "override" && missing.length === 0 && first !== "created")
    return { is: "write", missing, write: { entity, mode } };
  const left = pick(relations, deferred.waiting);
  if (Object.keys(left).length === 0) return { is: "done", missing };
  const body: EntityBody = { identifier: entity.body.identifier, properties: {}, relations: left };
  return { is: "write", missing, write: { entity: entity.withBody(body), mode: "merge" } };
}

/** An override that lacks a relation would unset it. */
function gentle(mode: Mode, missing: readonly unknown[], waiting: readonly unknown[]): Mode {
  return mode === "override" && missing.length + waiting.length > 0 ? "merge" : mode;
}

function omit(relations: Relations, keys: readonly string[]): Relations {
  return Object.fromEntries(Object.entries(relations).filter(([key]) => !keys.includes(key)));
}

function pick(relations: Relations, keys: readonly string[]): Relations {
  return Object.fromEntries(Object.entries(relations).filter(([key]) => keys.includes(key)));
}
