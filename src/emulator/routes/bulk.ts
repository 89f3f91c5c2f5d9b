import type { ValidateFunction } from "ajv";
import type { FastifyRequest } from "fastify";
import { isSearchQuery, type SearchQuery } from "../../entity.js";
import { deleteEntities } from "../delete-entities.js";
import { describeFault, type EntityBodies, maxBulk, maxBulkDelete, sharedAjv } from "../entity-schema.js";
import { resolveIdentifier } from "../evaluate.js";
import { type Catalog, isObject, type Shelf } from "../model.js";
import { entityNotFound, invalidRequest, Refusal } from "../refusal.js";
import { additionalDataOf } from "../tokens.js";
import { type EntityInput, upsertEntity, type Written } from "../write-entity.js";
import {
  answer,
  entityWriter,
  ok,
  type RouteAnswer,
  type RouteParts,
  readFlags,
  readUpsertFlags,
  shelfOf,
} from "./routes.js";

/** `POST …/entities/bulk`, `POST …/bulk/entities/delete` and `DELETE …/bulk/entities`. */
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
  // Its predecessor, in the description until July 2025; older clients call it.
  server.delete("/v1/blueprints/:blueprint/bulk/entities", deletion, (request, reply) => {
    return answer(reply, bulkDelete(parts, request));
  });
}

// Items are settled one after the other and independently: one that fails undoes no other, and each sees those before it.
function bulkUpsert(parts: RouteParts, request: FastifyRequest, checkItem: ValidateFunction | undefined): RouteAnswer {
  const { catalog } = parts;
  const { readings } = catalog;
  const flags = readUpsertFlags(request);
  if (flags instanceof Refusal) return flags;
  const shelf = shelfOf(catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const how = readings.bulkVisibility === "none" ? { ...flags, seesBelow: catalog.nextId } : flags;
  const writer = entityWriter(parts, request);
  if (writer instanceof Refusal) return writer;
  const items = (request.body as { readonly entities: readonly unknown[] }).entities;
  if (items.some(isByQuery) && readings.identifierQuery === "call") {
    const lost = unresolved(catalog, shelf, items, checkItem);
    if (lost !== undefined) return lost;
  }
  const entities: object[] = [];
  const errors: object[] = [];
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    // As Port's Ocean expects it, the identifier of an unresolved query is `unknown`.
    const identifier = isObject(item) && typeof item.identifier === "string" ? item.identifier : "unknown";
    const repeated = identifier !== "unknown" && seen.has(identifier) && readings.repeatedItem === "reject";
    seen.add(identifier);
    const written: Written | Refusal = repeated
      ? invalidRequest(`"entities/${index}/identifier" must NOT be that of an earlier item`)
      : checkItem === undefined || checkItem(item)
        ? upsertEntity(catalog, shelf, item as EntityInput, how, writer)
        : invalidRequest(describeFault(checkItem.errors, `entities/${index}`));
    if (written instanceof Refusal) {
      const { status, error, message } = written;
      errors.push({ identifier, index, statusCode: status, error, message });
    } else {
      entities.push({
        identifier: written.entity.identifier,
        index,
        created: written.created,
        ...additionalDataOf(written),
      });
    }
  }
  const reply = { maxBulkSize: maxBulk, entities, errors };
  if (errors.length === 0) return ok(reply);
  const status = entities.length === 0 ? readings.bulkAllFailed : 207;
  return { status, body: { ok: status === 200 || readings.bulkPartialOk, ...reply } };
}

function isByQuery(item: unknown): item is { readonly identifier: SearchQuery } {
  return isObject(item) && isSearchQuery(item.identifier);
}

// Why a query among the identifiers finds none or several, before any item is written.
function unresolved(
  catalog: Catalog,
  shelf: Shelf,
  items: readonly unknown[],
  checkItem: ValidateFunction | undefined,
): Refusal | undefined {
  for (const item of items) {
    if (!isByQuery(item) || checkItem?.(item) === false) continue;
    const found = resolveIdentifier(catalog, shelf, item.identifier, catalog.nextId);
    if (found instanceof Refusal) return found;
  }
  return undefined;
}

function bulkDelete(parts: RouteParts, request: FastifyRequest): RouteAnswer {
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
  return deleted instanceof Refusal
    ? deleted
    : ok({
        maxBulkSize: maxBulkDelete,
        deletedEntities: deleted.map((entity) => entity.identifier),
      });
}
