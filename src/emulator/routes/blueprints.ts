import { isDeepStrictEqual } from "node:util";
import type { FastifyInstance, FastifyRequest, preHandlerHookHandler } from "fastify";
import type { Blueprint } from "../../blueprint.js";
import { type Member, renameMember } from "../blueprint-faults.js";
import { blueprintBodies } from "../blueprint-schema.js";
import { createBlueprint, deleteBlueprint, patchBlueprint, replaceBlueprint } from "../blueprints.js";
import { type Catalog, type Document, isObject, type StoredBlueprint } from "../model.js";
import { identifierTaken, notFound, Refusal } from "../refusal.js";
import { send } from "../server.js";
import { systemBlueprints, systemIdentifiers } from "../system-blueprints.js";
import { answer, ok, type RouteAnswer, type RouteParts, readFlags, shelfOf, stamped, writerOf } from "./routes.js";

/**
 * Keeps Port's own blueprints from being deleted or renamed, and what they come with from being taken away, changed or renamed. They may be extended. Call it before
 * the routes of blueprints are added.
 *
 * Port's guides to scorecards, users and teams, and its page "Change a blueprint": a stale or incomplete schema of a system blueprint is a 422.
 */
export function protectSystemBlueprints(server: FastifyInstance, catalog: Catalog): void {
  server.addHook("onRoute", (route) => {
    const change = changes.find(({ method, url }) => route.method === method && url.test(route.url));
    if (change === undefined) return;
    const guard: preHandlerHookHandler = (request, reply, done) => {
      const { blueprint } = request.params as { readonly blueprint: string };
      const current = systemIdentifiers.has(blueprint) ? catalog.shelves.get(blueprint)?.blueprint : undefined;
      const refusal = current === undefined ? undefined : change.refusal(catalog, current, request);
      if (refusal === undefined) done();
      else void send(reply, refusal);
    };
    route.preHandler = [guard, ...[route.preHandler ?? []].flat()];
  });
}

type Guard = (catalog: Catalog, blueprint: StoredBlueprint, request: FastifyRequest) => Refusal | undefined;

const one = /^\/v1\/blueprints\/:blueprint$/;
const changes: readonly { readonly method: string; readonly url: RegExp; readonly refusal: Guard }[] = [
  { method: "DELETE", url: one, refusal: (catalog, { identifier }) => deletionRefusal(catalog, identifier) },
  {
    method: "DELETE",
    url: /\/all-entities$/,
    refusal: (catalog, { identifier }, request) => {
      const { delete_blueprint: whole } = request.query as { readonly delete_blueprint?: string };
      return whole === "true" ? deletionRefusal(catalog, identifier) : undefined;
    },
  },
  { method: "PUT", url: one, refusal: (_, current, { body }) => changeRefusal(current, body, false) },
  { method: "PATCH", url: one, refusal: (_, current, { body }) => changeRefusal(current, body, true) },
  {
    method: "PATCH",
    url: /\/rename$/,
    refusal: (_, { identifier }, request) => {
      const { member } = request.params as { readonly member: string };
      const route = request.routeOptions.url ?? "";
      return defaultsOf(identifier).some(([group, key]) => key === member && route.includes(`/${group}/`))
        ? violation(422, `"${member}" of the blueprint "${identifier}" cannot be renamed`)
        : undefined;
    },
  },
];

function deletionRefusal(catalog: Catalog, identifier: string): Refusal {
  return violation(
    catalog.readings.protectedStatus,
    `The blueprint "${identifier}" is protected and cannot be deleted`,
  );
}

// Of a replacement every default must be there as it is, of a patch those that it names.
function changeRefusal(current: StoredBlueprint, body: unknown, patch: boolean): Refusal | undefined {
  const { identifier } = current;
  const next = body as { readonly identifier?: string };
  if ((next.identifier ?? identifier) !== identifier)
    return violation(422, `The blueprint "${identifier}" cannot be renamed`);
  for (const [group, key] of defaultsOf(identifier)) {
    const held = memberOf(current, group, key);
    const given = memberOf(next, group, key);
    if (held === undefined || (given === undefined && patch)) continue;
    const same = patch ? isObject(given) && isDeepStrictEqual(held, { ...held, ...given }) : alike(held, given);
    if (!same) return violation(422, `"${group}/${key}" of the blueprint "${identifier}" cannot be changed or deleted`);
  }
  return undefined;
}

type ScorecardGroup = "properties" | "relations";

function defaultsOf(identifier: string): readonly (readonly [ScorecardGroup, string])[] {
  const { schema, relations = {} } = systemBlueprints.find((one) => one.identifier === identifier) ?? {
    schema: { properties: {} },
  };
  return [
    ...Object.keys(schema.properties).map((key) => ["properties", key] as const),
    ...Object.keys(relations).map((key) => ["relations", key] as const),
  ];
}

function memberOf(
  blueprint: object,
  group: ScorecardGroup,
  key: string,
): Readonly<Record<string, unknown>> | undefined {
  const { schema, relations } = blueprint as {
    readonly schema?: { readonly properties?: unknown };
    readonly relations?: unknown;
  };
  const members = group === "properties" ? schema?.properties : relations;
  const member = isObject(members) && Object.hasOwn(members, key) ? members[key] : undefined;
  return isObject(member) ? member : undefined;
}

// A relation's `false` may as well be left out.
function alike(held: Readonly<Record<string, unknown>>, given: Readonly<Record<string, unknown>> | undefined): boolean {
  if (given === undefined) return false;
  return Object.keys({ ...held, ...given }).every((word) =>
    isDeepStrictEqual(held[word] ?? false, given[word] ?? false),
  );
}

function violation(status: number, message: string): Refusal {
  return new Refusal(status, "protected_blueprint_violation", message);
}

/** `/v1/blueprints`, `/v1/blueprints/:blueprint` and the renaming of what a blueprint has. */
export function blueprintRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  const one = "/v1/blueprints/:blueprint";
  const bodies = blueprintBodies(catalog.readings);
  server.get("/v1/blueprints", (_request, reply) => {
    return answer(reply, ok({ blueprints: [...catalog.shelves.values()].map((shelf) => shelf.blueprint) }));
  });
  server.post("/v1/blueprints", { schema: { body: bodies.create } }, (request, reply) => {
    const flags = readFlags(request, ["create_catalog_page"]);
    if (flags instanceof Refusal) return answer(reply, flags);
    const shelf = createBlueprint(catalog, request.body as Blueprint, writerOf(parts, request));
    return answer(
      reply,
      shelf instanceof Refusal ? shelf : { status: 201, body: { ok: true, blueprint: shelf.blueprint } },
    );
  });
  server.get(one, (request, reply) => {
    const shelf = shelfOf(catalog, request);
    return answer(reply, shelf instanceof Refusal ? shelf : ok({ blueprint: shelf.blueprint }));
  });
  server.put(one, { schema: { body: bodies.replace } }, (request, reply) => {
    return answer(reply, change(parts, request, replaceBlueprint));
  });
  server.patch(one, { schema: { body: bodies.patch } }, (request, reply) => {
    return answer(reply, change(parts, request, patchBlueprint));
  });
  for (const [member, segment, word] of renames) {
    const path = `${one}/${segment}/:member/rename`;
    const body = { type: "object", properties: { [word]: memberName }, additionalProperties: false };
    server.patch(path, { schema: { body } }, (request, reply) => answer(reply, rename(parts, request, member, word)));
  }
  server.delete(one, (request, reply) => {
    const flags = readFlags(request, ["delete_actions"]);
    if (flags instanceof Refusal) return answer(reply, flags);
    const shelf = shelfOf(catalog, request);
    return answer(reply, shelf instanceof Refusal ? shelf : (deleteBlueprint(catalog, shelf) ?? ok({})));
  });
}

const memberName = { type: "string", pattern: "^[A-Za-z0-9@_=\\\\-]+$", maxLength: 100 };

/** The keys of the bodies as in Port's API description. */
const renames: readonly (readonly [Member, string, string])[] = [
  ["property", "properties", "newPropertyName"],
  ["mirror", "mirror", "newMirrorName"],
  ["relation", "relations", "newRelationIdentifier"],
];

function rename(parts: RouteParts, request: FastifyRequest, member: Member, word: string): RouteAnswer {
  const shelf = shelfOf(parts.catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const { member: from } = request.params as { readonly member: string };
  const to = (request.body as Readonly<Record<string, string>> | undefined)?.[word];
  const refusal = renameMember(parts.catalog, shelf, member, from, to, writerOf(parts, request));
  return refusal ?? ok({ blueprint: shelf.blueprint });
}

function change(parts: RouteParts, request: FastifyRequest, how: typeof replaceBlueprint): RouteAnswer {
  const shelf = shelfOf(parts.catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const changed = how(parts.catalog, shelf, request.body as Blueprint, writerOf(parts, request));
  return changed instanceof Refusal ? changed : ok({ blueprint: changed.blueprint });
}

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

  function withPage(request: FastifyRequest, then: (page: Document) => RouteAnswer): RouteAnswer {
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
