import type { Mode } from "../entity.js";
import { ApiError, BlueprintError } from "../errors.js";
import type { ItemResult } from "../reply.js";
import { failureBody } from "./bodies.js";
import { createBreaker } from "./breaker.js";
import { type BulkReplyOrLost, readBulkResults } from "./bulk-reply.js";
import { refusedMessage } from "./failure.js";
import { type Call, type CallIo, type Reply, refusal } from "./send.js";

/** How a bulk request is to be taken. */
export interface BulkFlags {
  readonly mode: Mode;
  /** Makes bare entities of missing relation targets. */
  readonly createMissing: boolean;
  /** Checks and writes nothing. */
  readonly validationOnly?: boolean;
  /** Action run that the write is recorded under. */
  readonly runId?: string;
}

/** Sends a bulk request; see the client's `upsertBulk`. */
export type UpsertBulk = (blueprint: string, items: readonly string[], flags: BulkFlags) => Promise<BulkReplyOrLost>;

/**
 * Binds the bulk route, with a breaker: what no further request would mend is thrown, with its cause.
 *
 * Its function throws {@link BlueprintError} when the blueprint is gone, {@link ApiError} when the API refuses the caller as such, or has refused
 * all entities of the blueprint so far in the same words.
 *
 * @param exists - whether the blueprint exists, asked when the API says that something does not
 */
export function createBulkCall(io: CallIo, exists: (blueprint: string) => Promise<boolean>): UpsertBulk {
  const breaker = createBreaker();
  return async (blueprint, items, flags) => {
    const call = bulkCall(blueprint, items, flags);
    const cause = flags.validationOnly ? undefined : breaker.cause(blueprint);
    if (cause !== undefined) throw hopeless(call, blueprint, cause, io);
    const reply = await io.send(call);
    if (reply.is === "lost") {
      const { cause, sentAtMs } = reply;
      return {
        is: "settled",
        results: readBulkResults(undefined, items.length),
        lost: { cause, ...(sentAtMs !== undefined && { sentAtMs }) },
        ...(sentAtMs !== undefined && { sentAtMs }),
      };
    }
    const trace = reply.traceId === undefined ? {} : { traceId: reply.traceId };
    if (reply.status < 300) {
      const results = readBulkResults(reply.body, items.length).map((result) => withoutSecrets(result, io));
      breaker.see(blueprint, results);
      const since = reply.sentAtMs === undefined ? {} : { sentAtMs: reply.sentAtMs };
      return { is: "settled", results, ...trace, ...since };
    }
    if (reply.status === 413) return { is: "tooLarge" };
    if (reply.status === 404 && !(await exists(blueprint))) throw gone(blueprint);
    if (refusesCaller(reply)) throw refusal(call, reply, io);
    const { message, error = "unknown_error" } = refusedMessage(reply.status, reply.body, io.redact);
    // The writer halves it down to the entity at fault; only what is told of a single one counts.
    if (items.length === 1) breaker.see(blueprint, [{ is: "refused", status: reply.status, error, message }]);
    return { is: "refused", status: reply.status, error, message, ...trace };
  };
}

function bulkCall(blueprint: string, items: readonly string[], flags: BulkFlags): Call {
  return {
    method: "POST",
    path: `/blueprints/${encodeURIComponent(blueprint)}/entities/bulk?${bulkQuery(flags)}`,
    family: "bulk",
    route: "bulk",
    body: `{"entities":[${items.join(",")}]}`,
    idempotent: flags.mode !== "create" || flags.validationOnly === true,
    authorized: true,
  };
}

/** @source API reference, "Create multiple entities": merge counts only together with upsert */
function bulkQuery({ mode, createMissing, validationOnly, runId }: BulkFlags): URLSearchParams {
  return new URLSearchParams({
    upsert: String(mode !== "create"),
    merge: String(mode === "merge"),
    create_missing_related_entities: String(createMissing),
    validation_only: String(validationOnly === true),
    ...(runId !== undefined && { run_id: runId }),
  });
}

/**
 * A 403 in Port's own form is about the caller: permission, address, a protected blueprint. One in another form may be a firewall's that dislikes an
 * entity's text, and is halved like any refusal.
 */
function refusesCaller(reply: Reply): boolean {
  return reply.is === "reply" && reply.status === 403 && failureBody.safeParse(reply.body).data?.error !== undefined;
}

/** The API's words may repeat what it was sent. */
function withoutSecrets(result: ItemResult, { redact }: CallIo): ItemResult {
  if (result.is !== "refused") return result;
  return { ...result, error: redact(result.error), message: redact(result.message) };
}

function gone(blueprint: string): BlueprintError {
  return new BlueprintError(`blueprint ${blueprint} does not exist any more`, {
    hint: "It was deleted or renamed while the import ran. Put it back (portload blueprint apply) and resume.",
  });
}

function hopeless(call: Call, blueprint: string, cause: string, io: CallIo): ApiError {
  const url = io.apiUrl + call.path.replace(/\?.*$/s, "");
  const message = `the API has refused every entity of blueprint ${blueprint} for the same reason: ${cause}`;
  return new ApiError(io.redact(message), {
    method: call.method,
    url,
    attempts: 1,
    hint: "That is a fault of the mapping, the blueprint or the permissions: preview the mapping against the blueprint, then import again.",
  });
}
