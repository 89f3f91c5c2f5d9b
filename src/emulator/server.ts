import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ajv } from "ajv";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { isLoopback } from "../addresses.js";
import type { Readings } from "./emulator-options.js";
import { describeFault, sharedAjv } from "./entity-schema.js";
import { type Faults, hookFaults } from "./faults.js";
import { familyOf, type Limiter, type LimitWindow } from "./limits.js";
import { invalidRequest, Refusal } from "./refusal.js";
import type { TokenIssuer } from "./tokens.js";

const unauthorized = new Refusal(401, "unauthorized", "The access token is missing, unknown or no longer valid");
const tooManyRequests = new Refusal(429, "too_many_requests", "The rate limit was exceeded");

const foreignHost = new Refusal(
  421,
  "bad_request",
  "The emulator listens on a loopback address and answers loopback names only; --host 0.0.0.0 takes every name",
);

/** What every request meets before and after its route. */
export interface ServerParts {
  readonly tokens: TokenIssuer;
  readonly limiter: Limiter;
  readonly readings: Readings;
  readonly clock: () => number;
  /** Milliseconds that every answer waits; others are answered meanwhile. */
  readonly latencyMs: number;
  /** Address that it listens on. A loopback address takes requests by loopback names only. */
  readonly host: string;
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
    // What is wrong with a path is found before any hook runs.
    frameworkErrors: (error, request, reply) => {
      reply.header("x-trace-id", traceId());
      if (isForeignHost(parts.host, request)) return send(reply, foreignHost);
      const [status, message] =
        error.statusCode === 414 ? [414, "The path is too long"] : [400, `The path ${request.url} is not valid`];
      return send(reply, admit(parts, request, reply) ?? new Refusal(status, "bad_request", message));
    },
    clientErrorHandler: refuseUnreadable,
  });
  parseBodies(server);
  const bodies: Ajv = sharedAjv("off", true);
  server.setValidatorCompiler(({ schema }) => bodies.compile(schema as object));
  if (parts.faults !== undefined) hookFaults(server, { ...parts, faults: parts.faults });
  server.addHook("onRequest", (request, reply, done) => {
    reply.header("x-trace-id", traceId());
    const refusal = isForeignHost(parts.host, request) ? foreignHost : admit(parts, request, reply);
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

// A page of the web may give its own name the address 127.0.0.1; the name in the request is the page's all the same.
function isForeignHost(listensOn: string, { hostname }: FastifyRequest): boolean {
  return isLoopback(listensOn) && hostname !== "" && !isLoopback(hostname);
}

// Limits come first, as at a gateway, so refused credentials count too.
function admit(parts: ServerParts, request: FastifyRequest, reply: FastifyReply): Refusal | undefined {
  const pattern = request.routeOptions.url ?? "";
  const family = familyOf(request.method, pattern);
  if (family === undefined) return undefined;
  const { authorization } = request.headers;
  const { accepted, window, retryMs } = parts.limiter.take(authorization === undefined ? "unauthenticated" : family);
  if (window !== undefined) sendWindow(parts, reply, window);
  if (!accepted) {
    if (retryMs !== undefined && parts.readings.retryAfter) reply.header("retry-after", seconds(retryMs));
    return tooManyRequests;
  }
  if (family === "unauthenticated" || (authorization !== undefined && parts.tokens.accepts(authorization)))
    return undefined;
  return unauthorized;
}

function sendWindow(parts: ServerParts, reply: FastifyReply, window: LimitWindow): void {
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
  return bodyRefusal(error, request.headers["content-type"]);
}

// One random prefix for the process and a counter: unique, and cheap enough for every reply.
const prefix = randomBytes(10).toString("hex");
let made = 0;

/** Makes the `X-Trace-Id` of a reply. */
export function traceId(): string {
  made += 1;
  return prefix + made.toString(16).padStart(12, "0");
}

const phrases: Readonly<Record<string, readonly [status: number, phrase: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout"],
};

/** Answers what is not HTTP request, which no route and no hook ever sees, on its socket: the common envelope, `X-Trace-Id`, and the end of the connection. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase] = phrases[error.code ?? ""] ?? [400, "Bad Request"];
  const body = JSON.stringify(new Refusal(status, "bad_request", `The request cannot be read: ${phrase}`).body);
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Trace-Id: ${traceId()}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Largest body. Port's API description has a 413 with this text. */
export const maxBodyBytes = 1024 * 1024;
const bodyTooLarge = new Refusal(413, "bad_request", "Request body is too large (limit is 1MiB)");
const notAJson = new Refusal(400, "bad_request", "The request body is not valid JSON");

/** Most levels of objects and lists in a body. Far more could be stored, but neither checked nor shown again; where Port draws the line is not known. */
const maxDepth = 500;
const tooDeep = Object.assign(new Error(`"body" must NOT be nested deeper than ${maxDepth} levels`), {
  statusCode: 422,
});

/** Lets a server read JSON bodies, empty ones as none: clients send `content-type: application/json` on DELETE with no body at all. */
export function parseBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser("error", "ignore");
  server.removeContentTypeParser("application/json");
  server.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    const text = String(body);
    if (text === "") done(null, undefined);
    else if (isTooDeep(text)) done(tooDeep);
    else parse(request, text, done);
  });
}

/** Says what is wrong with a body that could not be read. */
export function bodyRefusal(error: FastifyError, contentType: string | undefined): Refusal | undefined {
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return bodyTooLarge;
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return invalidRequest(`"content-type" must be application/json, not ${contentType ?? "absent"}`);
  }
  if (error === (tooDeep as Error)) return invalidRequest(tooDeep.message);
  return error.statusCode === 400 ? notAJson : undefined;
}

const [quote, backslash, openList, closeList, openObject, closeObject] = [...'"\\[]{}'].map((c) => c.charCodeAt(0));

// Most bodies have too few brackets at all, which is found ten times as fast. A text that is not JSON is the parser's business.
function isTooDeep(text: string): boolean {
  return count(text, "{", maxDepth) + count(text, "[", maxDepth) > maxDepth && depthOf(text) > maxDepth;
}

function count(text: string, bracket: string, most: number): number {
  let found = 0;
  for (let at = text.indexOf(bracket); at >= 0 && found <= most; at = text.indexOf(bracket, at + 1)) found += 1;
  return found;
}

/** Most levels of brackets outside of strings. */
function depthOf(text: string): number {
  let deepest = 0;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) quoted = !quoted;
    else if (quoted) at += code === backslash ? 1 : 0;
    else if (code === openObject || code === openList) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === closeObject || code === closeList) depth -= 1;
  }
  return deepest;
}
