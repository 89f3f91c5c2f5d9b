import type { StoredEntity } from "./catalog.js";
import type { Query } from "./query.js";

/** Narrows a query of a write to entities with an id below `limit`, and to `itself`, the one that is written and was there before. */
export function seenBelow(limit: number, query: Query, itself?: StoredEntity): Query {
  if (limit === Number.POSITIVE_INFINITY) return query;
  return { ...query, test: (entity, shelf) => (entity.id < limit || entity === itself) && query.test(entity, shelf) };
}
