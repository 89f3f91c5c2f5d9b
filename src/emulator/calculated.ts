import { aggregationValue } from "./aggregation.js";
import { calculate } from "./calculation.js";
import type { Catalog, Shelf, StoredEntity } from "./catalog.js";
import { mirrorValue } from "./mirror.js";

type Values = Readonly<Record<string, unknown>>;

/** Gives an entity's properties with its mirror and aggregation properties, null where these show nothing. */
export function withMirrors(
  catalog: Catalog,
  shelf: Shelf,
  entity: StoredEntity,
  titlesWithIdentifiers: boolean,
): Values {
  const { mirrors, aggregations } = shelf.rules;
  if (mirrors.size === 0 && aggregations.size === 0) return entity.properties;
  const values: Record<string, unknown> = { ...entity.properties };
  for (const [key, rule] of mirrors) values[key] = mirrorValue(catalog, [shelf, entity], rule, titlesWithIdentifiers);
  for (const [key, rule] of aggregations) values[key] = aggregationValue(catalog, [shelf, entity], rule);
  return values;
}

/** Adds calculation properties to entities of one shelf that replies show; all of them in one go, because every start of jq costs. */
export function addCalculations(shelf: Shelf, replies: readonly { properties: Values }[]): void {
  const { calculations } = shelf.rules;
  if (calculations.size === 0 || replies.length === 0) return;
  const keys = [...calculations.keys()];
  const rows = calculate([...calculations.values()], replies);
  for (const [index, reply] of replies.entries()) {
    const row = rows[index] ?? [];
    reply.properties = {
      ...reply.properties,
      ...Object.fromEntries(keys.map((key, column) => [key, row[column] ?? null])),
    };
  }
}
