import type { Blueprint } from "../blueprint.js";
import { type Entity, type EntityBody, type Mode, type RelationValue, targetsOf, type Write } from "../entity.js";

/** An entity's relations by key. */
export type Relations = Readonly<Record<string, RelationValue>>;

/** What waits for the end of an import: relations whose target was not there yet, or a whole entity that was refused for a missing target. */
export interface Deferred {
  readonly entity: Entity;
  /** Mode of the import. */
  readonly mode: Mode;
  /** What the first write did; absent when the API refused it for a missing target. */
  readonly first?: "created" | "updated";
  /** Keys of the relations that are not written yet. */
  readonly waiting: readonly string[];
}

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
    return target !== undefined && targetsOf(entity.body.relations[key]).some((id) => !isKnown(target, id));
  });
}

/**
 * The first write of an entity. Without anything to defer it is the only one, in the import's mode. Else the waiting relations are left out, and in
 * override mode it is a merge, so that no existing relation is unset on the way.
 */
export function firstWrite(entity: Entity, mode: Mode, waiting: readonly string[]): Write {
  if (waiting.length === 0) return { entity, mode, pass: "only" };
  const relations = omit(entity.body.relations, waiting);
  return {
    entity: withBody(entity, { ...entity.body, relations }),
    mode: mode === "override" ? "merge" : mode,
    pass: "first",
  };
}

/** What the end of an import can do for a deferred entity: at most one write, and the targets that stay missing. */
export interface SecondWrite {
  readonly write?: Write;
  readonly missing: readonly { readonly relation: string; readonly target: string; readonly identifier: string }[];
}

/**
 * The second write of a deferred entity, from what the catalog holds by now.
 *
 * After a first write: a merge of identifier and relations; in override mode the whole entity as an override. After a refusal: the whole entity as the
 * mode says. Missing targets are left out and told; with one missing an override becomes a merge, so that no existing relation is unset; with a
 * required one missing there is no write.
 */
export function secondWrite(deferred: Deferred, blueprint: Blueprint, isKnown: IsKnown): SecondWrite {
  const { entity, mode, first } = deferred;
  const missing: SecondWrite["missing"][number][] = [];
  const relations: Record<string, RelationValue> = {};
  for (const [key, value] of Object.entries(entity.body.relations)) {
    const target = blueprint.relations?.[key]?.target;
    const lost = target === undefined ? [] : targetsOf(value).filter((id) => !isKnown(target, id));
    for (const identifier of lost) missing.push({ relation: key, target: target ?? "", identifier });
    if (lost.length === 0) relations[key] = value;
    else if (Array.isArray(value) && lost.length < value.length)
      relations[key] = value.filter((id) => !lost.includes(id));
  }
  const requiredLost = missing.some(({ relation }) => blueprint.relations?.[relation]?.required === true);
  if (first === undefined) {
    if (requiredLost) return { missing };
    const body = { ...entity.body, relations };
    return { missing, write: { entity: withBody(entity, body), mode: gentle(mode, missing.length), pass: "second" } };
  }
  if (mode === "override" && missing.length === 0) return { missing, write: { entity, mode, pass: "second" } };
  const left = pick(relations, deferred.waiting);
  if (Object.keys(left).length === 0) return { missing };
  const body: EntityBody = { identifier: entity.body.identifier, properties: {}, relations: left };
  return { missing, write: { entity: withBody(entity, body), mode: "merge", pass: "second" } };
}

/** An override that lacks a relation would unset it. */
function gentle(mode: Mode, missing: number): Mode {
  return mode === "override" && missing > 0 ? "merge" : mode;
}

function withBody(entity: Entity, body: EntityBody): Entity {
  const json = JSON.stringify(body);
  return { ...entity, body, json, bytes: Buffer.byteLength(json) };
}

function omit(relations: Relations, keys: readonly string[]): Relations {
  return Object.fromEntries(Object.entries(relations).filter(([key]) => !keys.includes(key)));
}

function pick(relations: Relations, keys: readonly string[]): Relations {
  return Object.fromEntries(Object.entries(relations).filter(([key]) => keys.includes(key)));
}
