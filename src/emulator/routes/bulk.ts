import type { ValidateFunction } from "ajv";
import type { FastifyRequest } from "fastify";
import { describeFault, sharedAjv } from "../ajv.js";
import { deleteEntities } from "../delete-entities.js";
import type { EntityBodies } from "../entity-schema.js";
import { readFlags } from "../queries.js";
import { entityNotFound, invalidRequest, Refusal } from "../refusal.js";
import { type EntityInput, upsertEntity, type Written } from "../write-entity.js";
import { type Answer, answer, entityWriter, ok, type RouteParts, shelfOf } from "./routes.js";

/** `POST …/entities/bulk` and `POST …/bulk/entities/delete`. */
export function bulkRoutes(parts: RouteParts, bodies: EntityBodies): void {
  const { server, catalog } = parts;
  const loose = catalog.readings.bulkSchema === "item";
  const checkItem = loose ? sharedAjv("off").compile(bodies.create) : undefined;
  const body = loose ? bodies.bulkLoose : bodies.bulk;
  server.post("/v1/blueprints/:blueprint/entities/bulk", { schema: { body } }, (request, reply) => {
    return answer(reply, bulkUpsert(parts, request, checkItem));
  });
  const deletion = { schema: { body: bodies.bulkDelete } };
  server.post("/v1/blueprints/:blueprint/bulk/entities/delete", deletion, (request, reply) => {
    return answer(reply, bulkDelete(parts, request));
  });
}

// Items are settled one after the other and independently: one that fails undoes no other, and each sees those before it.
function bulkUpsert(parts: RouteParts, request: FastifyRequest, checkItem: ValidateFunction | undefined): Answer {
  const { catalog } = parts;
  const flags = readFlags(request, ["upsert", "merge", "validation_only", "create_missing_related_entities"]);
  if (flags instanceof Refusal) return flags;
  const shelf = shelfOf(catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const how = {
    upsert: flags.upsert,
    merge: flags.merge,
    createMissing: flags.create_missing_related_entities,
    validationOnly: flags.validation_only,
    seesBelow: catalog.readings.bulkVisibility === "none" ? catalog.nextId : Number.POSITIVE_INFINITY,
  };
  const writer = entityWriter(parts, request);
  if (writer instanceof Refusal) return writer;
  const items = (request.body as { readonly entities: readonly EntityInput[] }).entities;
  const entities: object[] = [];
  const errors: object[] = [];
  for (const [index, item] of items.entries()) {
    const written: Written | Refusal =
      checkItem === undefined || checkItem(item)
        ? upsertEntity(catalog, shelf, item, how, writer)
        : invalidRequest(describeFault(checkItem.errors, `entities/${index}`));
    if (written instanceof Refusal) {
      // @source Port's Ocean: the identifier of an unresolved query is `unknown`
      const identifier = typeof item.identifier === "string" ? item.identifier : "unknown";
      const { status, error, message } = written;
      errors.push({ identifier, index, statusCode: status, error, message });
    } else entities.push({ identifier: written.entity.identifier, index, created: written.created });
  }
  if (errors.length === 0) return { status: 200, body: { ok: true, entities, errors } };
  const status = entities.length === 0 ? catalog.readings.bulkAllFailed : 207;
  return { status, body: { ok: catalog.readings.bulkPartialOk, entities, errors } };
}

function bulkDelete(parts: RouteParts, request: FastifyRequest): Answer {
  const { catalog } = parts;
  const flags = readFlags(request, ["delete_dependents"]);
  if (flags instanceof Refusal) return flags;
  const shelf = shelfOf(catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const identifiers = [...new Set((request.body as { readonly entities: readonly string[] }).entities)];
  const unknown = identifiers.find((identifier) => !shelf.entities.has(identifier));
  if (unknown !== undefined && catalog.readings.deleteUnknown === "reject") {
    return entityNotFound(unknown, shelf.blueprint.identifier);
  }
  const entities = identifiers.flatMap((identifier) => shelf.entities.get(identifier) ?? []);
  const writer = entityWriter(parts, request);
  if (writer instanceof Refusal) return writer;
  const deleted = deleteEntities(catalog, shelf, entities, flags.delete_dependents, writer);
  return deleted instanceof Refusal ? deleted : ok({ deletedEntities: deleted.map((entity) => entity.identifier) });
}
