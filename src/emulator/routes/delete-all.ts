import { randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { deleteBlueprint } from "../blueprints.js";
import { deleteAllRefusal, deleteEntities, doomedBy } from "../delete-entities.js";
import type { Catalog, Migration, MigrationEnd, Shelf, StoredEntity, Writer } from "../model.js";
import { Refusal } from "../refusal.js";
import { type Answer, answer, entityWriter, ok, type RouteParts, readFlags, shelfOf } from "./routes.js";

/** `DELETE …/all-entities` and `GET /v1/migrations/:migration`. */
export function deleteAllRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  server.delete("/v1/blueprints/:blueprint/all-entities", (request, reply) => answer(reply, deleteAll(parts, request)));
  server.get("/v1/migrations", (_request, reply) => {
    const all = [...catalog.migrations.values()].map((migration) => migrationReply(migration, migration.end));
    return answer(reply, ok({ migrations: all }));
  });
  server.get("/v1/migrations/:migration", (request, reply) => {
    const { migration: id } = request.params as { readonly migration: string };
    const migration = catalog.migrations.get(id);
    if (migration === undefined) {
      return answer(reply, new Refusal(404, "not_found", `Migration with identifier "${id}" was not found`));
    }
    if (migration.polls > 0) {
      migration.polls -= 1;
      return answer(reply, ok({ migration: migrationReply(migration, undefined) }));
    }
    migration.end ??= migration.finish();
    return answer(reply, ok({ migration: migrationReply(migration, migration.end) }));
  });
}

// By default the entities are gone at once; only the migration's report of it takes its time, so that clients poll as they must.
function deleteAll(parts: RouteParts, request: FastifyRequest): Answer {
  const { catalog } = parts;
  const flags = readFlags(request, ["delete_blueprint"]);
  if (flags instanceof Refusal) return flags;
  const shelf = shelfOf(catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const writer = entityWriter(parts, request);
  if (writer instanceof Refusal) return writer;
  const refusal = refusalOf(catalog, shelf, flags.delete_blueprint);
  if (refusal !== undefined) return refusal;
  const entities = [...shelf.entities.values()];
  const migration: Migration = {
    id: `mig_${randomBytes(12).toString("hex")}`,
    actor: parts.clientId,
    blueprint: shelf.blueprint.identifier,
    deleteBlueprint: flags.delete_blueprint,
    count: entities.length,
    polls: catalog.readings.migrationPolls,
    end: undefined,
    finish: () => endOf(catalog, shelf, entities, flags.delete_blueprint, writer),
  };
  if (catalog.readings.deletionVisible === "start") migration.end = migration.finish();
  catalog.migrations.set(migration.id, migration);
  return ok({ migrationId: migration.id });
}

function refusalOf(catalog: Catalog, shelf: Shelf, deleteToo: boolean): Refusal | undefined {
  const refusal = deleteAllRefusal(catalog, shelf);
  if (refusal !== undefined) return refusal;
  const doomed = doomedBy(catalog, shelf, [...shelf.entities.values()], false);
  if (doomed instanceof Refusal) return doomed;
  if (!deleteToo) return undefined;
  // Tried where the entities are gone already: what is refused must find everything as it was.
  const emptied: Shelf = { ...shelf, entities: new Map() };
  const shelves = new Map(catalog.shelves).set(shelf.blueprint.identifier, emptied);
  return deleteBlueprint({ ...catalog, shelves }, emptied);
}

function endOf(
  catalog: Catalog,
  shelf: Shelf,
  entities: readonly StoredEntity[],
  deleteToo: boolean,
  writer: Writer,
): MigrationEnd {
  const status = catalog.readings.migrationEnds;
  if (status !== "COMPLETED") return { status, deleted: 0 };
  const left = entities.filter((entity) => !entity.deleted);
  const deleted = deleteEntities(catalog, shelf, left, false, writer);
  // What others wrote since the start may prevent it.
  if (deleted instanceof Refusal) return { status: "FAILURE", deleted: 0 };
  const kept = deleteToo ? deleteBlueprint(catalog, shelf) : undefined;
  return { status: kept === undefined ? "COMPLETED" : "FAILURE", deleted: left.length };
}

/** The migration as Port's Ocean and Terraform provider read it. */
function migrationReply(migration: Migration, end: MigrationEnd | undefined): object {
  return {
    id: migration.id,
    actor: migration.actor,
    sourceBlueprint: migration.blueprint,
    mapping: {},
    status: end?.status ?? "RUNNING",
    deleteBlueprint: migration.deleteBlueprint,
    deleteEntities: true,
    successCount: end?.deleted ?? 0,
    failureCount: end?.status === "FAILURE" ? migration.count - end.deleted : 0,
  };
}
