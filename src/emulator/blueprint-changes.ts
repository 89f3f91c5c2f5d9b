import type { Blueprint, Property } from "../blueprint.js";
import { heldBy, type Shelf, targetsOf } from "./catalog.js";
import { invalidRequest, type Refusal } from "./refusal.js";

/**
 * Says what a blueprint may not change once it exists.
 * @source fact sheet 2.3 (a property's type, and what its list holds, stay) and 2.4 (many to one while an entity holds several)
 */
export function changeFault(shelf: Shelf, next: Blueprint): Refusal | undefined {
  const { properties } = shelf.blueprint.schema;
  for (const [name, after] of Object.entries(next.schema.properties)) {
    const before = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (before !== undefined && kind(before) !== kind(after)) {
      return invalidRequest(
        `"schema/properties/${name}" must NOT change its type from ${kind(before)} to ${kind(after)}`,
      );
    }
  }
  for (const [name, after] of Object.entries(next.relations ?? {})) {
    const before = shelf.rules.relations.get(name);
    if (before?.many !== true || after.many === true || before.target !== after.target) continue;
    for (const entity of shelf.entities.values()) {
      if (targetsOf(heldBy(entity, name)).length > 1) {
        return invalidRequest(`"relations/${name}" must stay many: entity "${entity.identifier}" holds several`);
      }
    }
  }
  return undefined;
}

function kind(property: Property): string {
  return property.type === "array" ? `array of ${property.items?.type ?? "anything"}` : property.type;
}
