import type { FastifyRequest } from "fastify";
import { selectEntities } from "../catalog.js";
import type { Shape } from "../entity-shape.js";
import { compileSearch, entityReplies } from "../evaluate.js";
import type { Catalog, Shelf } from "../model.js";
import { invalidRequest, Refusal } from "../refusal.js";
import { compress } from "./compress.js";
import { type Answer, answer, calculatorFor, ok, type RouteParts, readShape, shelfOf } from "./routes.js";

const texts = { type: "array", items: { type: "string" } };
const pageBody = {
  type: "object",
  properties: {
    query: { type: "object", required: ["combinator", "rules"] },
    include: texts,
    exclude: texts,
    limit: { type: "number", minimum: 1, maximum: 1000, default: 200 },
    from: { type: "string" },
  },
  // The published schema does not require `query`, yet a body without one is refused. So a live reply shows.
  additionalProperties: false,
};
const catalogBody = { type: "object" };

interface PageBody {
  readonly query?: unknown;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly limit: number;
  readonly from?: string;
}

/** `POST /v1/entities/search` over the whole catalog and `POST …/entities/search` by pages over one blueprint. */
export function searchRoutes({ server, catalog }: RouteParts): void {
  const steps = { preHandler: calculatorFor(catalog), onSend: compress };
  server.post("/v1/entities/search", { ...steps, schema: { body: catalogBody } }, (request, reply) => {
    return answer(reply, searchCatalog(catalog, request));
  });
  server.post(
    "/v1/blueprints/:blueprint/entities/search",
    { ...steps, schema: { body: pageBody } },
    (request, reply) => {
      const shelf = shelfOf(catalog, request);
      if (shelf instanceof Refusal) return answer(reply, shelf);
      const flags = readShape(request);
      return answer(
        reply,
        flags instanceof Refusal ? flags : searchPage(catalog, shelf, request.body as PageBody, flags),
      );
    },
  );
}

function searchCatalog(catalog: Catalog, request: FastifyRequest): Answer {
  const shape = readShape(request);
  if (shape instanceof Refusal) return shape;
  const query = compileSearch(catalog, request.body, "body", "catalog");
  if (query instanceof Refusal) return query;
  const matchingBlueprints: string[] = [];
  const entities: object[] = [];
  for (const [identifier, shelf] of catalog.shelves) {
    if (query.blueprints?.includes(identifier) === false) continue;
    const found = selectEntities(shelf, query, 0, Number.POSITIVE_INFINITY);
    if (found.length > 0) matchingBlueprints.push(identifier);
    for (const reply of entityReplies(catalog, shelf, found, shape)) entities.push(reply);
  }
  return ok({ matchingBlueprints, entities });
}

function searchPage(catalog: Catalog, shelf: Shelf, body: PageBody, flags: Shape): Answer {
  if (body.query === undefined) return invalidRequest(`"query" must have required property 'combinator'`);
  const query = compileSearch(catalog, body.query, "query", "blueprint");
  if (query instanceof Refusal) return query;
  const after = body.from === undefined || body.from === "" ? 0 : readCursor(body.from);
  if (after === undefined) return invalidRequest(`"from" is no cursor of a search`);
  const limit = Math.floor(body.limit);
  // One more than asked for shows whether there is a next page.
  const found = selectEntities(shelf, query, after, limit + 1);
  const page = found.slice(0, limit);
  const shape: Shape = { ...flags, include: body.include ?? [], exclude: body.exclude ?? [] };
  const entities = entityReplies(catalog, shelf, page, shape);
  const last = page.at(-1);
  return ok(found.length > limit && last !== undefined ? { next: writeCursor(last.id), entities } : { entities });
}

// The id of the last entity shown: entities that come, go or change meanwhile move no other between pages.
function writeCursor(id: number): string {
  return Buffer.from(`after:${id}`).toString("base64url");
}

function readCursor(cursor: string): number | undefined {
  const digits = /^after:(\d+)$/.exec(Buffer.from(cursor, "base64url").toString("latin1"))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
