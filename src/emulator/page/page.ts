import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Html, html } from "../../pages/html.js";
import type { FamilyStats } from "../limits.js";
import type { Catalog } from "../model.js";
import { calculatorFor } from "../routes/routes.js";
import { entityHtml } from "./entity.js";
import { pageHtml } from "./html.js";
import { activityHtml, limitsHtml, overviewHtml } from "./overview.js";
import type { RecentRefusal } from "./refusals.js";
import { pageCss } from "./style.js";
import { type TableQuery, tableHtml } from "./table.js";

/** What the catalog page shows. */
export interface PageParts {
  readonly server: FastifyInstance;
  readonly catalog: Catalog;
  readonly refusals: () => readonly RecentRefusal[];
  readonly families: () => Readonly<Record<string, FamilyStats>>;
}

// The page needs no program of its own and nothing from elsewhere, so that a value that slips through could do nothing.
const policy =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The catalog page at `/`: rendered here, for people; it changes nothing and takes no token. */
export function pageRoutes({ server, catalog, refusals, families }: PageParts): void {
  const preHandler = calculatorFor(catalog);
  server.get("/page.css", (_request, reply) => reply.type("text/css; charset=utf-8").send(pageCss));
  server.get("/", (request, reply) => {
    return show(reply, 200, ["Catalog", "/", overviewHtml(catalog, `http://${request.host}/v1`)]);
  });
  server.get("/activity", (_request, reply) => {
    return show(reply, 200, ["Activity", "/activity", activityHtml(catalog, refusals())]);
  });
  server.get("/limits", (_request, reply) => show(reply, 200, ["Limits", "/limits", limitsHtml(families())]));
  server.get("/catalog", (request, reply) => {
    return show(reply, 200, ["Entities", "/catalog", tableHtml(catalog, undefined, queryOf(request))]);
  });
  server.get("/catalog/:blueprint", (request, reply) => {
    const { blueprint } = request.params as { readonly blueprint: string };
    const shelf = catalog.shelves.get(blueprint);
    if (shelf === undefined) return lost(reply, `There is no blueprint ${blueprint}.`);
    const { title = blueprint } = shelf.blueprint;
    return show(reply, 200, [title, "/catalog", tableHtml(catalog, shelf, queryOf(request))]);
  });
  server.get("/catalog/:blueprint/:entity", { preHandler }, (request, reply) => {
    const { blueprint, entity: identifier } = request.params as Readonly<Record<"blueprint" | "entity", string>>;
    const shelf = catalog.shelves.get(blueprint);
    const entity = shelf?.entities.get(identifier);
    if (shelf === undefined || entity === undefined) return lost(reply, `There is no ${blueprint} ${identifier}.`);
    return show(reply, 200, [entity.title ?? identifier, "/catalog", entityHtml(catalog, shelf, entity)]);
  });
}

function show(
  reply: FastifyReply,
  status: number,
  [title, here, content]: readonly [string, string, Html],
): FastifyReply {
  return reply
    .code(status)
    .headers({ "content-security-policy": policy, "x-content-type-options": "nosniff", "cache-control": "no-store" })
    .type("text/html; charset=utf-8")
    .send(pageHtml(title, here, content));
}

function lost(reply: FastifyReply, message: string): FastifyReply {
  return show(reply, 404, ["Not found", "", html`<h1>Not found</h1><p>${message}</p>`]);
}

function queryOf({ query }: FastifyRequest): TableQuery {
  const { q, page, sort } = query as Readonly<Record<string, unknown>>;
  const wanted = Number(page);
  return {
    q: typeof q === "string" ? q : "",
    page: Number.isInteger(wanted) ? wanted : 1,
    sort: typeof sort === "string" ? sort : "",
  };
}
