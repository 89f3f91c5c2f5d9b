import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Catalog, Shelf, Writer } from "../catalog.js";
import { blueprintNotFound, Refusal } from "../refusal.js";
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

/** Tells who writes: the credentials' client, through the program that its User-Agent names. */
export function writerOf(parts: RouteParts, request: FastifyRequest): Writer {
  return { by: parts.clientId, datasource: request.headers["user-agent"] ?? null };
}
