import type { Blueprint } from "../blueprint.js";
import { type ClearedField, type Entity, type EntityBody, originOf, type RelationValue } from "../entity.js";
import type { Place } from "../record.js";
import type { Reject } from "../reject.js";
import { type HeadField, headFields, sameHead, sameJson, sameNames, sameValue } from "../same-value.js";
import type { Warning } from "../warning.js";
import { contentHash, type KeySet } from "./keys.js";

/** Entities separated by whether their key was used earlier in this import. */
interface SettledDuplicates {
  readonly fresh: readonly Entity[];
  /** Left out: the first one is sent. */
  readonly duplicates: readonly Entity[];
  /** With policy `error`: later ones whose content differs. */
  readonly rejects: readonly { readonly entity: Entity; readonly reject: Reject }[];
  readonly warnings: readonly Warning[];
}

/**
 * Settles duplicates in read order, before batching, so that concurrency plays no part. Adds the keys of fresh entities to the set.
 *
 * @param describe - a place in words, for the sentence that names both
 */
export function settleDuplicates(
  entities: readonly Entity[],
  policy: "first" | "error" | "off",
  keys: KeySet,
  describe: (at: Place) => string,
): SettledDuplicates {
  if (policy === "off") return { fresh: entities, duplicates: [], rejects: [], warnings: [] };
  const fresh: Entity[] = [];
  const duplicates: Entity[] = [];
  const rejects: SettledDuplicates["rejects"][number][] = [];
  const warnings: Warning[] = [];
  for (const entity of entities) {
    // A search in place of an identifier names an entity that the API alone knows: two equal searches are not two equal keys.
    if (!entity.isNamed) {
      fresh.push(entity);
      continue;
    }
    const content = contentHash(entity.json);
    const { entry, isNew } = keys.add(entity.key, entity.at, content);
    if (isNew) {
      fresh.push(entity);
      continue;
    }
    // By text, not by meaning: only a hash of the first one is kept, and hashing by meaning would cost every entity what few need.
    if (keys.content(entry) === content) {
      duplicates.push(entity);
      continue;
    }
    const other = keys.place(entry);
    if (policy === "error") rejects.push({ entity, reject: rejectOf(entity, differs(entity, other, describe)) });
    else {
      duplicates.push(entity);
      warnings.push(duplicateWarning(entity, other, describe, "the first one is sent"));
    }
  }
  return { fresh, duplicates, rejects, warnings };
}

/** The warning about a duplicate that is left out although its content differs. @param sent - which one is sent instead */
export function duplicateWarning(
  entity: Entity,
  other: Place,
  describe: (at: Place) => string,
  sent: "the first one is sent" | "that one is sent",
): Warning {
  const message = `${differs(entity, other, describe)}; ${sent}, as duplicates in the mapping says (first, last, merge or error)`;
  return { code: "duplicate_differs", blueprint: entity.key.blueprint, message, count: 1, first: entity.at };
}

function differs({ key, at }: Entity, other: Place, describe: (at: Place) => string): string {
  return `${key.blueprint}/${key.identifier} of ${describe(at)} has other content at ${describe(other)}`;
}

function rejectOf(entity: Entity, message: string): Reject {
  return {
    code: "duplicate_differs",
    stage: "check",
    message: `${message}; remove one, or set duplicates: first`,
    ...originOf(entity),
  };
}

/** What became of two entities of one key. */
export type MergedPart =
  /** The later one adds nothing to the earlier one. */
  | { readonly is: "same" }
  /** The earlier one with what the later one adds, and the paths added. */
  | { readonly is: "merged"; readonly entity: Entity; readonly added: readonly string[] }
  /** Both have different values for these fields. */
  | { readonly is: "conflict"; readonly fields: readonly Disagreement[] };

/** A field for which two entities of one key have different values. */
export interface Disagreement {
  /** `title`, `icon`, `team`, `properties.x` or `relations.y`. */
  readonly path: string;
  readonly earlier: unknown;
  readonly later: unknown;
}

/**
 * Adds the fields of a later entity to an earlier one of the same key. Null is not a value: what another part brings takes its place. Values are compared by
 * meaning, as everywhere. Pure.
 */
export function mergePart(earlier: Entity, later: Entity, blueprint: Blueprint | undefined): MergedPart {
  if (earlier.json === later.json && sameJson(earlier.clears, later.clears)) return { is: "same" };
  const [kept, given] = [earlier.body, later.body];
  const fields: Disagreement[] = [];
  const added: string[] = [];
  /** The value of a field in either; undefined where neither has it. */
  const join = (path: string, a: unknown, b: unknown, isSame: () => boolean): unknown => {
    if (b === undefined || (b === null && a !== undefined)) return a;
    if (a === undefined || a === null) {
      if (a !== b) added.push(path);
      return b;
    }
    if (!sameJson(a, b) && !isSame()) fields.push({ path, earlier: a, later: b });
    return a;
  };
  const head: Partial<Record<HeadField, unknown>> = {};
  for (const name of headFields) {
    const value = join(name, kept[name], given[name], () => sameHead(name, kept, { ...given }));
    if (value !== undefined) head[name] = value;
  }
  const properties = joinKeys(kept.properties, given.properties, (key, a, b) =>
    join(`properties.${key}`, a, b, () => sameValue(a, b, blueprint?.schema.properties[key])),
  );
  const relations = joinKeys(kept.relations, given.relations, (key, a, b) =>
    join(`relations.${key}`, a, b, () => sameNames(a, b)),
  );
  const clears = [...new Set([...(earlier.clears ?? []), ...(later.clears ?? [])])].filter(
    (field: ClearedField) => head[field] === undefined,
  );
  added.push(...clears.filter((field) => earlier.clears?.includes(field) !== true));
  if (fields.length > 0) return { is: "conflict", fields };
  if (added.length === 0) return { is: "same" };
  const body = {
    identifier: kept.identifier,
    ...head,
    properties,
    relations: relations as Record<string, RelationValue>,
  } as EntityBody;
  const { at, span, resource, item } = later;
  const parts = [...(earlier.parts ?? []), { at, span, resource, item }];
  const cleared = { clears: clears.length === 0 ? undefined : clears };
  return { is: "merged", entity: earlier.withBody(body).with({ ...cleared, parts }), added };
}

function joinKeys(
  kept: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  join: (key: string, a: unknown, b: unknown) => unknown,
): Record<string, unknown> {
  const keys = new Set([...Object.keys(kept), ...Object.keys(given)]);
  // A key may have the name of a field of every object.
  const own = (values: Readonly<Record<string, unknown>>, key: string) =>
    Object.hasOwn(values, key) ? values[key] : undefined;
  return Object.fromEntries([...keys].map((key) => [key, join(key, own(kept, key), own(given, key))]));
}
