import type { Mode } from "../entity.js";
import { ApiError } from "../errors.js";
import { refusedMessage } from "./failure.js";
import { sendOrLook } from "./read-back.js";
import { type Call, type CallIo, refusal } from "./send.js";

/** The API's answer to one operation, its body as it came. */
export type EntityReply =
  | { readonly is: "done"; readonly body: unknown }
  | {
      readonly is: "refused";
      readonly body: unknown;
      readonly status: number;
      /** Port's code, e.g. `identifier_taken`. */
      readonly error: string | undefined;
      /** Method, address and the API's own words. */
      readonly message: string;
      /** Above 1, an earlier attempt may have been done though its answer was lost. */
      readonly attempts: number;
    };

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
  /** Absent when the API makes it up, or finds it by a search: sending such a write twice might make two entities. */
  readonly identifier?: string;
}

/** The single operations of the API. Every one throws ApiError or AuthError when the API is not reached; a refusal is a value. */
export interface EntityCalls {
  readBlueprint(blueprint: string): Promise<EntityReply>;
  get(blueprint: string, identifier: string, flags: ReadFlags): Promise<EntityReply>;
  /** `body` is the entity as JSON text. */
  write(blueprint: string, body: string, flags: WriteFlags): Promise<EntityReply>;
  delete(blueprint: string, identifier: string, flags: DependentFlags): Promise<EntityReply>;
  /** At most 100 identifiers, all of them or none. */
  deleteListed(blueprint: string, identifiers: readonly string[], flags: DependentFlags): Promise<EntityReply>;
  deleteAll(
    blueprint: string,
    flags: { readonly deleteBlueprint: boolean; readonly runId?: string },
  ): Promise<EntityReply>;
  migration(id: string): Promise<EntityReply>;
}

interface DependentFlags {
  readonly deleteDependents: boolean;
  readonly runId?: string;
}

/** Binds the single operations. @source API reference, "Entities", "Migrations" */
export function createEntityCalls(io: CallIo): EntityCalls {
  const call = (given: Omit<Call, "authorized" | "promised">, held?: string) =>
    answered(io, { ...given, authorized: true, promised: isObject }, held);
  const below = (blueprint: string, rest: string, query: URLSearchParams) =>
    `/blueprints/${encodeURIComponent(blueprint)}${rest}${query.size === 0 ? "" : `?${query}`}`;
  const one = (identifier: string) => `/entities/${encodeURIComponent(identifier)}`;
  const entities = { family: "entities", idempotent: true } as const;
  return {
    readBlueprint: (blueprint) =>
      call({
        method: "GET",
        path: below(blueprint, "", queryOf({})),
        family: "blueprints",
        route: "blueprints",
        idempotent: true,
      }),
    get: (blueprint, identifier, { include = [], exclude = [], attachTitles }) => {
      const query = queryOf({ ...(attachTitles && { attach_title_to_relation: true }) });
      for (const path of include) query.append("include", path);
      for (const path of exclude) query.append("exclude", path);
      return call({ ...entities, method: "GET", path: below(blueprint, one(identifier), query), route: "other" });
    },
    write: (blueprint, body, { mode, createMissing, validationOnly, runId, identifier }) => {
      const query = queryOf({
        upsert: mode !== "create",
        merge: mode === "merge",
        create_missing_related_entities: createMissing,
        ...(validationOnly && { validation_only: true }),
        ...(runId !== undefined && { run_id: runId }),
      });
      const post = {
        method: "POST",
        path: below(blueprint, "/entities", query),
        family: "single",
        route: "single",
        body,
        idempotent: validationOnly || (identifier !== undefined && mode !== "create"),
      } as const;
      return call(post, identifier === undefined ? undefined : below(blueprint, one(identifier), queryOf({})));
    },
    delete: (blueprint, identifier, flags) =>
      call({
        ...entities,
        method: "DELETE",
        path: below(blueprint, one(identifier), dependentsQuery(flags)),
        route: "delete",
      }),
    deleteListed: (blueprint, identifiers, flags) =>
      call({
        ...entities,
        method: "POST",
        path: below(blueprint, "/bulk/entities/delete", dependentsQuery(flags)),
        route: "delete",
        body: JSON.stringify({ entities: identifiers }),
      }),
    deleteAll: (blueprint, { deleteBlueprint, runId }) => {
      const query = queryOf({ delete_blueprint: deleteBlueprint, ...(runId !== undefined && { run_id: runId }) });
      return call({ ...entities, method: "DELETE", path: below(blueprint, "/all-entities", query), route: "delete" });
    },
    migration: (id) =>
      call({
        method: "GET",
        path: `/migrations/${encodeURIComponent(id)}`,
        family: "other",
        route: "other",
        idempotent: true,
      }),
  };
}

/** @param held - path of the entity that the call creates, where a lost answer can be made up for by a look at it */
async function answered(io: CallIo, call: Call, held?: string): Promise<EntityReply> {
  const reply = await sendOrLook(io, call, held);
  const url = io.apiUrl + call.path.replace(/\?.*$/s, "");
  if (reply.is === "lost") {
    throw new ApiError(
      `${call.method} ${url}: the answer was lost (${reply.cause}); the entity may have been written`,
      {
        method: call.method,
        url,
        attempts: reply.attempts,
        hint: "Look with portload entity get before sending it again.",
      },
    );
  }
  const { status, body, attempts } = reply;
  if (status < 300) return { is: "done", body };
  // What is not the API's envelope comes from something else on the way.
  if (!isObject(body)) throw refusal(call, reply, io);
  const { message, error } = refusedMessage(status, body, io.redact);
  return { is: "refused", body, status, error, message: `${call.method} ${url}: ${message}`, attempts };
}

function dependentsQuery({ deleteDependents, runId }: DependentFlags): URLSearchParams {
  return queryOf({ delete_dependents: deleteDependents, ...(runId !== undefined && { run_id: runId }) });
}

function queryOf(values: Readonly<Record<string, boolean | string>>): URLSearchParams {
  return new URLSearchParams(Object.entries(values).map(([key, value]) => [key, String(value)] as [string, string]));
}

function isObject(body: unknown): body is Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null && !Array.isArray(body);
}
