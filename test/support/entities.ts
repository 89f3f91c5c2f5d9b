import { Entity, type EntityBody, keyOf, type Write } from "../../src/entity.js";

/** An entity of a blueprint, at the given position of source 0. */
export function entity(
  identifier: EntityBody["identifier"],
  fields: Partial<EntityBody> & { blueprint?: string; position?: number; source?: number } = {},
): Entity {
  const { blueprint = "service", position = 1, source = 0, ...rest } = fields;
  const body: EntityBody = { identifier, properties: {}, relations: {}, ...rest };
  return new Entity({
    at: { source, position },
    resource: 0,
    item: 0,
    key: keyOf(blueprint, identifier),
    json: JSON.stringify(body),
    relations: body.relations,
  });
}

/** A plain write of an entity in merge mode. */
export function write(of: Entity, fields: Partial<Write> = {}): Write {
  return { entity: of, mode: "merge", ...fields };
}

/** The values of an async iterable. */
export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** An async iterable of values. */
export async function* iterate<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values;
}
