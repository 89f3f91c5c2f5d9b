import type { SearchQuery } from "../entity.js";
import { selectEntities } from "./catalog.js";
import { compileSearch } from "./evaluate.js";
import { type Catalog, isObject, type Query, type Shelf, type StoredEntity } from "./model.js";
import { invalidRequest, Refusal } from "./refusal.js";

/** What a query of a write is in place of. */
export type Standing = "identifier" | "relation" | "team";

/**
 * Compiles a query in place of an identifier, a relation or a team; `shelf` is where it looks.
 * Port's documentation: not on calculation properties; not on mirror properties, but for relations on those that show one value one relation away.
 */
export function compileWriteQuery(
  catalog: Catalog,
  shelf: Shelf,
  query: unknown,
  path: string,
  standing: Standing,
): Query | Refusal {
  const name = namesIn(query).find((property) => !usable(shelf, property, standing));
  if (name !== undefined) return invalidRequest(`"${path}" must NOT use the calculated property "${name}"`);
  return compileSearch(catalog, query, path, "catalog");
}

function usable({ rules }: Shelf, property: string, standing: Standing): boolean {
  if (!rules.readOnly.has(property)) return true;
  const mirror = rules.mirrors.get(property);
  const [relation, ...further] = mirror?.relations ?? [];
  if (standing === "identifier" || relation === undefined || further.length > 0) return false;
  return rules.relations.get(relation)?.many === false;
}

function namesIn(query: unknown): readonly string[] {
  if (!isObject(query)) return [];
  if (Array.isArray(query.rules)) return query.rules.flatMap(namesIn);
  return typeof query.property === "string" ? [query.property] : [];
}

/** Finds the one entity, among those with an id below `seesBelow`, that a query in place of an identifier means; none or several refuse the write, and none never creates. */
export function resolveIdentifier(
  catalog: Catalog,
  shelf: Shelf,
  query: SearchQuery,
  seesBelow: number,
): string | Refusal {
  const compiled = compileWriteQuery(catalog, shelf, query, "identifier", "identifier");
  if (compiled instanceof Refusal) return compiled;
  const [first, second] = selectEntities(shelf, seenBelow(seesBelow, compiled), 0, 2);
  const blueprint = shelf.blueprint.identifier;
  if (first === undefined) {
    return new Refusal(404, "not_found", `No entity of the blueprint "${blueprint}" matches the identifier query`);
  }
  if (second !== undefined) {
    return invalidRequest(`More than one entity of the blueprint "${blueprint}" matches the identifier query`);
  }
  return first.identifier;
}

/** Narrows a query of a write to entities with an id below `limit`, and to `itself`, the one that is written and was there before. */
export function seenBelow(limit: number, query: Query, itself?: StoredEntity): Query {
  if (limit === Number.POSITIVE_INFINITY) return query;
  return { ...query, test: (entity, shelf) => (entity.id < limit || entity === itself) && query.test(entity, shelf) };
}
