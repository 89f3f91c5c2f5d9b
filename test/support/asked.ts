import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { expect } from "vitest";
import type { Readings } from "../../src/emulator/emulator-options.js";

/** Notes, for every-reading.mjs, which readings the emulators of a test's file asked for: what the file shows may hang on those alone. */

const notes = process.env.PORTLOAD_READINGS_ASKED;
const noted = new Set<string>();

/** Whether this run of the suite wants to know. */
export const noting = notes !== undefined;

/** Notes that what the test's file shows may hang on a reading, `*` for any. */
export function noteAsked(key: keyof Readings | "*", file = expect.getState().testPath): void {
  const line = JSON.stringify({ file, key });
  if (notes === undefined || noted.has(line)) return;
  noted.add(line);
  appendFileSync(notes, `${line}\n`);
}

interface Exchange {
  readonly isBulk: boolean;
  readonly isOfBlueprint: boolean;
  readonly sent: unknown;
  /** Path and body of the request, and the body of the reply, as text. */
  readonly request: string;
  readonly reply: string;
  readonly status: number;
}

/**
 * Readings that an emulator asks for when it starts, whether or not it comes to matter, because a schema is made by them. Each with what its requests and replies hold
 * when another value could have changed a reply: a value that allows more, a refusal; one that allows less, what that refuses.
 */
const signs: Partial<Record<keyof Readings, (exchange: Exchange) => boolean>> = {
  apostrophe: ({ request }) => request.includes("'"),
  nullField: ({ request }) => /"(?:title|icon|team)":null/.test(request),
  bulkSchema: ({ isBulk, status }) => isBulk && status === 422,
  bulkVisibility: ({ isBulk, request, sent }) => isBulk && (request.includes("create_missing") || looksBack(sent)),
  formats: (exchange) => isRefused(exchange) || `${exchange.request}${exchange.reply}`.includes('"timer"'),
  unlistedType: ({ isOfBlueprint, status }) => isOfBlueprint && status === 422,
};

/** Whether an emulator's asking for a reading says nothing, since {@link signs} does. */
export function isSeenByTraffic(key: string): boolean {
  return Object.hasOwn(signs, key);
}

function isRefused({ status, reply }: Exchange): boolean {
  return status === 422 || reply.includes('"statusCode":422');
}

/** Whether an item of a bulk write holds a query, or names another item of the call. */
function looksBack(sent: unknown): boolean {
  const { entities = [] } = (sent ?? {}) as { readonly entities?: readonly Readonly<Record<string, unknown>>[] };
  const names = new Set(entities.map(({ identifier }) => identifier));
  return entities.some(({ identifier, relations, team }) => {
    const targets = Object.values(relations ?? {}).flat();
    return (
      [identifier, team, ...targets].some((one) => typeof one === "object" && one !== null && !Array.isArray(one)) ||
      targets.some((target) => names.has(target))
    );
  });
}

if (noting) {
  subscribe("fastify.initialization", (message) => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook("onSend", (request, reply, payload, done) => {
      if (fastify.hasRoute({ method: "GET", url: "/__emulator/stats" }))
        look(request, reply.statusCode, typeof payload === "string" ? payload : "");
      done();
    });
  });
}

function look(request: FastifyRequest, status: number, reply: string): void {
  const { method, routeOptions } = request;
  const route = `${method} ${routeOptions.url ?? ""}`;
  const isBulk = route.startsWith("POST ") && route.endsWith("/entities/bulk");
  const isOfBlueprint = /^\w+ \/v1\/blueprints(?:\/:blueprint)?$/.test(route);
  const text = `${decodeURIComponent(request.url)} ${JSON.stringify(request.body) ?? ""}`;
  const exchange: Exchange = { isBulk, isOfBlueprint, sent: request.body, request: text, reply, status };
  for (const [key, shows] of Object.entries(signs)) if (shows(exchange)) noteAsked(key as keyof Readings);
}
