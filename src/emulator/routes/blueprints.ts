import type { FastifyRequest } from "fastify";
import type { Blueprint } from "../../blueprint.js";
import { type Member, renameMember } from "../blueprint-members.js";
import { blueprintBodies } from "../blueprint-schema.js";
import { createBlueprint, deleteBlueprint, patchBlueprint, replaceBlueprint } from "../blueprints.js";
import { Refusal } from "../refusal.js";
import { type Answer, answer, ok, type RouteParts, readFlags, shelfOf, writerOf } from "./routes.js";

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

function rename(parts: RouteParts, request: FastifyRequest, member: Member, word: string): Answer {
  const shelf = shelfOf(parts.catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const { member: from } = request.params as { readonly member: string };
  const to = (request.body as Readonly<Record<string, string>> | undefined)?.[word];
  const refusal = renameMember(parts.catalog, shelf, member, from, to, writerOf(parts, request));
  return refusal ?? ok({ blueprint: shelf.blueprint });
}

function change(parts: RouteParts, request: FastifyRequest, how: typeof replaceBlueprint): Answer {
  const shelf = shelfOf(parts.catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const changed = how(parts.catalog, shelf, request.body as Blueprint, writerOf(parts, request));
  return changed instanceof Refusal ? changed : ok({ blueprint: changed.blueprint });
}
