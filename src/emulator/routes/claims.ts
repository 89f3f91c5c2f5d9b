import { type ActionRun, isObject } from "../model.js";
import { notFound, Refusal } from "../refusal.js";
import { findRun } from "../runs.js";
import { runReply } from "./actions.js";
import { answer, ok, type RouteParts } from "./routes.js";

const text = { type: "string" };
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
