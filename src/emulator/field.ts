import { aggregationValue } from "./aggregation.js";
import { type Catalog, heldBy, type Shelf, type StoredEntity } from "./catalog.js";
import { entityReply, readingShape } from "./entity-reply.js";
import { metaOf } from "./meta.js";
import { mirrorValue } from "./mirror.js";

/** Gives what a name of a search means on an entity: a `$` meta-property, a property of whatever kind, or else a relation. */
export function fieldOf(catalog: Catalog, entity: StoredEntity, shelf: Shelf, name: string): unknown {
  const meta = metaOf(catalog, entity, shelf, name);
  if (meta !== undefined) return meta;
  const { rules } = shelf;
  if (rules.readOnly.has(name)) {
    const mirror = rules.mirrors.get(name);
    if (mirror !== undefined) return mirrorValue(catalog, [shelf, entity], mirror);
    const aggregation = rules.aggregations.get(name);
    if (aggregation !== undefined) return aggregationValue(catalog, [shelf, entity], aggregation);
    const { properties } = entityReply(catalog, shelf, entity, readingShape);
    return (properties as Readonly<Record<string, unknown>>)[name] ?? null;
  }
  if (Object.hasOwn(entity.properties, name)) return entity.properties[name];
  return heldBy(entity, name);
}
