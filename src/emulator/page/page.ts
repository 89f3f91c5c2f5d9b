import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { baseCss, graphCss, type Html, html } from "../../pages/html.js";
import type { FamilyStats } from "../limits.js";
import type { Catalog } from "../model.js";
import { calculatorFor } from "../routes/routes.js";
import { pageHtml, type RecentRefusal } from "./html.js";
import { activityHtml, entityHtml, limitsHtml, overviewHtml } from "./overview.js";
import { type TableQuery, tableHtml } from "./table.js";

/** The page's stylesheet: that of every page, and what only the catalog page has. */
const pageCss = `${baseCss}${graphCss}
header { background: var(--panel); border-bottom: 1px solid var(--line); }
header .frame { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 28px; padding-top: 10px; padding-bottom: 10px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; }
nav a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
main.frame { padding-top: 20px; padding-bottom: 48px; }
ul.inline li { display: inline-block; margin-right: 16px; }
ul.plain { margin: 0; padding: 0; list-style: none; }
form { display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0; }
.pages { margin-top: 12px; align-items: baseline; }
th a.sort { color: inherit; } td.short { white-space: nowrap; }
`;

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
    return show(reply, 200, [
      "Catalog",
      "/",
      overviewHtml(catalog, `http://${request.host}/v1`, queryOf(request).sort),
    ]);
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
