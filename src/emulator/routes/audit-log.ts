import type { FastifyRequest } from "fastify";
import { type Audit, auditIdentifier } from "../audit.js";
import { answer, ok, type RouteParts } from "./routes.js";

/**
 * `GET /v1/audit-log`: writes of entities, newest first, `limit` of them (default 100).
 * @source fact sheet 4.6; Port's GitHub action asks it which entity a run has written
 */
export function auditLogRoute({ server, catalog }: RouteParts): void {
  server.get("/v1/audit-log", (request: FastifyRequest, reply) => {
    const query = request.query as Readonly<Record<string, unknown>>;
    const wanted = (audit: Audit): boolean =>
      (query.entity ?? audit.entity) === audit.entity &&
      (query.blueprint ?? audit.blueprint) === audit.blueprint &&
      (query.action ?? audit.deed) === audit.deed &&
      [query.resources ?? "entity"].flat().includes("entity");
    const runId = typeof query.run_id === "string" ? query.run_id : undefined;
    const limit = Number(query.limit ?? 100);
    return answer(reply, ok({ audits: catalog.audits.read(runId).filter(wanted).slice(0, limit).map(auditReply) }));
  });
}

function auditReply(audit: Audit): object {
  const at = new Date(audit.at).toISOString();
  return {
    identifier: auditIdentifier(audit),
    action: audit.deed,
    resourceType: "entity",
    status: "SUCCESS",
    trigger: { at, by: { userId: audit.by }, origin: "API" },
    context: {
      blueprint: audit.blueprint,
      entity: audit.entity,
      ...(audit.runId === null ? {} : { runId: audit.runId }),
    },
  };
}
