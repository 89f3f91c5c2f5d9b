import { randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Credentials } from "../../secrets.js";
import { type Audit, type AuditLog, type Document, isObject, type Shelf } from "../model.js";
import { notFound, Refusal } from "../refusal.js";
import type { TokenIssuer } from "../tokens.js";
import { answer, ok, type RouteParts, shelfOf } from "./routes.js";

const text = { type: "string" };
const properties = {
  name: text,
  settings: { type: "object" },
  isOnboarded: { type: "boolean" },
  toolSelectionProvisioning: { type: "object" },
  announcement: { type: "object" },
};
const patchBody = { type: "object", properties, additionalProperties: false };
const putBody = { ...patchBody, required: ["name"] };
const permissionsBody = { type: "object" };

/**
 * `/v1/organization`, and the permissions of blueprints, actions and pages: kept and given back, and never asked for when something is written.
 * The defaults are those of Port's guides to permissions.
 */
export function organizationRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  const { permissions } = catalog.documents;
  const organization = () => ({ id: "org_emulator", featureFlags: [], ...catalog.organization });
  server.get("/v1/organization", (_request, reply) => answer(reply, ok({ organization: organization() })));
  // Who holds the credentials may run every action.
  server.get("/v1/auth/permissions", (_request, reply) => {
    return answer(reply, ok({ permissions: [...catalog.actions.keys()].map((action) => `execute:actions:${action}`) }));
  });
  server.put("/v1/organization", { schema: { body: putBody } }, (request, reply) => {
    catalog.organization = request.body as Document;
    return answer(reply, ok({}));
  });
  server.patch("/v1/organization", { schema: { body: patchBody } }, (request, reply) => {
    catalog.organization = { ...catalog.organization, ...(request.body as Document) };
    return answer(reply, ok({}));
  });
  // What permissions belong to, each with its defaults or why there are none.
  const kinds = [
    ["/v1/blueprints/:blueprint", blueprintDefaults],
    ["/v1/actions/:action", actionDefaults],
    ["/v1/pages/:page", pageDefaults],
  ] as const;
  for (const [one, defaultsOf] of kinds) {
    const nameOf = (request: FastifyRequest) => JSON.stringify(request.params);
    server.get(`${one}/permissions`, (request, reply) => {
      const defaults = defaultsOf(request);
      if (defaults instanceof Refusal) return answer(reply, defaults);
      return answer(reply, ok({ permissions: permissions.get(nameOf(request)) ?? defaults }));
    });
    server.patch(`${one}/permissions`, { schema: { body: permissionsBody } }, (request, reply) => {
      const defaults = defaultsOf(request);
      if (defaults instanceof Refusal) return answer(reply, defaults);
      const fault = unknownFields(defaults, request.body as Document);
      if (fault !== undefined) return answer(reply, fault);
      const changed = merged(permissions.get(nameOf(request)) ?? defaults, request.body as Document);
      permissions.set(nameOf(request), changed);
      return answer(reply, ok({ permissions: changed }));
    });
  }

  function blueprintDefaults(request: FastifyRequest): Document | Refusal {
    const shelf = shelfOf(catalog, request);
    return shelf instanceof Refusal ? shelf : { entities: entityPermissions(shelf) };
  }

  function actionDefaults(request: FastifyRequest): Document | Refusal {
    const { action } = request.params as { readonly action: string };
    if (!catalog.actions.has(action)) return notFound("Action", action);
    return { execute: { ...nobody, roles: ["Member", "Admin"] }, approve: { users: [], roles: [], teams: [] } };
  }

  function pageDefaults(request: FastifyRequest): Document | Refusal {
    const { page } = request.params as { readonly page: string };
    if (!catalog.documents.page.has(page)) return notFound("Page", page);
    return { read: { users: [], roles: ["Member", "Admin"], teams: [] } };
  }
}

const nobody = { users: [], roles: [], teams: [], ownedByTeam: false };

function entityPermissions({ blueprint, rules }: Shelf): Document {
  const writers = { ...nobody, roles: ["Admin", `${blueprint.identifier}-moderator`] };
  const each = (names: Iterable<string>) => Object.fromEntries([...names].map((name) => [name, writers] as const));
  return {
    read: { ...nobody, roles: ["Member", "Admin"] },
    register: writers,
    update: writers,
    unregister: writers,
    updateProperties: each(["$identifier", "$title", "$icon", "$team", ...rules.properties]),
    updateRelations: each(rules.relations.keys()),
  };
}

// Words and details of a live reply.
function unknownFields(defaults: Document, given: Document): Refusal | undefined {
  const unknown = (group: string): readonly string[] => {
    const [known, named] = [defaults, given].map(({ entities }) => (isObject(entities) ? entities[group] : undefined));
    return isObject(known) && isObject(named) ? Object.keys(named).filter((name) => !Object.hasOwn(known, name)) : [];
  };
  const details = { invalidProperties: unknown("updateProperties"), invalidRelations: unknown("updateRelations") };
  if (details.invalidProperties.length + details.invalidRelations.length === 0) return undefined;
  return new Refusal(422, "invalid_permissions", "You cannot update permissions on unknown fields", details);
}

function merged(held: Document, given: Document): Document {
  const next: Record<string, unknown> = { ...held };
  for (const [key, value] of Object.entries(given)) {
    const before = Object.hasOwn(held, key) ? held[key] : undefined;
    next[key] = isObject(before) && isObject(value) ? merged(before, value) : value;
  }
  return next;
}

const body = {
  type: "object",
  properties: { clientId: { type: "string" }, clientSecret: { type: "string" } },
  required: ["clientId", "clientSecret"],
  additionalProperties: false,
};

/** `POST /v1/auth/access_token`. */
export function tokenRoute({ server, catalog }: RouteParts, tokens: TokenIssuer, ttlMs: number): void {
  server.post<{ Body: Credentials }>("/v1/auth/access_token", { schema: { body } }, (request, reply) => {
    const issued = tokens.issue(request.body);
    if (issued instanceof Refusal) return answer(reply, issued);
    const [left, full] = [Math.floor(issued.expiresInMs / 1000), Math.floor(ttlMs / 1000)];
    const expiresIn = left < full && catalog.readings.expiresIn === "full" ? full : left;
    return answer(reply, ok({ accessToken: issued.token, expiresIn, tokenType: "Bearer" }));
  });
}

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
