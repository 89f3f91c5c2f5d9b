import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { UsageError } from "../errors.js";
import type { FaultRule, FaultScript } from "./emulator-options.js";
import { familyOf, type Limiter, type LimitFamily } from "./limits.js";
import { isObject } from "./model.js";
import { Refusal } from "./refusal.js";
import type { TokenIssuer } from "./tokens.js";

const route = z.enum(["token", "blueprints", "search", "single", "bulk", "entities", "other"]);
const ordinal = z.int().min(1);

const faultRule = z
  .strictObject({
    /** Group of routes that it happens to; every route by default. */
    route: route.optional(),
    /** Ordinals of the requests that it happens to, from 1, counted among those of `route`. */
    requests: z.union([ordinal, z.array(ordinal)]).optional(),
    /** Chance that it happens to a request, 0 to 1. Default 1. */
    probability: z.number().min(0).max(1).default(1),
    /** How often at most; without end by default. */
    times: z.int().min(0).optional(),
    /** Milliseconds that the request waits before anything else: one figure, or the ends of a range. */
    delayMs: z.union([z.number().min(0), z.tuple([z.number().min(0), z.number().min(0)])]).optional(),
    /** Somebody else takes so many requests of the route's quota first. */
    takeQuota: z.int().min(1).optional(),
    /** The token in force ends. */
    expireToken: z.literal(true).optional(),
    /** The answer has this status instead; its headers and body may be given. Nothing is written, unless `written` says so. */
    status: z.int().min(200).max(599).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string().optional(),
    /** True: the work is done before the answer fails. */
    written: z.boolean().optional(),
    /** The connection ends before the work is done, or after it and without an answer. */
    drop: z.enum(["before", "after"]).optional(),
    /** What happens to the answer's body: cut off within, no JSON, JSON of another shape. */
    garble: z.enum(["truncated", "malformed", "shapeless"]).optional(),
    /** What happens to `index` in a bulk answer: the last entry's is left out, given twice, or beyond the request. */
    index: z.enum(["missing", "doubled", "outOfRange"]).optional(),
    /** A bulk request is answered by a 207 in which every entity failed with this status; nothing is written. */
    allFailed: z.int().min(400).max(599).optional(),
  })
  .refine((rule) => rule.takeQuota === undefined || rule.route !== undefined, {
    message: "takeQuota needs a route: whose quota",
    path: ["takeQuota"],
  });

/** Trouble for an emulator: which requests it happens to, and what it is. The form of the files that `portload emulator --faults` reads. */
export const faultScript = z.strictObject({
  /** Of the chances; the same seed draws the same numbers. Default 1. */
  seed: z.int().default(1),
  faults: z.array(faultRule),
});

/** Decides which faults a request meets. */
export interface Faults {
  /** @param pattern - the route's pattern, as registered */
  meet(method: string, pattern: string): readonly FaultRule[];
  /** Gives 0 ≤ x < 1, of the script's seed. */
  random(): number;
}

/** Starts a script at its first request. @throws {UsageError} for a script with faults of its own */
export function playFaults(script: FaultScript): Faults {
  const parsed = faultScript.safeParse(script);
  if (!parsed.success)
    throw new UsageError(
      parsed.error.issues.map(({ path, message }) => `${["faults", ...path].join(".")}: ${message}`).join("\n"),
    );
  const { seed, faults } = parsed.data;
  const random = seededRandom(seed);
  const played = faults.map((rule) => ({ rule, seen: 0, happened: 0 }));
  return {
    random,
    meet(method, pattern) {
      const family = familyOf(method, pattern);
      if (family === undefined) return [];
      const met: FaultRule[] = [];
      for (const each of played) {
        const { rule } = each;
        if (rule.route !== undefined && rule.route !== nameOf(family)) continue;
        each.seen++;
        if (rule.requests !== undefined && ![rule.requests].flat().includes(each.seen)) continue;
        if (each.happened >= (rule.times ?? Number.POSITIVE_INFINITY)) continue;
        if (rule.probability < 1 && random() >= rule.probability) continue;
        each.happened++;
        met.push(rule);
      }
      return met;
    },
  };
}

function nameOf(family: LimitFamily): z.infer<typeof route> {
  return family === "unauthenticated" ? "token" : family;
}

/** Pseudo-random numbers. The generator is mulberry32, by Tommy Ettinger, in the public domain. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Marks a reply whose status a script chose, so that it is told apart from those that the API would give. */
const scripted = { "x-portload-fault": "scripted" };

/** What faults reach into. */
export interface FaultParts {
  readonly faults: Faults;
  readonly limiter: Limiter;
  readonly tokens: TokenIssuer;
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

/** Announces the whole length, sends half of it, and ends the connection. */
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
