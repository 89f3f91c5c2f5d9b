import { type Catalog, referrersOf, type Shelf, type StoredEntity } from "./catalog.js";
import type { RelationRule } from "./rules.js";

/** One entity that names another in one relation. */
export interface Referrer {
  readonly shelf: Shelf;
  readonly relation: string;
  readonly rule: RelationRule;
  readonly entity: StoredEntity;
}

/** Finds every entity that names `identifier` of `shelf` in a relation. */
export function referrersTo(catalog: Catalog, shelf: Shelf, identifier: string): Referrer[] {
  const found: Referrer[] = [];
  for (const source of catalog.shelves.values()) {
    for (const [relation, rule] of source.rules.relations) {
      if (rule.target !== shelf.blueprint.identifier) continue;
      for (const entity of referrersOf(source, relation, identifier) ?? []) {
        found.push({ shelf: source, relation, rule, entity });
      }
    }
  }
  return found;
}
