import type { FastifyReply, FastifyRequest } from "fastify";
import type { Document } from "../model.js";
import { identifierTaken, notFound, Refusal } from "../refusal.js";
import { answer, ok, type RouteAnswer, type RouteParts, shelfOf, stamped } from "./routes.js";

const text = { type: "string" };
const body = {
  type: "object",
  properties: {
    title: text,
    installationAppType: text,
    version: text,
    config: { type: ["object", "null"] },
    changelogDestination: { type: "object" },
    actionsProcessingEnabled: { type: "boolean" },
    arePortResourcesInitialized: { type: "boolean" },
  },
};
const newBody = { ...body, properties: { ...body.properties, installationId: text }, required: ["installationId"] };
const configBody = { type: "object", properties: { config: { type: "object" } }, required: ["config"] };
const logsBody = { type: "object", properties: { logs: { type: "array" } }, required: ["logs"] };

/** Log lines of an integration that are kept. */
const maxLogs = 1000;

/**
 * `/v1/integration`, as far as an Ocean integration needs it to start, to keep its mapping and state, and to log. Nothing here runs a resync.
 * The shapes are those that Ocean's client reads and its own mock of the API gives.
 */
export function integrationRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  const { integration: integrations, cursor: cursors } = catalog.documents;
  const logs = new Map<string, Document[]>();
  const one = "/v1/integration/:integration";
  const nameOf = (request: FastifyRequest) => (request.params as { readonly integration: string }).integration;
  const route = (then: (request: FastifyRequest, found: Document) => RouteAnswer) => {
    return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const found = integrations.get(nameOf(request));
      return answer(reply, found === undefined ? notFound("Integration", nameOf(request)) : then(request, found));
    };
  };
  const store = (request: FastifyRequest, changed: Document, old?: Document): Document => {
    const next = stamped(parts, request, changed, old);
    integrations.set(String(next.identifier), next);
    return integrationReply(request, next);
  };
  server.get("/v1/integration", (request, reply) => {
    const all = [...integrations.values()].map((found) => integrationReply(request, found));
    return answer(reply, ok({ integrations: all }));
  });
  server.post("/v1/integration", { schema: { body: newBody } }, (request, reply) => {
    const { installationId, installationAppType, ...rest } = request.body as Document;
    const identifier = String(installationId);
    if (integrations.has(identifier)) return answer(reply, identifierTaken("Integration", identifier));
    const { integration_modes: modes } = request.query as Readonly<Record<string, unknown>>;
    // Asked for resources, Port makes the integration's own mapping; the emulator knows none, and an empty one would be waited for.
    const config = [modes].flat().includes("create_resources") ? { resources: [] } : (rest.config ?? {});
    const made = { ...rest, identifier, config, integrationType: installationAppType ?? "custom", resyncState: {} };
    return answer(reply, { status: 201, body: { ok: true, integration: store(request, made) } });
  });
  server.get("/v1/integration/provision-enabled", (_request, reply) => answer(reply, ok({ integrations: [] })));
  server.get(
    one,
    route((request, found) => ok({ integration: integrationReply(request, found) })),
  );
  server.patch(
    one,
    { schema: { body } },
    route((request, found) => {
      const { installationAppType, ...rest } = request.body as Document;
      const type = installationAppType === undefined ? {} : { integrationType: installationAppType };
      return ok({ integration: store(request, { ...found, ...rest, ...type, identifier: found.identifier }, found) });
    }),
  );
  server.patch(
    `${one}/config`,
    { schema: { body: configBody } },
    route((request, found) => {
      return ok({ integration: store(request, { ...found, config: (request.body as Document).config }, found) });
    }),
  );
  server.patch(
    `${one}/resync-state`,
    { schema: { body: { type: "object" } } },
    route((request, found) => {
      const resyncState = { ...(found.resyncState as Document), ...(request.body as Document) };
      return ok({ integration: store(request, { ...found, resyncState }, found) });
    }),
  );
  server.delete(
    one,
    route((_request, found) => {
      integrations.delete(String(found.identifier));
      return ok({});
    }),
  );
  server.get(
    `${one}/resync-request`,
    route(() => ok({ request: null })),
  );
  server.get(
    `${one}/logs`,
    route((_request, found) => ok({ data: logs.get(String(found.identifier)) ?? [] })),
  );
  server.post(
    `${one}/kinds/:kind/examples`,
    { schema: { body: { type: "object" } } },
    route(() => ok({})),
  );
  const cursorOf = (request: FastifyRequest) => {
    const { kind, index } = request.query as Readonly<Record<string, unknown>>;
    return `${nameOf(request)}/${String(kind)}/${String(index)}`;
  };
  server.get(
    `${one}/cursor`,
    route((request) => ok({ cursor: cursors.get(cursorOf(request)) ?? null })),
  );
  for (const method of ["PUT", "POST"] as const) {
    server.route({
      method,
      url: `${one}/cursor`,
      schema: { body: { type: "object" } },
      handler: route((request) => {
        const name = cursorOf(request);
        if (method === "PUT" && !cursors.has(name)) return notFound("Cursor", name);
        cursors.set(name, request.body as Document);
        return ok({ cursor: request.body });
      }),
    });
  }
  // Where the attributes of an integration send logs and metrics: another host of Port's, here the same.
  server.post("/ingest/:integration/logs", { schema: { body: logsBody } }, (request, reply) => {
    const kept = [...(logs.get(nameOf(request)) ?? []), ...(request.body as { readonly logs: Document[] }).logs];
    logs.set(nameOf(request), kept.slice(-maxLogs));
    return answer(reply, { status: 202, body: { ok: true } });
  });
  const accept = (_request: FastifyRequest, reply: FastifyReply): FastifyReply => answer(reply, ok({}));
  server.post("/ingest/:integration/metrics/syncMetrics", accept);
  server.post("/ingest/:integration/metrics/heartbeat", accept);
  server.post("/ingest/:integration/lake/write/*", accept);
  server.put("/ingest/:integration/metrics/syncMetrics/resync/:event/kind/:kind", accept);
}

function integrationReply(request: FastifyRequest, integration: Document): Document {
  const ingest = `http://${request.host}/ingest/${encodeURIComponent(String(integration.identifier))}`;
  return {
    ...integration,
    installationType: "OnPrem",
    _orgId: "org_emulator",
    _id: `integration_${String(integration.identifier)}`,
    clientId: "",
    logAttributes: { ingestId: integration.identifier, ingestUrl: `${ingest}/logs` },
    metricAttributes: { ingestId: integration.identifier, ingestUrl: `${ingest}/metrics` },
    ingestAttributes: { ingestUrl: ingest },
  };
}

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
