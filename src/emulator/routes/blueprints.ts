import type { FastifyRequest } from "fastify";
import type { Blueprint } from "../../blueprint.js";
import { createBlueprintBody, patchBlueprintBody, replaceBlueprintBody } from "../blueprint-schema.js";
import { createBlueprint, deleteBlueprint, patchBlueprint, replaceBlueprint } from "../blueprints.js";
import { readFlags } from "../queries.js";
import { Refusal } from "../refusal.js";
import { type Answer, answer, ok, type RouteParts, shelfOf, writerOf } from "./routes.js";

/** `/v1/blueprints` and `/v1/blueprints/:blueprint`. */
export function blueprintRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  const one = "/v1/blueprints/:blueprint";
  server.get("/v1/blueprints", (_request, reply) => {
    return answer(reply, ok({ blueprints: [...catalog.shelves.values()].map((shelf) => shelf.blueprint) }));
  });
  server.post("/v1/blueprints", { schema: { body: createBlueprintBody } }, (request, reply) => {
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
  server.put(one, { schema: { body: replaceBlueprintBody } }, (request, reply) => {
    return answer(reply, change(parts, request, replaceBlueprint));
  });
  server.patch(one, { schema: { body: patchBlueprintBody } }, (request, reply) => {
    return answer(reply, change(parts, request, patchBlueprint));
  });
  server.delete(one, (request, reply) => {
    const flags = readFlags(request, ["delete_actions"]);
    if (flags instanceof Refusal) return answer(reply, flags);
    const shelf = shelfOf(catalog, request);
    return answer(reply, shelf instanceof Refusal ? shelf : (deleteBlueprint(catalog, shelf) ?? ok({})));
  });
}

function change(parts: RouteParts, request: FastifyRequest, how: typeof replaceBlueprint): Answer {
  const shelf = shelfOf(parts.catalog, request);
  if (shelf instanceof Refusal) return shelf;
  const changed = how(parts.catalog, shelf, request.body as Blueprint, writerOf(parts, request));
  return changed instanceof Refusal ? changed : ok({ blueprint: changed.blueprint });
}
