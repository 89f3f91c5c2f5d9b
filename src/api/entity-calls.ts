import type { Blueprint } from "../blueprint.js";
import type { ClearedField, EntityBody, Mode } from "../entity.js";
import { ApiError } from "../errors.js";
import type { Refused, Reply } from "../reply.js";
import { holds } from "../same-value.js";
import { type Call, type CallIo, pathOf, queryOf, refusalOf } from "./call.js";
import { isBlueprintBody, isDeletedBody, isHeldBody, isJsonObject, type JsonObject } from "./reply-parts.js";

/** A reply to one operation, its body as it came. */
export type EntityReply<T = JsonObject> = Exclude<Reply<T>, { is: "lost" }>;

/** What of an entity a read shows. */
export interface ReadFlags {
  /** Paths such as `identifier`, `properties.version`; all by default. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** Relations as `{identifier, title}`. */
  readonly attachTitles?: boolean;
}

/** How one entity is written. */
export interface WriteFlags {
  readonly mode: Mode;
  /** Creates relation targets that are missing. */
  readonly createMissing: boolean;
  /** Stores nothing; the API says what it would refuse. */
  readonly validationOnly: boolean;
  readonly runId?: string;
  /** Absent when the API generates it, or finds it by a search: sending such a write twice might make two entities. */
  readonly identifier?: string;
}

/** How a deletion is to be taken. */
export interface DeleteFlags {
  /** Deletes what depends on them, too. */
  readonly deleteDependents: boolean;
  /** Action run that the deletion is recorded under. */
  readonly runId?: string;
}

/** What a deletion says: the identifiers that it deleted, and whatever else. */
export interface Deleted {
  readonly deletedEntities: readonly string[];
  readonly [field: string]: unknown;
}

/** What became of a list: `left` are those that a reply of success did not name and that are still there. */
export type DeletionReply = EntityReply<Deleted> & { readonly left?: readonly string[] };

/** Most identifiers in one request. @source API reference, "Delete multiple entities": 1 to 100 */
export const maxDeleteIdentifiers = 100;

/** The single operations of the API. Every one throws ApiError or AuthError when the API is not reached; a refusal is a value. */
export interface EntityCalls {
  readBlueprint(blueprint: string): Promise<EntityReply<JsonObject & { readonly blueprint: Blueprint }>>;
  get(blueprint: string, identifier: string, flags: ReadFlags): Promise<EntityReply>;
  /** `body` is the entity as JSON text. */
  write(blueprint: string, body: string, flags: WriteFlags): Promise<EntityReply>;
  /** Clears title, icon or team of an entity that exists, which an upsert cannot: only this route takes null there. */
  patch(
    blueprint: string,
    identifier: string,
    fields: Readonly<Partial<Record<ClearedField, null>>>,
    flags?: { readonly runId?: string },
  ): Promise<EntityReply>;
  delete(blueprint: string, identifier: string, flags: DeleteFlags): Promise<EntityReply>;
  /**
   * Deletes at most 100 entities, all of them or none. Refused for one that is gone by now, along with another perhaps, the rest is sent again: `deletedEntities`
   * are those that were there.
   */
  deleteListed(blueprint: string, identifiers: readonly string[], flags: DeleteFlags): Promise<DeletionReply>;
  deleteAll(
    blueprint: string,
    flags: { readonly deleteBlueprint: boolean; readonly runId?: string },
  ): Promise<EntityReply>;
  migration(id: string): Promise<EntityReply>;
}

/** How often a creation is sent whose replies are lost. */
const maxRounds = 3;

/**
 * Binds the single operations.
 *
 * @param existing - which of the identifiers exist
 * @source API reference, "Entities", "Migrations"
 */
export function createEntityCalls(
  io: CallIo,
  existing: (blueprint: string, identifiers: readonly string[]) => Promise<ReadonlySet<string>>,
): EntityCalls {
  const call = (given: Omit<Call<JsonObject>, "isBody">) => known({ ...given, isBody: isJsonObject });
  const known = async <T>(given: Call<T>): Promise<EntityReply<T>> => answered(given, await io.send(given), io);
  const one = (blueprint: string, identifier: string) =>
    pathOf(blueprint, `/entities/${encodeURIComponent(identifier)}`);
  const dependents = ({ deleteDependents, runId }: DeleteFlags) =>
    queryOf({ delete_dependents: deleteDependents, run_id: runId });

  /** Counts what the reply names, each once, and looks up the rest. */
  async function counted(
    blueprint: string,
    asked: readonly string[],
    reply: Extract<
      EntityReply<JsonObject & { readonly deletedEntities: readonly string[] | undefined }>,
      { is: "done" }
    >,
  ): Promise<DeletionReply> {
    const { deletedEntities } = reply.body;
    const named = new Set(deletedEntities);
    const rest = asked.filter((identifier) => !named.has(identifier));
    const there = rest.length === 0 ? new Set() : await existing(blueprint, rest);
    const left = rest.filter((identifier) => there.has(identifier));
    // Deleted without being named: by an attempt whose reply was lost, or where the reply names none at all.
    const isOurs = deletedEntities === undefined || (reply.attempts ?? 1) > 1;
    const gone = isOurs ? rest.filter((identifier) => !there.has(identifier)) : [];
    const deleted = [...asked.filter((identifier) => named.has(identifier)), ...gone];
    return { ...reply, body: { ...reply.body, deletedEntities: deleted }, left };
  }

  const deleteListed: EntityCalls["deleteListed"] = async (blueprint, identifiers, flags) => {
    const path = `${pathOf(blueprint, "/bulk/entities/delete")}${dependents(flags)}`;
    const body = JSON.stringify({ entities: identifiers });
    const reply = await known({ method: "POST", path, route: "delete", body, idempotent: true, isBody: isDeletedBody });
    if (reply.is === "done") return counted(blueprint, identifiers, reply);
    if (reply.status !== 404) return reply;
    const there = await existing(blueprint, identifiers);
    if (there.size === identifiers.length) return reply;
    return there.size === 0
      ? { is: "done", status: reply.status, body: { deletedEntities: [] } }
      : deleteListed(blueprint, [...there], flags);
  };

  return {
    deleteListed,
    readBlueprint: (blueprint) =>
      known({
        ...{ method: "GET", path: pathOf(blueprint), route: "blueprints", idempotent: true },
        isBody: isBlueprintBody,
      }),
    get: (blueprint, identifier, { include = [], exclude = [], attachTitles }) => {
      const query = new URLSearchParams({ ...(attachTitles && { attach_title_to_relation: "true" }) });
      for (const path of include) query.append("include", path);
      for (const path of exclude) query.append("exclude", path);
      const path = `${one(blueprint, identifier)}${query.size === 0 ? "" : `?${query}`}`;
      return call({ method: "GET", path, route: "read", idempotent: true });
    },
    write: async (blueprint, body, { mode, createMissing, validationOnly, runId, identifier }) => {
      const post: Call<JsonObject> = {
        method: "POST",
        path: `${pathOf(blueprint, "/entities")}${queryOf({
          upsert: mode !== "create",
          merge: mode === "merge",
          create_missing_related_entities: createMissing,
          validation_only: validationOnly || undefined,
          run_id: runId,
        })}`,
        route: "single",
        body,
        idempotent: validationOnly || (identifier !== undefined && mode !== "create"),
        isBody: isJsonObject,
      };
      const held = identifier === undefined ? undefined : one(blueprint, identifier);
      return answered(post, await sendOrLook(io, post, held), io);
    },
    patch: (blueprint, identifier, fields, { runId } = {}) =>
      call({
        method: "PATCH",
        path: `${one(blueprint, identifier)}${queryOf({ create_missing_related_entities: false, run_id: runId })}`,
        route: "patch",
        body: JSON.stringify(fields),
        idempotent: true,
      }),
    delete: (blueprint, identifier, flags) =>
      call({
        method: "DELETE",
        path: `${one(blueprint, identifier)}${dependents(flags)}`,
        route: "delete",
        idempotent: true,
      }),
    deleteAll: (blueprint, { deleteBlueprint, runId }) =>
      call({
        method: "DELETE",
        path: `${pathOf(blueprint, "/all-entities")}${queryOf({ delete_blueprint: deleteBlueprint, run_id: runId })}`,
        route: "delete",
        idempotent: true,
      }),
    migration: (id) =>
      call({ method: "GET", path: `/migrations/${encodeURIComponent(id)}`, route: "other", idempotent: true }),
  };
}

function answered<T>(call: Call<T>, reply: Reply<T>, io: CallIo): EntityReply<T> {
  if (reply.is === "done") return reply;
  // What is not the API's envelope comes from something else on the network path.
  if (reply.is === "refused" && isEnvelope(reply)) return reply;
  throw refusalOf(call, reply, io);
}

function isEnvelope({ body }: Refused): boolean {
  return isJsonObject(body);
}

/**
 * Sends a write. A creation whose reply is lost is never sent again blindly: the entity is read. One that holds what was sent, and was not made before the
 * first attempt by the server's clock, is ours, and its reading is the reply; where there is none, or another one, sending again settles it. What is refused
 * then as existing is read as well: the lost attempt may have been done since.
 *
 * @param held - path of the entity that is created; without it a lost reply stays lost
 */
async function sendOrLook(io: CallIo, call: Call<JsonObject>, held: string | undefined): Promise<Reply<JsonObject>> {
  let sentAtMs: number | undefined;
  for (let round = 1; ; round++) {
    const reply = await io.send(call);
    const isClash = reply.is === "refused" && reply.status === 409 && sentAtMs !== undefined;
    if (held === undefined || (reply.is !== "lost" && !isClash)) return reply;
    sentAtMs ??= reply.sentAtMs;
    const found = sentAtMs === undefined ? undefined : await look(io, held);
    if (found === undefined || sentAtMs === undefined) return reply;
    if (found.is === "done" && isOurs(call.body ?? "", found.body, sentAtMs)) return found;
    if (isClash || round === maxRounds) return reply;
  }
}

function isOurs(sent: string, body: unknown, sentAtMs: number): boolean {
  if (!isHeldBody(body)) return false;
  const { entity } = body;
  return Date.parse(entity.createdAt) >= sentAtMs && holds(JSON.parse(sent) as Partial<EntityBody>, entity);
}

/** The entity's reading, or its 404; undefined where it cannot be read: the lost creation is what matters then. */
async function look(io: CallIo, path: string): Promise<EntityReply | undefined> {
  try {
    const call = {
      method: "GET",
      path,
      route: "read",
      idempotent: true,
      expected: [404],
      isBody: isJsonObject,
    } as const;
    const found = await io.send(call);
    return found.is === "done" || (found.is === "refused" && found.status === 404) ? found : undefined;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
