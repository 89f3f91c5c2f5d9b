import type { FastifyRequest } from "fastify";
import { deleteEntities } from "../delete-entities.js";
import type { EntityBodies } from "../entity-schema.js";
import { entityReply } from "../evaluate.js";
import type { Shelf, StoredEntity } from "../model.js";
import { entityNotFound, Refusal } from "../refusal.js";
import { scoredReplies } from "../scorecards.js";
import { additionalDataOf } from "../tokens.js";
import { changeEntity, type EntityInput, upsertEntity } from "../write-entity.js";
import {
  type Answer,
  answer,
  calculatorFor,
  entityWriter,
  ok,
  type RouteParts,
  readFlags,
  readShape,
  readUpsertFlags,
  shelfOf,
} from "./routes.js";

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

function upsert(parts: RouteParts, request: FastifyRequest): Answer {
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

function change(parts: RouteParts, request: FastifyRequest, merge: boolean): Answer {
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
