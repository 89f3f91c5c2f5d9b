import { randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { deleteBlueprint } from "../blueprints.js";
import type { Migration } from "../catalog.js";
import { deleteAllRefusal, deleteEntities } from "../delete-entities.js";
import { readFlags } from "../queries.js";
import { Refusal } from "../refusal.js";
import { type Answer, answer, entityWriter, ok, type RouteParts, shelfOf } from "./routes.js";

/** `DELETE …/all-entities` and `GET /v1/migrations/:migration`. */
export function deleteAllRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  server.delete("/v1/blueprints/:blueprint/all-entities", (request, reply) => answer(reply, deleteAll(parts, request)));
  server.get("/v1/migrations/:migration", (request, reply) => {
    const { migration: id } = request.params as { readonly migration: string };
    const migration = catalog.migrations.get(id);
    if (migration === undefined) {
      return answer(reply, new Refusal(404, "not_found", `Migration with identifier "${id}" was not found`));
    }
    const done = migration.polls === 0;
    if (!done) migration.polls -= 1;
    return answer(reply, ok({ migration: migrationReply(migration, done) }));
  });
}

// The entities are gone at once; only the migration's report of it takes its time, so that clients poll as they must.
function deleteAll(parts: RouteParts, request: FastifyRequest): Answer {
  const { catalog } = parts;
  const flags = readFlags(request, ["delete_blueprint"]);
  if (flags instanceof Refusal) return flags;
  const shelf = shelfOf(catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const refusal = deleteAllRefusal(catalog, shelf);
  if (refusal !== undefined) return refusal;
  const entities = [...shelf.entities.values()];
  const writer = entityWriter(parts, request);
  if (writer instanceof Refusal) return writer;
  const deleted = deleteEntities(catalog, shelf, entities, false, writer);
  if (deleted instanceof Refusal) return deleted;
  if (flags.delete_blueprint) {
    const kept = deleteBlueprint(catalog, shelf);
    if (kept !== undefined) return kept;
  }
  const migration: Migration = {
    id: `mig_${randomBytes(12).toString("hex")}`,
    actor: parts.clientId,
    blueprint: shelf.blueprint.identifier,
    deleteBlueprint: flags.delete_blueprint,
    count: entities.length,
    polls: catalog.readings.migrationPolls,
  };
  catalog.migrations.set(migration.id, migration);
  return ok({ migrationId: migration.id });
}

/** @source fact sheet 4.4, the migration that Port's Ocean and Terraform provider read */
function migrationReply(migration: Migration, done: boolean): object {
  return {
    id: migration.id,
    actor: migration.actor,
    sourceBlueprint: migration.blueprint,
    mapping: {},
    status: done ? "COMPLETED" : "RUNNING",
    deleteBlueprint: migration.deleteBlueprint,
    deleteEntities: true,
    successCount: done ? migration.count : 0,
    failureCount: 0,
  };
}
