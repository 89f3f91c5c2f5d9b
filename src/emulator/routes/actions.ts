import type { FastifyRequest } from "fastify";
import { type Action, type ActionRun, type Catalog, type Document, isObject } from "../model.js";
import { identifierTaken, invalidRequest, notFound, Refusal } from "../refusal.js";
import { addLog, changeRun, findRun, logReply, type RunChange, runReply, startRun } from "../runs.js";
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

const claimBody = {
  type: "object",
  properties: {
    installationId: text,
    limit: { type: "integer", minimum: 1 },
    visibilityTimeoutMs: { type: "integer", minimum: 0 },
    exclude: { type: "array", items: text },
  },
  required: ["installationId", "limit", "visibilityTimeoutMs"],
};
const ackBody = { type: "object", properties: { runId: text }, required: ["runId"] };
const nodeAckBody = { type: "object", properties: { nodeRunIdentifier: text }, required: ["nodeRunIdentifier"] };

interface ClaimBody {
  readonly installationId: string;
  readonly limit: number;
  readonly visibilityTimeoutMs: number;
  readonly exclude?: readonly string[];
}

/**
 * How an Ocean integration takes the runs that it is to execute: it claims them, which hides them from other claims for a while, and acknowledges each once.
 * There are no workflows here, so no node of one ever runs.
 */
export function claimRoutes({ server, catalog }: RouteParts): void {
  const hiddenUntil = new Map<string, number>();
  const acknowledged = new Set<string>();
  const isFor = (run: ActionRun, { installationId, exclude = [] }: ClaimBody): boolean => {
    const method: unknown = run.action.invocationMethod;
    return isObject(method) && method.installationId === installationId && !exclude.includes(run.action.identifier);
  };
  server.post("/v1/actions/runs/claim-pending", { schema: { body: claimBody } }, (request, reply) => {
    const body = request.body as ClaimBody;
    const now = catalog.clock();
    const isFree = ({ id, status }: ActionRun) =>
      status === "IN_PROGRESS" && !acknowledged.has(id) && (hiddenUntil.get(id) ?? 0) <= now;
    const claimed = [...catalog.runs.values()].filter((run) => isFree(run) && isFor(run, body)).slice(0, body.limit);
    for (const { id } of claimed) hiddenUntil.set(id, now + body.visibilityTimeoutMs);
    return answer(reply, ok({ runs: claimed.map(runReply) }));
  });
  server.patch("/v1/actions/runs/ack", { schema: { body: ackBody } }, (request, reply) => {
    const run = findRun(catalog, (request.body as { readonly runId: string }).runId);
    if (run instanceof Refusal) return answer(reply, run);
    if (acknowledged.has(run.id)) {
      return answer(reply, new Refusal(409, "already_acknowledged", `Action run "${run.id}" was acknowledged before`));
    }
    acknowledged.add(run.id);
    return answer(reply, ok({}));
  });
  server.post("/v1/workflows/runs/claim-pending", { schema: { body: claimBody } }, (_request, reply) => {
    return answer(reply, ok({ nodeRuns: [] }));
  });
  server.get("/v1/workflows/nodes/runs", (_request, reply) => answer(reply, ok({ nodeRuns: [] })));
  server.patch("/v1/workflows/runs/ack", { schema: { body: nodeAckBody } }, (request, reply) => {
    const { nodeRunIdentifier } = request.body as { readonly nodeRunIdentifier: string };
    return answer(reply, notFound("Node run", nodeRunIdentifier));
  });
}
