import type { Catalog, Shelf } from "./catalog.js";
import { isObject } from "./json-object.js";
import { compileQuery, type Query } from "./query.js";
import { invalidRequest, type Refusal } from "./refusal.js";

/** What a query of a write stands for. */
export type Standing = "identifier" | "relation" | "team";

/**
 * Compiles a query that stands in place of an identifier, a relation or a team; `shelf` is where it looks.
 * @source fact sheet 3.3: not on calculation properties; not on mirror properties, but for relations on those that show one value one relation away
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
  return compileQuery(catalog, query, path, "catalog");
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
