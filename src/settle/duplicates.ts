import { type Entity, originOf } from "../entity.js";
import type { Place } from "../record.js";
import type { Reject } from "../reject.js";
import type { Warning } from "../warning.js";
import { contentHash, type KeySet } from "./keys.js";

/** Entities parted by whether their key was taken earlier in this import. */
export interface SettledDuplicates {
  readonly fresh: readonly Entity[];
  /** Left out: the first one goes. */
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
    // By text, not by meaning: of the first one no more than a hash is kept, and hashing meaning would cost every entity what few need.
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
