import type { AggregationRule } from "./aggregation.js";
import type { Catalog, StoredBlueprint } from "./catalog.js";
import { hasMember } from "./path-faults.js";
import { queryFault } from "./query.js";
import { invalidRequest, type Refusal } from "./refusal.js";

/**
 * Says which aggregation property of a blueprint is over a property that its target lacks, or picks entities by a query of the wrong form. Where the target is not there
 * yet, as while several blueprints are loaded together, nothing is said of its properties.
 *
 * @source words of a live reply: fact sheet 5.2; the query is component `def-1`
 */
export function aggregationFault(catalog: Catalog, blueprint: StoredBlueprint): Refusal | undefined {
  for (const [key, aggregation] of Object.entries(blueprint.aggregationProperties ?? {})) {
    // The route's schema has seen to its shape.
    const { target: name, calculationSpec, query } = aggregation as AggregationRule;
    const fault = query === undefined ? undefined : queryFault(query, `aggregationProperties/${key}/query`, "catalog");
    if (fault !== undefined) return invalidRequest(fault);
    const target = name === blueprint.identifier ? blueprint : catalog.shelves.get(name)?.blueprint;
    if (target === undefined) continue;
    for (const property of [calculationSpec.property, calculationSpec.measureTimeBy]) {
      if (typeof property !== "string" || hasMember(target, property)) continue;
      return invalidRequest(`The "${name}" Blueprint does not have property with name "${property}"`);
    }
  }
  return undefined;
}
