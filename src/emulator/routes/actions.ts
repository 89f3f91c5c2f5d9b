import type { FastifyRequest } from "fastify";
import { type Action, type ActionRun, type Catalog, type Document, isObject, type RunLog } from "../model.js";
import { identifierTaken, invalidRequest, Refusal } from "../refusal.js";
import { addLog, changeRun, findRun, type RunChange, startRun } from "../runs.js";
import { answer, ok, type RouteAnswer, type RouteParts, shelfOf, writerOf } from "./routes.js";

const text = { type: "string" };
const ending = { enum: ["SUCCESS", "FAILURE"] };
const action = {
  type: "object",
  properties: { identifier: { ...text, minLength: 1 }, title: text, trigger: { type: "object" } },
};
const actionBody = { ...action, required: ["identifier", "trigger", "invocationMethod"] };
const runBody = {
  type: "object",
  properties: { properties: { type: "object" }, entity: text },
  required: ["properties"],
  additionalProperties: false,
};
const changeBody = {
  type: "object",
  properties: {
    status: ending,
    statusLabel: text,
    link: { anyOf: [text, { type: "array", items: text }] },
    message: { type: "object" },
    summary: text,
    externalRunId: text,
  },
  additionalProperties: false,
};
const logBody = {
  type: "object",
  properties: { message: text, terminationStatus: ending, statusLabel: text },
  required: ["message"],
  additionalProperties: false,
};

/** `/v1/actions`, `/v1/actions/:action/runs` and `/v1/actions/runs/:run`, as far as clients use them that tie entities to a run. */
export function actionRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  const one = "/v1/actions/:action";
  const run = "/v1/actions/runs/:run";
  server.get("/v1/actions", (_request, reply) => answer(reply, ok({ actions: [...catalog.actions.values()] })));
  server.post("/v1/actions", { schema: { body: actionBody } }, (request, reply) => {
    return answer(reply, createAction(catalog, request.body as Action));
  });
  server.get(one, (request, reply) =>
    answer(
      reply,
      withAction(catalog, request, (found) => ok({ action: found })),
    ),
  );
  server.put(one, { schema: { body: actionBody } }, (request, reply) => {
    const body = request.body as Action;
    return answer(
      reply,
      withAction(catalog, request, (found) => replaceAction(catalog, found, body)),
    );
  });
  server.delete(one, (request, reply) => {
    return answer(
      reply,
      withAction(catalog, request, ({ identifier }) => {
        catalog.actions.delete(identifier);
        return ok({});
      }),
    );
  });
  server.post(`${one}/runs`, { schema: { body: runBody } }, (request, reply) => {
    return answer(
      reply,
      withAction(catalog, request, (found) => createRun(parts, request, found)),
    );
  });
  // The retired address of a blueprint's actions, from which Port's CLI still reads them.
  server.get("/v1/blueprints/:blueprint/actions", (request, reply) => {
    const shelf = shelfOf(catalog, request);
    if (shelf instanceof Refusal) return answer(reply, shelf);
    const { identifier } = shelf.blueprint;
    const actions = [...catalog.actions.values()].filter(({ trigger }) => trigger?.blueprintIdentifier === identifier);
    return answer(reply, ok({ actions }));
  });
  server.get("/v1/actions/runs", (request, reply) => {
    return answer(reply, ok({ runs: askedRuns(catalog.runs.values(), request).map(runReply) }));
  });
  server.get(run, (request, reply) =>
    answer(
      reply,
      withRun(catalog, request, (found) => ok({ run: runReply(found) })),
    ),
  );
  server.patch(run, { schema: { body: changeBody } }, (request, reply) => {
    const change = request.body as RunChange;
    return answer(
      reply,
      withRun(catalog, request, (found) => changeRun(catalog, found, change) ?? ok({ run: runReply(found) })),
    );
  });
  server.get(`${run}/logs`, (request, reply) => {
    const reported = (found: ActionRun) => ok({ runLogs: found.logs.map((log) => logReply(found, log)) });
    return answer(reply, withRun(catalog, request, reported));
  });
  server.post(`${run}/logs`, { schema: { body: logBody } }, (request, reply) => {
    return answer(
      reply,
      withRun(catalog, request, (found) => createLog(parts, request, found)),
    );
  });
}

function createAction(catalog: Catalog, body: Action): RouteAnswer {
  if (catalog.actions.has(body.identifier)) return identifierTaken("Action", body.identifier);
  catalog.actions.set(body.identifier, body);
  return { status: 201, body: { ok: true, action: body } };
}

function replaceAction(catalog: Catalog, found: Action, body: Action): RouteAnswer {
  if (body.identifier !== found.identifier && catalog.actions.has(body.identifier)) {
    return identifierTaken("Action", body.identifier);
  }
  catalog.actions.delete(found.identifier);
  catalog.actions.set(body.identifier, body);
  return ok({ action: body });
}

function createRun(parts: RouteParts, request: FastifyRequest, found: Action): RouteAnswer {
  const { catalog } = parts;
  const input = request.body as { readonly properties: object; readonly entity?: string };
  const blueprint = found.trigger?.blueprintIdentifier;
  if (blueprint !== undefined && input.entity !== undefined) {
    const known = catalog.shelves.get(blueprint)?.entities.has(input.entity) === true;
    if (!known)
      return new Refusal(
        404,
        "not_found",
        `Entity with identifier "${input.entity}" does not exist in the blueprint "${blueprint}"`,
      );
  }
  const run = startRun(catalog, found, input, writerOf(parts, request));
  return { status: 202, body: { ok: true, run: runReply(run) } };
}

function createLog(parts: RouteParts, request: FastifyRequest, found: ActionRun): RouteAnswer {
  const log = addLog(parts.catalog, found, request.body as { message: string }, writerOf(parts, request));
  return log instanceof Refusal ? log : { status: 201, body: { ok: true, runLog: logReply(found, log) } };
}

function withAction(catalog: Catalog, request: FastifyRequest, then: (found: Action) => RouteAnswer): RouteAnswer {
  const { action: identifier } = request.params as { readonly action: string };
  const found = catalog.actions.get(identifier);
  if (found === undefined) return new Refusal(404, "not_found", `Action with identifier "${identifier}" was not found`);
  return then(found);
}

function withRun(catalog: Catalog, request: FastifyRequest, then: (found: ActionRun) => RouteAnswer): RouteAnswer {
  const { run: id } = request.params as { readonly run: string };
  const { version } = request.query as { readonly version?: unknown };
  if (version !== undefined && version !== "v1" && version !== "v2") {
    return invalidRequest(`"querystring/version" must be equal to one of the allowed values`);
  }
  const found = findRun(catalog, id);
  return found instanceof Refusal ? found : then(found);
}

/** A run as replies show it. */
export function runReply(run: ActionRun): object {
  const { identifier, title = null, invocationMethod } = run.action;
  return {
    id: run.id,
    ...(run.blueprint === null ? {} : { blueprint: { identifier: run.blueprint } }),
    ...(run.entity === null ? {} : { entity: { identifier: run.entity } }),
    action: { identifier, title },
    ...(isObject(invocationMethod) ? { payload: invocationMethod } : {}),
    properties: run.properties,
    source: "API",
    requiredApproval: false,
    status: run.status,
    statusLabel: run.statusLabel,
    link: run.link,
    ...(run.summary === null ? {} : { summary: run.summary }),
    ...(run.externalRunId === null ? {} : { externalRunId: run.externalRunId }),
    createdBy: run.createdBy,
    createdAt: new Date(run.createdAt).toISOString(),
    updatedAt: new Date(run.updatedAt).toISOString(),
    ...(run.endedAt === null ? {} : { endedAt: new Date(run.endedAt).toISOString() }),
  };
}

function logReply(run: ActionRun, log: RunLog): object {
  const { id, message, by, at } = log;
  return { id, runId: run.id, message, createdBy: by, createdAt: new Date(at).toISOString() };
}

/** Runs that match what is asked for in the query string of `GET /v1/actions/runs`. */
function askedRuns(runs: Iterable<ActionRun>, request: FastifyRequest): readonly ActionRun[] {
  const query = request.query as Document;
  const matches = (run: ActionRun): boolean =>
    (query.entity ?? run.entity) === run.entity &&
    (query.blueprint ?? run.blueprint) === run.blueprint &&
    (query.action ?? run.action.identifier) === run.action.identifier &&
    (query.external_run_id ?? run.externalRunId) === run.externalRunId &&
    (query.active !== "true" || run.status === "IN_PROGRESS");
  return [...runs].filter(matches).slice(0, Number(query.limit ?? 1000));
}
