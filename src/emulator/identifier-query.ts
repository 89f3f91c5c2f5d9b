import type { SearchQuery } from "../entity.js";
import type { Catalog, Shelf } from "./catalog.js";
import { invalidRequest, Refusal } from "./refusal.js";
import { selectEntities } from "./select.js";
import { seenBelow } from "./sight.js";
import { compileWriteQuery } from "./write-query.js";

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
