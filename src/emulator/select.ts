import type { Shelf, StoredEntity } from "./catalog.js";
import type { Query } from "./query.js";

/** Gives at most `limit` entities of a shelf that match, by ascending id, with ids above `after` only. */
export function selectEntities(shelf: Shelf, query: Query, after: number, limit: number): StoredEntity[] {
  const found: StoredEntity[] = [];
  if (query.identifiers !== undefined) {
    for (const identifier of new Set(query.identifiers)) {
      const entity = shelf.entities.get(identifier);
      if (entity !== undefined && entity.id > after && query.test(entity, shelf)) found.push(entity);
    }
    return found.sort((a, b) => a.id - b.id).slice(0, limit);
  }
  const { order } = shelf;
  for (let i = firstAbove(order, after); i < order.length && found.length < limit; i++) {
    const entity = order[i];
    if (entity !== undefined && !entity.deleted && query.test(entity, shelf)) found.push(entity);
  }
  return found;
}

function firstAbove(order: readonly StoredEntity[], after: number): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((order[middle]?.id ?? 0) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
