import type { Entity, Key } from "./entity.js";
import type { Place } from "./record.js";
import type { Finding, Reject } from "./reject.js";

/** What became of an entity: every entity ends in one. */
export type Outcome = {
  readonly at: Place;
  readonly resource: number;
  readonly item: number;
  readonly key: Key;
  /** Relation targets that are missing and that the mapping lets it be without. */
  readonly omitted?: readonly Finding[];
} & (
  | { readonly is: "created" | "updated" }
  | { readonly is: "unchanged" | "duplicate" | "notAttempted" }
  | {
      readonly is: "rejected";
      readonly reject: Reject;
      /** What a write did all the same: the catalog holds the entity without what the reject names. */
      readonly written?: "created" | "updated";
    }
);

/** An entity without an outcome yet: relations whose target was not there wait for a further write, or the whole entity, refused for a missing target. */
export interface Deferred {
  readonly is: "deferred";
  readonly entity: Entity;
  /** What the first write did, `unchanged` where there was nothing to write but what waits; absent when the API refused it for a missing target. */
  readonly first?: "created" | "updated" | "unchanged";
  /** Keys of the relations that are not written yet. */
  readonly waiting: readonly string[];
}

/** The outcome of an entity with a reject. @param did - what a write did of it all the same */
export function rejectedOutcome(entity: Entity, reject: Reject, did?: Deferred["first"]): Outcome {
  const written = did !== undefined && did !== "unchanged" && { written: did };
  return { ...placeOf(entity), is: "rejected", reject, ...written };
}

/** What an outcome keeps of its entity. */
export function placeOf({ at, resource, item, key }: Entity): Pick<Entity, "at" | "resource" | "item" | "key"> {
  return { at, resource, item, key };
}
