import { brotliCompress, constants, deflate, gzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";
import { selectEntities } from "../catalog.js";
import { type ReplyShape, wholeShape } from "../entity-reply.js";
import { compileSearch, fieldOf } from "../evaluate.js";
import type { Catalog, Query, Shelf, StoredEntity } from "../model.js";
import { invalidRequest, Refusal } from "../refusal.js";
import { answer, calculatorFor, ok, type RouteAnswer, type RouteParts, readShape, shelfOf } from "./routes.js";
import { scoredReplies } from "./scorecards.js";

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
/** Of `sort` no more is known than that there is one. */
const sort = {
  type: "object",
  properties: { property: { type: "string" }, order: { enum: ["asc", "desc"] } },
  required: ["property"],
};
const topBody = { ...pageBody, properties: { ...pageBody.properties, sort } };

interface PageBody {
  readonly query?: unknown;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly limit: number;
  readonly from?: string;
}

interface TopBody extends Omit<PageBody, "from"> {
  readonly sort?: { readonly property: string; readonly order?: "asc" | "desc" };
}

const datasourceBody = {
  type: "object",
  properties: {
    datasource_prefix: { type: "string" },
    datasource_suffix: { type: "string" },
    limit: { type: "number", minimum: 1, maximum: 5000, default: 1000 },
    from: { type: "string" },
    before: { type: "string" },
  },
  required: ["datasource_prefix", "datasource_suffix"],
};

interface DatasourceBody {
  readonly datasource_prefix: string;
  readonly datasource_suffix: string;
  readonly limit: number;
  readonly from?: string;
  readonly before?: string;
}

/** `POST /v1/entities/search` over the whole catalog, what one program wrote (as Ocean asks for it), and over one blueprint `POST …/entities/search` by pages and `…/top-search` in an order (as Port's CLI asks for it). */
export function searchRoutes({ server, catalog }: RouteParts): void {
  const steps = { preHandler: calculatorFor(catalog), onSend: compress };
  server.post("/v1/entities/search", { ...steps, schema: { body: catalogBody } }, (request, reply) => {
    return answer(reply, searchCatalog(catalog, request));
  });
  server.post("/v1/blueprints/entities/datasource-entities", { schema: { body: datasourceBody } }, (request, reply) => {
    return answer(reply, searchDatasource(catalog, request.body as DatasourceBody));
  });
  server.post(
    "/v1/blueprints/:blueprint/entities/top-search",
    { ...steps, schema: { body: topBody } },
    (request, reply) => {
      const shelf = shelfOf(catalog, request);
      if (shelf instanceof Refusal) return answer(reply, shelf);
      return answer(reply, searchTop(catalog, shelf, request.body as TopBody));
    },
  );
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

function searchCatalog(catalog: Catalog, request: FastifyRequest): RouteAnswer {
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
    for (const reply of scoredReplies(catalog, shelf, found, shape)) entities.push(reply);
  }
  return ok({ matchingBlueprints, entities });
}

function searchPage(catalog: Catalog, shelf: Shelf, body: PageBody, flags: ReplyShape): RouteAnswer {
  if (body.query === undefined) return invalidRequest(`"query" must have required property 'combinator'`);
  const query = compileSearch(catalog, body.query, "query", "blueprint");
  if (query instanceof Refusal) return query;
  const after = body.from === undefined || body.from === "" ? 0 : readCursor(body.from);
  if (after === undefined) return invalidRequest(`"from" is no cursor of a search`);
  const limit = Math.floor(body.limit);
  // One more than asked for shows whether there is a next page.
  const found = selectEntities(shelf, query, after, limit + 1);
  const page = found.slice(0, limit);
  const shape: ReplyShape = { ...flags, include: body.include ?? [], exclude: body.exclude ?? [] };
  const entities = scoredReplies(catalog, shelf, page, shape);
  const last = page.at(-1);
  return ok(found.length > limit && last !== undefined ? { next: writeCursor(last.id), entities } : { entities });
}

// The first of a blueprint's entities in an order; those without a value come last.
function searchTop(catalog: Catalog, shelf: Shelf, body: TopBody): RouteAnswer {
  const query = compileSearch(catalog, body.query ?? { combinator: "and", rules: [] }, "query", "blueprint");
  if (query instanceof Refusal) return query;
  const found = selectEntities(shelf, query, 0, Number.POSITIVE_INFINITY);
  const { property, order = "asc" } = body.sort ?? {};
  if (property !== undefined) {
    const held = (entity: StoredEntity) => fieldOf(catalog, entity, shelf, property) ?? null;
    found.sort((a, b) => inOrder(held(a), held(b), order === "desc" ? -1 : 1));
  }
  const shape: ReplyShape = { ...wholeShape, include: body.include ?? [], exclude: body.exclude ?? [] };
  return ok({ entities: scoredReplies(catalog, shelf, found.slice(0, Math.floor(body.limit)), shape) });
}

function inOrder(a: unknown, b: unknown, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  const [left, right] = [String(a), String(b)];
  return left === right ? 0 : left < right ? -sign : sign;
}

// The User-Agent of the last writer says which program it was; `before` leaves out what was written since.
function searchDatasource(catalog: Catalog, body: DatasourceBody): RouteAnswer {
  const { datasource_prefix: prefix, datasource_suffix: suffix, before, limit } = body;
  const after = body.from === undefined || body.from === "" ? 0 : readCursor(body.from);
  if (after === undefined) return invalidRequest(`"from" is no cursor of a search`);
  const until = before === undefined ? Number.POSITIVE_INFINITY : Date.parse(before);
  if (Number.isNaN(until)) return invalidRequest(`"before" must match format "date-time"`);
  const test: Query["test"] = ({ datasource, updatedAt }) =>
    datasource?.startsWith(prefix) === true && datasource.endsWith(suffix) && updatedAt < until;
  const most = Math.floor(limit);
  const found = [...catalog.shelves].flatMap(([blueprint, shelf]) =>
    selectEntities(shelf, { test }, after, most + 1).map(({ id, identifier }) => ({ id, identifier, blueprint })),
  );
  const page = found.sort((a, b) => a.id - b.id).slice(0, most);
  const entities = page.map(({ identifier, blueprint }) => ({ identifier, blueprint }));
  return ok(found.length > most ? { next: writeCursor(page.at(-1)?.id ?? 0), entities } : { entities });
}

// The id of the last entity shown: entities that come, go or change meanwhile move no other between pages.
function writeCursor(id: number): string {
  return Buffer.from(`after:${id}`).toString("base64url");
}

function readCursor(cursor: string): number | undefined {
  const digits = /^after:(\d+)$/.exec(Buffer.from(cursor, "base64url").toString("latin1"))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Compresses the reply for clients that accept it; the last step before it is sent. Port's API description: replies of both searches "can be compressed". */
export function compress(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: Error | null, payload?: unknown) => void,
): void {
  reply.header("vary", "accept-encoding");
  const coding = reply.statusCode === 200 ? codingFor(request.headers["accept-encoding"]) : undefined;
  if (coding === undefined || typeof payload !== "string") {
    done(null, payload);
    return;
  }
  reply.header("content-encoding", coding);
  reply.removeHeader("content-length");
  codings[coding](payload, done);
}

type Pack = (text: string, done: (error: Error | null, packed?: Buffer) => void) => void;

/** What replies can be compressed with, the preferred one first. */
const codings = {
  gzip,
  br: (text, done) => brotliCompress(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }, done),
  deflate,
} satisfies Readonly<Record<string, Pack>>;

type Coding = keyof typeof codings;

/** Gives the coding of the highest weight; none where it is only `identity`, or any with the weight 0. */
function codingFor(accepted: string | readonly string[] | undefined): Coding | undefined {
  const weights = new Map<string, number>();
  for (const part of String(accepted ?? "")
    .toLowerCase()
    .split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight));
  }
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get("*") ?? 0;
  const [best] = (Object.keys(codings) as Coding[]).sort((a, b) => weightOf(b) - weightOf(a));
  return best !== undefined && weightOf(best) > 0 ? best : undefined;
}
