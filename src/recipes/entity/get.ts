import type { EntityGetOptions } from "../../options/catalog.js";
import { doneOf, type EntityDone, type EntityIo, withClient } from "./done.js";

/** Reads one entity. @throws {ApiError} when the API is not reached */
export function getEntity(options: EntityGetOptions, io: EntityIo): Promise<EntityDone> {
  const { blueprint, identifier, include, exclude, attachTitles } = options;
  return withClient(options, io, async (client) =>
    doneOf(await client.entity.get(blueprint, identifier, { include, exclude, attachTitles })),
  );
}
