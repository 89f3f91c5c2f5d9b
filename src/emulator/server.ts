import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ajv } from "ajv";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { describeFault, sharedAjv } from "./ajv.js";
import { familyOf } from "./families.js";
import { hookFaults } from "./fault-hooks.js";
import type { Faults } from "./faults.js";
import type { Limiter, Window } from "./limits.js";
import type { Readings } from "./readings.js";
import { invalidRequest, Refusal } from "./refusal.js";
import type { Tokens } from "./tokens.js";

/** Largest body. @source Port's published API description: 413 with this very text */
const maxBodyBytes = 1024 * 1024;
const bodyTooLarge = new Refusal(413, "bad_request", "Request body is too large (limit is 1MiB)");
const unauthorized = new Refusal(401, "unauthorized", "The access token is missing, unknown or no longer valid");
const tooManyRequests = new Refusal(429, "too_many_requests", "The rate limit was exceeded");
const notAJson = new Refusal(400, "bad_request", "The request body is not valid JSON");

/** What every request meets before and after its route. */
export interface ServerParts {
  readonly tokens: Tokens;
  readonly limiter: Limiter;
  readonly readings: Readings;
  readonly clock: () => number;
  /** Milliseconds that every answer waits; others go on meanwhile. */
  readonly latencyMs: number;
  /** Scripted trouble, if any. */
  readonly faults?: Faults;
}

/** Makes the server without its routes: limits, authorization, body rules, the error envelope, `X-Trace-Id`. */
export function createServer(parts: ServerParts): FastifyInstance {
  const { latencyMs } = parts;
  const server = fastify({
    bodyLimit: maxBodyBytes,
    forceCloseConnections: true,
    // An identifier has up to 1,000 characters of up to twelve bytes each once it is percent-encoded.
    routerOptions: { maxParamLength: 12_000 },
  });
  acceptEmptyBodies(server);
  const bodies: Ajv = sharedAjv("off", true);
  server.setValidatorCompiler(({ schema }) => bodies.compile(schema as object));
  if (parts.faults !== undefined) hookFaults(server, { ...parts, faults: parts.faults });
  server.addHook("onRequest", (request, reply, done) => {
    reply.header("x-trace-id", traceId());
    const refusal = admit(parts, request, reply);
    if (refusal === undefined) done();
    else void send(reply, refusal);
  });
  if (latencyMs > 0) server.addHook("onSend", async () => void (await sleep(latencyMs)));
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const known = refusalOf(error, request);
    return known === undefined ? send(reply, new Refusal(500, "internal_error", error.message)) : send(reply, known);
  });
  server.setNotFoundHandler((request, reply) => {
    return send(reply, new Refusal(404, "not_found", `Route ${request.method} ${request.url} was not found`));
  });
  return server;
}

/** Answers with a refusal. */
export function send(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return reply.code(refusal.status).send(refusal.body);
}

// Limits come first, as at a gateway, so refused credentials count too.
function admit(parts: ServerParts, request: FastifyRequest, reply: FastifyReply): Refusal | undefined {
  const pattern = request.routeOptions.url ?? "";
  const family = familyOf(request.method, pattern);
  if (family === undefined) return undefined;
  const { authorization } = request.headers;
  const { accepted, window } = parts.limiter.take(authorization === undefined ? "unauthenticated" : family);
  if (window !== undefined) tellWindow(parts, reply, window);
  if (!accepted) {
    if (parts.readings.retryAfter && window !== undefined) reply.header("retry-after", seconds(window.resetMs));
    return tooManyRequests;
  }
  if (family === "unauthenticated" || (authorization !== undefined && parts.tokens.accepts(authorization)))
    return undefined;
  return unauthorized;
}

function tellWindow(parts: ServerParts, reply: FastifyReply, window: Window): void {
  const inEpoch = parts.readings.resetUnit === "epoch";
  reply.header("x-ratelimit-limit", window.limit);
  reply.header("x-ratelimit-period", window.periodMs / 1000);
  reply.header("x-ratelimit-remaining", window.remaining);
  reply.header("x-ratelimit-reset", seconds(inEpoch ? parts.clock() + window.resetMs : window.resetMs));
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}

function refusalOf(error: FastifyError, request: FastifyRequest): Refusal | undefined {
  if (error.validation !== undefined) {
    const faults = error.validation as Parameters<typeof describeFault>[0];
    return invalidRequest(describeFault(faults, error.validationContext ?? "body"));
  }
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return bodyTooLarge;
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return invalidRequest(
      `"content-type" must be application/json, not ${request.headers["content-type"] ?? "absent"}`,
    );
  }
  return error.statusCode === 400 ? notAJson : undefined;
}

// Clients send `content-type: application/json` on DELETE with no body at all.
function acceptEmptyBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser("error", "ignore");
  server.removeContentTypeParser("application/json");
  server.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else parse(request, String(body), done);
  });
}

// One random prefix for the process and a counter: unique, and cheap enough for every reply.
const tracePrefix = randomBytes(10).toString("hex");
let traces = 0;

function traceId(): string {
  traces += 1;
  return tracePrefix + traces.toString(16).padStart(12, "0");
}
