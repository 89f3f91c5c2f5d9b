import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { familyOf } from "./families.js";
import type { FaultRule, Faults } from "./faults.js";
import { isObject } from "./json-object.js";
import type { Limiter } from "./limits.js";
import { Refusal } from "./refusal.js";
import type { Tokens } from "./tokens.js";

/** Tells a reply whose status a script chose from those that the API would give. */
const scripted = { "x-portload-fault": "scripted" };

/** What faults reach into. */
export interface FaultParts {
  readonly faults: Faults;
  readonly limiter: Limiter;
  readonly tokens: Tokens;
}

/** Hooks scripted trouble into a server: before limits and authorization, and around the answer. */
export function hookFaults(server: FastifyInstance, parts: FaultParts): void {
  const met = new WeakMap<FastifyRequest, readonly FaultRule[]>();
  server.addHook("onRequest", async (request, reply) => {
    const rules = parts.faults.meet(request.method, request.routeOptions.url ?? "");
    if (rules.length === 0) return;
    met.set(request, rules);
    for (const rule of rules) {
      if (rule.delayMs !== undefined) await sleep(delayOf(rule.delayMs, parts.faults.random));
      if (rule.expireToken) parts.tokens.revoke();
      takeQuota(rule, request, parts.limiter);
    }
    if (rules.some(({ drop }) => drop === "before")) {
      reply.hijack();
      request.raw.socket.destroy();
      return;
    }
    const before = rules.find(({ status, written }) => status !== undefined && written !== true);
    if (before !== undefined) return refuse(reply, before);
  });
  server.addHook("preHandler", async (request, reply) => {
    const rule = met.get(request)?.find(({ allFailed }) => allFailed !== undefined);
    if (rule?.allFailed !== undefined && isBulk(request))
      return reply.code(207).send(everyItemFailed(request, rule.allFailed));
  });
  server.addHook("onSend", (request, reply, payload, done) => {
    const rules = met.get(request) ?? [];
    const text = typeof payload === "string" ? payload : "";
    if (rules.some(({ drop }) => drop === "after")) return void request.raw.socket.destroy();
    if (rules.some(({ garble }) => garble === "truncated")) return cutOff(request, reply, text);
    const after = rules.find(({ status, written }) => status !== undefined && written === true);
    if (after?.status !== undefined) {
      reply.code(after.status).headers({ ...scripted, ...after.headers });
      return done(null, after.body ?? JSON.stringify(refusalOf(after.status).body));
    }
    done(
      null,
      rules.reduce((changed, rule) => garble(changed, rule, isBulk(request)), text),
    );
  });
}

function delayOf(delayMs: number | readonly [number, number], random: () => number): number {
  if (typeof delayMs === "number") return delayMs;
  const [low, high] = delayMs;
  return low + random() * (high - low);
}

function takeQuota({ takeQuota: count = 0 }: FaultRule, request: FastifyRequest, limiter: Limiter): void {
  const family = familyOf(request.method, request.routeOptions.url ?? "");
  for (let taken = 0; family !== undefined && taken < count; taken++) limiter.take(family);
}

function refuse(reply: FastifyReply, { status = 500, headers, body }: FaultRule): FastifyReply {
  return reply
    .code(status)
    .headers({ ...scripted, ...headers })
    .type("application/json; charset=utf-8")
    .send(body ?? JSON.stringify(refusalOf(status).body));
}

function refusalOf(status: number): Refusal {
  return new Refusal(status, status === 429 ? "too_many_requests" : "internal_error", `A fault of status ${status}`);
}

function isBulk(request: FastifyRequest): boolean {
  return familyOf(request.method, request.routeOptions.url ?? "") === "bulk";
}

function everyItemFailed(request: FastifyRequest, statusCode: number): object {
  const { error, message } = refusalOf(statusCode);
  const { entities } = request.body as { readonly entities: readonly unknown[] };
  const errors = entities.map((item, index) => {
    const identifier = isObject(item) && typeof item.identifier === "string" ? item.identifier : "unknown";
    return { identifier, index, statusCode, error, message };
  });
  return { ok: true, entities: [], errors };
}

/** Tells the whole length, sends half of it, and ends the connection. */
function cutOff(request: FastifyRequest, reply: FastifyReply, text: string): void {
  const bytes = Buffer.from(text);
  reply.raw.writeHead(reply.statusCode, { "content-type": "application/json", "content-length": bytes.length });
  reply.raw.write(bytes.subarray(0, bytes.length >> 1), () => request.raw.socket.destroy());
}

function garble(text: string, rule: FaultRule, bulk: boolean): string {
  if (rule.garble === "malformed") return `<html>${text.slice(0, 20)}`;
  if (rule.garble === "shapeless") return '{"ok":true}';
  return rule.index !== undefined && bulk ? withWrongIndex(text, rule.index) : text;
}

function withWrongIndex(text: string, how: NonNullable<FaultRule["index"]>): string {
  const body = JSON.parse(text) as { entities?: { index?: number }[]; errors?: { index?: number }[] };
  const entries = [...(body.entities ?? []), ...(body.errors ?? [])];
  const last = entries.at(-1);
  if (last === undefined) return text;
  if (how === "missing") delete last.index;
  else last.index = how === "outOfRange" ? 1000 : (entries[0]?.index ?? 0);
  return JSON.stringify(body);
}
