import type { FastifyRequest } from "fastify";
import type { Document } from "../model.js";
import { identifierTaken, notFound, type Refusal } from "../refusal.js";
import { type Answer, answer, ok, type RouteParts, stamped } from "./routes.js";

const identified = { type: "object", properties: { identifier: { type: "string", minLength: 1 } } };
const newOne = { ...identified, required: ["identifier"] };

/** `/v1/pages` and the folders of the catalog's sidebar: kept and given back, as Ocean and Port's CLI write and read them. */
export function pageDocumentRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  const { page: pages, folder: folders } = catalog.documents;
  const one = "/v1/pages/:page";
  server.get("/v1/pages", (_request, reply) => answer(reply, ok({ pages: [...pages.values()] })));
  server.post("/v1/pages", { schema: { body: newOne } }, (request, reply) => {
    const page = stamped(parts, request, request.body as Document);
    return answer(reply, added(pages, "Page", page) ?? { status: 201, body: { ok: true, page } });
  });
  server.get(one, (request, reply) =>
    answer(
      reply,
      withPage(request, (page) => ok({ page })),
    ),
  );
  server.patch(one, { schema: { body: identified } }, (request, reply) => {
    const changed = withPage(request, (old) => {
      const page = stamped(parts, request, { ...old, ...(request.body as Document) }, old);
      if (page.identifier !== old.identifier && pages.has(String(page.identifier))) {
        return identifierTaken("Page", String(page.identifier));
      }
      pages.delete(String(old.identifier));
      pages.set(String(page.identifier), page);
      return ok({ identifier: page.identifier, page });
    });
    return answer(reply, changed);
  });
  server.delete(one, (request, reply) => {
    const removed = withPage(request, ({ identifier }) => {
      pages.delete(String(identifier));
      return ok({});
    });
    return answer(reply, removed);
  });
  server.get("/v1/sidebars/catalog", (_request, reply) => {
    const items = [...folders.values()].map((folder) => ({ ...folder, sidebarType: "folder" }));
    return answer(reply, ok({ sidebar: { identifier: "catalog", items } }));
  });
  server.post("/v1/sidebars/catalog/folders", { schema: { body: newOne } }, (request, reply) => {
    const folder = request.body as Document;
    return answer(reply, added(folders, "Folder", folder) ?? { status: 201, body: { ok: true, folder } });
  });

  function withPage(request: FastifyRequest, then: (page: Document) => Answer): Answer {
    const { page: identifier } = request.params as { readonly page: string };
    const page = pages.get(identifier);
    return page === undefined ? notFound("Page", identifier) : then(page);
  }
}

function added(documents: Map<string, Document>, what: string, document: Document): Refusal | undefined {
  const identifier = String(document.identifier);
  if (documents.has(identifier)) return identifierTaken(what, identifier);
  documents.set(identifier, document);
  return undefined;
}
