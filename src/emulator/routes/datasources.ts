import { Refusal } from "../refusal.js";
import { answer, ok, type RouteParts, shelfOf } from "./routes.js";

const text = { type: "string" };
const bulkBody = {
  type: "object",
  properties: { entitiesIdentifiers: { type: "array", items: text }, datasource: text },
  required: ["entitiesIdentifiers", "datasource"],
};

/** Which program an entity is of, as Port's migration from one GitHub app to the other reads and changes it. */
export function datasourceRoutes({ server, catalog }: RouteParts): void {
  server.get("/v1/data-sources", (_request, reply) => {
    const dataSources = [...catalog.documents.integration.values()].map((integration) => ({
      type: "integration",
      context: { installationId: integration.identifier, integrationType: integration.integrationType },
      blueprints: blueprintsOf(String(integration.identifier)),
    }));
    return answer(reply, ok({ dataSources }));
  });
  server.patch("/v1/blueprints/:blueprint/datasource/bulk", { schema: { body: bulkBody } }, (request, reply) => {
    const shelf = shelfOf(catalog, request);
    if (shelf instanceof Refusal) return answer(reply, shelf);
    const { entitiesIdentifiers, datasource } = request.body as {
      readonly entitiesIdentifiers: readonly string[];
      readonly datasource: string;
    };
    for (const identifier of entitiesIdentifiers) {
      const entity = shelf.entities.get(identifier);
      if (entity !== undefined) entity.datasource = datasource;
    }
    return answer(reply, ok({}));
  });

  // The second to last part of the User-Agent of an Ocean integration is its identifier.
  function blueprintsOf(identifier: string): readonly { readonly identifier: string }[] {
    return [...catalog.shelves]
      .filter(([, { entities }]) =>
        [...entities.values()].some(({ datasource }) => datasource?.split("/").includes(identifier) === true),
      )
      .map(([blueprint]) => ({ identifier: blueprint }));
  }
}
