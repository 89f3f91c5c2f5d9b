import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { calculatorLoaded, loadCalculator } from "../calculation.js";
import type { Catalog, Shelf, Writer } from "../catalog.js";
import { blueprintNotFound, invalidRequest, Refusal } from "../refusal.js";
import { runRefusal } from "../runs.js";
import { send } from "../server.js";

/** What a file of routes needs. */
export interface RouteParts {
  readonly server: FastifyInstance;
  readonly catalog: Catalog;
  /** Client id that writes are attributed to. */
  readonly clientId: string;
}

/** What a route gives: a body with status 200, a body with another status, or why not. */
export type Answer = Refusal | { readonly status: number; readonly body: object };

/** Sends what a route came to. */
export function answer(reply: FastifyReply, given: Answer): FastifyReply {
  return given instanceof Refusal ? send(reply, given) : reply.code(given.status).send(given.body);
}

/** An answer with status 200. */
export function ok(body: object): Answer {
  return { status: 200, body: { ok: true, ...body } };
}

/** Gives the shelf that the path names. */
export function shelfOf(catalog: Catalog, request: FastifyRequest): Shelf | Refusal {
  const { blueprint } = request.params as { readonly blueprint: string };
  return catalog.shelves.get(blueprint) ?? blueprintNotFound(blueprint);
}

/** Makes the step before a read: it loads jq when a blueprint has calculation properties, and is nothing otherwise. */
export function calculatorFor(
  catalog: Catalog,
): (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void {
  return (_request, _reply, done) => {
    const needed =
      !calculatorLoaded() && [...catalog.shelves.values()].some((shelf) => shelf.rules.calculations.size > 0);
    if (needed) void loadCalculator().then(() => done(), done);
    else done();
  };
}

/** Tells who writes entities, in the name of the run that `run_id` names; refuses one that has ended. */
export function entityWriter(parts: RouteParts, request: FastifyRequest): Writer | Refusal {
  const { run_id: runId, ocean_info_event_type: event } = request.query as Readonly<Record<string, unknown>>;
  if (event !== undefined && !oceanEvents.includes(event)) {
    return invalidRequest(`"querystring/ocean_info_event_type" must be equal to one of the allowed values`);
  }
  if (runId === undefined) return writerOf(parts, request);
  return runRefusal(parts.catalog, runId) ?? { ...writerOf(parts, request), runId: String(runId) };
}

const oceanEvents: readonly unknown[] = ["http_request", "resync", "start"];

/** Tells who writes: the credentials' client, through the program that its User-Agent names. */
export function writerOf(parts: RouteParts, request: FastifyRequest): Writer {
  return { by: parts.clientId, datasource: request.headers["user-agent"] ?? null };
}
