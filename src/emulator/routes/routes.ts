import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { calculatorLoaded, loadCalculator } from "../calculation.js";
import type { ReplyShape } from "../entity-reply.js";
import type { Catalog, Document, Shelf, Writer } from "../model.js";
import { blueprintNotFound, invalidRequest, Refusal } from "../refusal.js";
import { runRefusal } from "../runs.js";
import { send } from "../server.js";
import type { UpsertFlags } from "../write-entity.js";

/** What a file of routes needs. */
export interface RouteParts {
  readonly server: FastifyInstance;
  readonly catalog: Catalog;
  /** Client id that writes are attributed to. */
  readonly clientId: string;
}

/** What a route gives: a body with status 200, a body with another status, or why not. */
export type RouteAnswer = Refusal | { readonly status: number; readonly body: object };

/** Sends what a route came to. */
export function answer(reply: FastifyReply, given: RouteAnswer): FastifyReply {
  return given instanceof Refusal ? send(reply, given) : reply.code(given.status).send(given.body);
}

/** An answer with status 200. */
export function ok(body: object): RouteAnswer {
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

/** Says who writes entities, in the name of the run that `run_id` names; refuses one that has ended. */
export function entityWriter(parts: RouteParts, request: FastifyRequest): Writer | Refusal {
  const { run_id: runId, ocean_info_event_type: event } = request.query as Readonly<Record<string, unknown>>;
  if (event !== undefined && !oceanEvents.includes(event)) {
    return invalidRequest(`"querystring/ocean_info_event_type" must be equal to one of the allowed values`);
  }
  if (runId === undefined) return writerOf(parts, request);
  return runRefusal(parts.catalog, runId) ?? { ...writerOf(parts, request), runId: String(runId) };
}

const oceanEvents: readonly unknown[] = ["http_request", "resync", "start"];

/** Says who writes: the credentials' client, through the program that its User-Agent names. */
export function writerOf(parts: RouteParts, request: FastifyRequest): Writer {
  return { by: parts.clientId, datasource: request.headers["user-agent"] ?? null };
}

type QueryString = Readonly<Record<string, unknown>>;

/** Adds to a document who wrote it and when; `old` is what it takes the place of. */
export function stamped(parts: RouteParts, request: FastifyRequest, body: Document, old?: Document): Document {
  const now = new Date(parts.catalog.clock()).toISOString();
  const { by } = writerOf(parts, request);
  const created = { createdAt: old?.createdAt ?? now, createdBy: old?.createdBy ?? by };
  return { ...body, ...created, updatedAt: now, updatedBy: by };
}

/** Reads boolean flags of the query string, all false by default; anything but `true` and `false` is refused. */
export function readFlags<Name extends string>(
  request: FastifyRequest,
  names: readonly Name[],
): Record<Name, boolean> | Refusal {
  const query = request.query as QueryString;
  const flags = {} as Record<Name, boolean>;
  for (const name of names) {
    const given = query[name];
    if (given !== undefined && given !== "true" && given !== "false") {
      return invalidRequest(`"querystring/${name}" must be boolean`);
    }
    flags[name] = given === "true";
  }
  return flags;
}

/** Reads how an upsert writes. */
export function readUpsertFlags(request: FastifyRequest): UpsertFlags | Refusal {
  const flags = readFlags(request, ["upsert", "merge", "validation_only", "create_missing_related_entities"]);
  if (flags instanceof Refusal) return flags;
  return {
    upsert: flags.upsert,
    merge: flags.merge,
    createMissing: flags.create_missing_related_entities,
    validationOnly: flags.validation_only,
    seesBelow: Number.POSITIVE_INFINITY,
  };
}

/** Reads what a read is to show: `include`, `exclude` (keys repeated, with `[]` or without, or joined by commas) and flags. */
export function readShape(request: FastifyRequest): ReplyShape | Refusal {
  const flags = readFlags(request, [
    "attach_title_to_relation",
    "exclude_calculated_properties",
    "attach_identifier_to_title_mirror_properties",
    "allow_partial_results",
  ]);
  if (flags instanceof Refusal) return flags;
  const query = request.query as QueryString;
  return {
    include: [...listed(query.include), ...listed(query["include[]"])],
    exclude: [...listed(query.exclude), ...listed(query["exclude[]"])],
    attachTitles: flags.attach_title_to_relation,
    calculated: !flags.exclude_calculated_properties,
    mirrorIdentifiers: flags.attach_identifier_to_title_mirror_properties,
  };
}

function listed(given: unknown): readonly string[] {
  const list = Array.isArray(given) ? given.map(String) : typeof given === "string" ? [given] : [];
  return list.flatMap((paths) => paths.split(",")).filter((path) => path !== "");
}
