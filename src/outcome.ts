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
  | { readonly is: "rejected"; readonly reject: Reject }
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

/** What an outcome keeps of its entity. */
export function placeOf({ at, resource, item, key }: Entity): Pick<Entity, "at" | "resource" | "item" | "key"> {
  return { at, resource, item, key };
}
