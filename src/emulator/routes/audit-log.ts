import { randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Audit, AuditLog } from "../model.js";
import { answer, ok, type RouteParts } from "./routes.js";

/** One entry's identifier as replies show it; the number makes it unique within the emulator. */
export function auditIdentifier(audit: Audit): string {
  return `${prefix}_${audit.number}`;
}

const prefix = `evt_${randomBytes(6).toString("hex")}`;

/** Makes an empty log that keeps the last `kept` writes; those of a run stay, up to 100,000. */
export function createAuditLog(kept = 1000): AuditLog {
  const ring: Audit[] = [];
  const ofRuns: Audit[] = [];
  let next = 0;
  return {
    record: (deed, blueprint, entity, at, writer) => {
      const runId = writer.runId ?? null;
      const audit: Audit = { number: next, deed, blueprint, entity, at, by: writer.by, runId };
      ring[next % kept] = audit;
      next += 1;
      if (runId !== null && ofRuns.length < 100_000) ofRuns.push(audit);
    },
    read: (runId) => {
      const chosen = runId === undefined ? ring : ofRuns.filter((audit) => audit.runId === runId);
      return [...chosen].sort((a, b) => b.number - a.number);
    },
  };
}

/**
 * `GET /v1/audit-log`: writes of entities, newest first, `limit` of them (default 100).
 * Port's GitHub action asks it which entity a run has written.
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
