import type { EntityReply } from "../../api/entity-calls.js";
import type { Mode } from "../../entity.js";
import type { EntityWriteOptions } from "../../options/catalog.js";
import { entityFromFlags, needsBlueprint, readEntityFile } from "./body.js";
import { doneOf, type EntityDone, type EntityIo, withClient } from "./done.js";

/**
 * Writes one entity: `--file` first, flags laid over it and typed by the blueprint.
 *
 * @throws {UsageError} for a body or a value that does not fit, before anything is written
 * @throws {ApiError} when the API is not reached, and when the answer to a creation was lost
 */
export async function writeEntity(mode: Mode, options: EntityWriteOptions, io: EntityIo): Promise<EntityDone> {
  const file = options.file === undefined ? {} : await readEntityFile(options.file, io.stdin);
  return withClient(options, io, async ({ entity }) => {
    const found = needsBlueprint(options) ? await entity.readBlueprint(options.blueprint) : undefined;
    if (found?.is === "refused") return doneOf(found);
    const blueprint = found?.body.blueprint;
    const { body, notes } = entityFromFlags(file, options, blueprint);
    const reply = await entity.write(options.blueprint, JSON.stringify(body), {
      mode,
      createMissing: options.createMissing,
      validationOnly: options.dryRun,
      ...(typeof body.identifier === "string" && { identifier: body.identifier }),
      ...(options.runId !== undefined && { runId: options.runId }),
    });
    return doneOf(reply, hintFor(reply, options), notes);
  });
}

function hintFor(reply: EntityReply, { createMissing }: EntityWriteOptions): string | undefined {
  if (reply.is === "done") return undefined;
  if (reply.status === 409)
    return "It exists: portload entity merge changes what is given, portload entity override replaces it.";
  if (reply.status === 404 && !createMissing)
    return "Where a relation's target is missing, write that first, or give --create-missing.";
  if (reply.error === "run_exhausted") return "The action run of --run-id has ended; leave it out.";
  return undefined;
}
