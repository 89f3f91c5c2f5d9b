import { randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { deleteBlueprint } from "../blueprints.js";
import { deleteAllRefusal, deleteEntities, doomedBy } from "../delete-entities.js";
import type { EntityBodies } from "../entity-schema.js";
import { entityReply } from "../evaluate.js";
import type { Catalog, Migration, MigrationEnd, Shelf, StoredEntity, Writer } from "../model.js";
import { entityNotFound, Refusal } from "../refusal.js";
import { additionalDataOf } from "../tokens.js";
import { changeEntity, type EntityInput, upsertEntity } from "../write-entity.js";
import {
  answer,
  calculatorFor,
  entityWriter,
  ok,
  type RouteAnswer,
  type RouteParts,
  readFlags,
  readShape,
  readUpsertFlags,
  shelfOf,
} from "./routes.js";
import { scoredReplies } from "./scorecards.js";

/** `/v1/blueprints/:blueprint/entities`, one entity below it, and `entities-count`. */
export function entityRoutes(parts: RouteParts, bodies: EntityBodies): void {
  const { server, catalog } = parts;
  const many = "/v1/blueprints/:blueprint/entities";
  const one = `${many}/:entity`;
  server.get(many, { preHandler: calculatorFor(catalog) }, (request, reply) => {
    const shelf = shelfOf(catalog, request);
    const shape = readShape(request);
    if (shelf instanceof Refusal) return answer(reply, shelf);
    if (shape instanceof Refusal) return answer(reply, shape);
    const all = shelf.order.filter((entity) => !entity.deleted);
    const entities = scoredReplies(catalog, shelf, all, shape);
    return answer(reply, ok({ entities }));
  });
  server.get("/v1/blueprints/:blueprint/entities-count", (request, reply) => {
    const shelf = shelfOf(catalog, request);
    return answer(reply, shelf instanceof Refusal ? shelf : ok({ count: shelf.entities.size }));
  });
  server.post(many, { schema: { body: bodies.create } }, (request, reply) => answer(reply, upsert(parts, request)));
  server.get(one, { preHandler: calculatorFor(catalog) }, (request, reply) => {
    const named = entityOf(parts, request);
    const shape = readShape(request);
    if (named instanceof Refusal) return answer(reply, named);
    if (shape instanceof Refusal) return answer(reply, shape);
    const [entity] = scoredReplies(catalog, named.shelf, [named.entity], shape);
    return answer(reply, ok({ entity }));
  });
  server.put(one, { schema: { body: bodies.replace } }, (request, reply) =>
    answer(reply, change(parts, request, false)),
  );
  server.patch(one, { schema: { body: bodies.patch } }, (request, reply) =>
    answer(reply, change(parts, request, true)),
  );
  server.delete(one, (request, reply) => {
    const flags = readFlags(request, ["delete_dependents"]);
    if (flags instanceof Refusal) return answer(reply, flags);
    const named = entityOf(parts, request);
    if (named instanceof Refusal) return answer(reply, named);
    const writer = entityWriter(parts, request);
    if (writer instanceof Refusal) return answer(reply, writer);
    const deleted = deleteEntities(catalog, named.shelf, [named.entity], flags.delete_dependents, writer);
    return answer(reply, deleted instanceof Refusal ? deleted : ok({}));
  });
}

function upsert(parts: RouteParts, request: FastifyRequest): RouteAnswer {
  const { catalog } = parts;
  const how = readUpsertFlags(request);
  if (how instanceof Refusal) return how;
  const shelf = shelfOf(catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const writer = entityWriter(parts, request);
  if (writer instanceof Refusal) return writer;
  const written = upsertEntity(catalog, shelf, request.body as EntityInput, how, writer);
  if (written instanceof Refusal) return written;
  if (how.validationOnly && catalog.readings.validationBody === "ok") return ok({});
  const status = written.created ? 201 : catalog.readings.updateStatus;
  return {
    status,
    body: { ok: true, entity: entityReply(catalog, shelf, written.entity), ...additionalDataOf(written) },
  };
}

function change(parts: RouteParts, request: FastifyRequest, merge: boolean): RouteAnswer {
  const { catalog } = parts;
  const flags = readFlags(request, ["create_missing_related_entities"]);
  if (flags instanceof Refusal) return flags;
  const named = entityOf(parts, request);
  if (named instanceof Refusal) return named;
  const { shelf, entity } = named;
  const createMissing = flags.create_missing_related_entities;
  const how = { merge, createMissing, validationOnly: false, seesBelow: Number.POSITIVE_INFINITY };
  const writer = entityWriter(parts, request);
  if (writer instanceof Refusal) return writer;
  const written = changeEntity(catalog, shelf, entity, request.body as EntityInput, how, writer);
  return written instanceof Refusal ? written : ok({ entity: entityReply(catalog, shelf, written.entity) });
}

function entityOf(parts: RouteParts, request: FastifyRequest): { shelf: Shelf; entity: StoredEntity } | Refusal {
  const shelf = shelfOf(parts.catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const { entity: identifier } = request.params as { readonly entity: string };
  const entity = shelf.entities.get(identifier);
  return entity === undefined ? entityNotFound(identifier, shelf.blueprint.identifier) : { shelf, entity };
}

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
function deleteAll(parts: RouteParts, request: FastifyRequest): RouteAnswer {
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
