import type { EntityGetOptions } from "../../options/catalog.js";
import { doneOf, type EntityDone, type EntityIo, withClient } from "./done.js";

/** Reads one entity. @throws {ApiError} when the API is not reached */
export function getEntity(options: EntityGetOptions, io: EntityIo): Promise<EntityDone> {
  const { blueprint, identifier, include, exclude, attachTitles } = options;
  return withClient(options, io, async (client) => {
    const reply = await client.entity.get(blueprint, identifier, { include, exclude, attachTitles });
    const isMissing = reply.is === "refused" && reply.status === 404;
    return doneOf(reply, isMissing ? `What is there: portload entity export ${blueprint}` : undefined);
  });
}
