import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isObject } from "../model.js";

/** A request that was refused, or one item of it. */
export interface RecentRefusal {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly status: number;
  readonly error: string;
  readonly message: string;
  /** Of an item in a bulk request: its identifier. */
  readonly item?: string;
}

/** Refusals that are kept. */
const kept = 200;

/** Keeps the last refusals of the API, newest first. Must be called before the routes are made. */
export function watchRefusals(server: FastifyInstance, clock: () => number): () => readonly RecentRefusal[] {
  const ring: RecentRefusal[] = [];
  let next = 0;
  const keep = (refusal: RecentRefusal): void => {
    ring[next % kept] = refusal;
    next += 1;
  };
  server.addHook("onSend", (request, reply, payload, done) => {
    const { statusCode } = reply;
    if ((statusCode >= 400 || statusCode === 207) && request.url.startsWith("/v1/") && typeof payload === "string") {
      for (const refusal of refusalsIn(request, reply, payload, clock())) keep(refusal);
    }
    done();
  });
  return () => {
    const start = next % kept;
    return ring.length < kept ? [...ring].reverse() : [...ring.slice(start), ...ring.slice(0, start)].reverse();
  };
}

function refusalsIn(
  { method, url }: FastifyRequest,
  { statusCode }: FastifyReply,
  payload: string,
  at: number,
): readonly RecentRefusal[] {
  const body = parsed(payload);
  const path = url.replace(/\?.*$/s, "");
  const common = { at, method, path };
  if (statusCode !== 207) return [{ ...common, status: statusCode, ...wordsOf(body) }];
  const errors = isObject(body) && Array.isArray(body.errors) ? body.errors : [];
  return errors.map((error: unknown) => {
    const { identifier = "", statusCode: status = 0 } = isObject(error) ? error : {};
    return { ...common, status: Number(status), ...wordsOf(error), item: String(identifier) };
  });
}

function wordsOf(body: unknown): { readonly error: string; readonly message: string } {
  const { error = "", message = "" } = isObject(body) ? body : {};
  return { error: String(error), message: String(message) };
}

/** A scripted fault may have spoilt the body. */
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}
