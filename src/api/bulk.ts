import type { Mode } from "../entity.js";
import { ApiError, BlueprintError } from "../errors.js";
import { noCode, type Refused, type Reply, wordsOf } from "../reply.js";
import type { Verdict } from "../verdict.js";
import { type Call, type CallIo, pathOf, publicUrl, queryOf, refusalOf } from "./call.js";
import { isEnvelope } from "./failure.js";
import { isAnyBody, isBulkBody, isBulkRefused, isBulkWritten, isFailureBody } from "./reply-parts.js";
import { notTheApi } from "./retry.js";
import { strangerAttempts } from "./send.js";

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

/** Sends a bulk request: a verdict on each entity, or the refusal or the loss of the whole. */
export type UpsertBulk = (
  blueprint: string,
  items: readonly string[],
  flags: BulkFlags,
) => Promise<Reply<readonly Verdict[]>>;

/**
 * Binds the bulk route, with a breaker: what no further request would change is thrown, with its cause.
 *
 * Its function throws {@link BlueprintError} when the blueprint is gone, {@link ApiError} when the API refuses the caller as such, or has refused
 * all entities of the blueprint so far in the same words.
 *
 * @param exists - whether the blueprint exists, asked when the API says that something does not
 */
export function createBulkCall(
  io: CallIo & { readonly redact: (text: string) => string },
  exists: (blueprint: string) => Promise<boolean>,
): UpsertBulk {
  const breaker = createBreaker();
  const way = watchTheWay();
  return async (blueprint, items, flags) => {
    const call = bulkCall(blueprint, items, flags);
    const cause = flags.validationOnly ? undefined : breaker.cause(blueprint);
    if (cause !== undefined) throw hopeless(call, blueprint, cause, io);
    // With all its attempts: `createSend`, send.ts.
    const reply = await io.send(call);
    if (reply.is === "done") {
      const { traceId } = reply;
      const body = readVerdicts(reply.body, items.length).map((verdict) => detailed(verdict, traceId, io.redact));
      breaker.see(blueprint, body);
      const isMute = body.length > 0 && body.every(({ is }) => is === "unknown");
      if (way.mute(isMute)) throw refusesAll(call, `${mostMute} replies in a row say nothing of any entity`, io);
      way.refused(undefined);
      way.stranger(false);
      return { ...reply, body };
    }
    if (reply.is === "lost") {
      if (way.stranger(reply.cause === notTheApi)) throw refusesAll(call, "what answers there is not Port's API", io);
      return reply;
    }
    if (reply.status === 404 && !(await exists(blueprint))) throw gone(blueprint);
    if (refusesCaller(reply)) throw refusalOf(call, reply, io);
    // The writer halves it down to the entity at fault; only the verdict on a single one counts.
    if (items.length > 1) return reply;
    if (reply.status !== 413) breaker.see(blueprint, [reply]);
    if (way.refused(reply))
      throw refusesAll(call, `${mostRefusals} requests in a row were refused as a whole: ${wordsOf(reply)}`, io);
    return reply;
  };
}

/** The call of a bulk request. */
export function bulkCall(blueprint: string, items: readonly string[], flags: BulkFlags): Call<unknown> {
  const { mode, createMissing, validationOnly = false, runId } = flags;
  return {
    method: "POST",
    path: `${pathOf(blueprint, "/entities/bulk")}${queryOf({
      // Merge counts only together with upsert.
      upsert: mode !== "create",
      merge: mode === "merge",
      create_missing_related_entities: createMissing,
      validation_only: validationOnly,
      run_id: runId,
    })}`,
    route: "bulk",
    body: bodyOf(items),
    idempotent: mode !== "create" || validationOnly,
    isBody: isAnyBody,
  };
}

/** Put together by one join: a text made of pieces would be copied once more when it is sent. */
function bodyOf(items: readonly string[]): string {
  const parts = ['{"entities":['];
  for (const item of items) parts.push(parts.length === 1 ? "" : ",", item);
  parts.push("]}");
  return parts.join("");
}

const unknown: Verdict = { is: "unknown" };
const created: Verdict = { is: "created" };
const updated: Verdict = { is: "updated" };

/**
 * Reads the verdict on each entity from the body of a 200 or 207, by `index` alone: identifiers may be queries.
 *
 * @param body - parsed JSON, or anything else: then all are unknown
 * @param count - entities that were sent
 * @returns one verdict for each entity sent; unknown where the index is missing or given twice; entries out of range are passed over
 * @source API reference, "Create multiple entities"
 */
export function readVerdicts(body: unknown, count: number): readonly Verdict[] {
  const verdicts = new Array<Verdict>(count).fill(unknown);
  if (!isBulkBody(body)) return verdicts;
  const seen = new Set<number>();
  const settle = (index: number, verdict: Verdict) => {
    if (index < 0 || index >= count) return;
    verdicts[index] = seen.has(index) ? unknown : verdict;
    seen.add(index);
  };
  for (const entry of body.entities ?? []) {
    if (isBulkWritten(entry)) settle(entry.index, entry.created ? created : updated);
  }
  for (const entry of body.errors ?? []) {
    if (!isBulkRefused(entry)) continue;
    const { index, statusCode: status, error = noCode, message = "" } = entry;
    settle(index, { is: "refused", status, error, message });
  }
  return verdicts;
}

/** The API's words may repeat what it was sent. */
function detailed(verdict: Verdict, traceId: string | undefined, redact: (text: string) => string): Verdict {
  if (verdict.is !== "refused") return verdict;
  const trace = traceId === undefined ? {} : { traceId };
  return { ...verdict, error: redact(verdict.error), message: redact(verdict.message), ...trace };
}

/**
 * A 403 in Port's own form is about the caller: permission, address, a protected blueprint. One in another form may be a firewall's that dislikes an
 * entity's text, and is halved like any refusal.
 */
function refusesCaller({ status, body }: { readonly status: number; readonly body: unknown }): boolean {
  return status === 403 && isFailureBody(body) && body.error !== undefined;
}

function gone(blueprint: string): BlueprintError {
  return new BlueprintError(`the catalog has no blueprint ${blueprint}`, {
    hint: "Create it, and resume: portload blueprint apply blueprints, the folder of its file. If it was there before, it was deleted or renamed while the import ran.",
  });
}

function hopeless(call: Call<unknown>, blueprint: string, cause: string, io: CallIo): ApiError {
  const message = `the API has refused every entity of blueprint ${blueprint} for the same reason: ${cause}`;
  return new ApiError(message, {
    method: call.method,
    url: publicUrl(call, io.apiUrl),
    attempts: 1,
    hint: "That is a fault of the mapping, the blueprint or the permissions: preview the mapping against the blueprint, then import again.",
  });
}

function refusesAll(call: Call<unknown>, why: string, io: CallIo): ApiError {
  return new ApiError(`${call.method} ${publicUrl(call, io.apiUrl)}: ${why}`, {
    ...{ method: call.method, url: publicUrl(call, io.apiUrl), attempts: 1 },
    hint: "That is a fault of the way to the API, not of the entities: look what is between, then resume.",
  });
}

/** Requests of a single entity, refused in the same words one after the other, that still count as faults of the entities. */
export const mostRefusals = 60;
/** Consecutive replies that say nothing about their entities. */
export const mostMute = 30;

/**
 * Distinguishes a network path that blocks everything from entities that are refused. Refusals that the API gives for the sake of an entity (400, 404, 422 in its own
 * form) do not count: a source may hold many such entities in a row.
 */
function watchTheWay() {
  let last = "";
  let refusals = 0;
  let mutes = 0;
  let strangers = 0;
  return {
    /** Mode create reads back what it cannot send again. */
    stranger(isStranger: boolean): boolean {
      strangers = isStranger ? strangers + 1 : 0;
      return strangers >= strangerAttempts;
    },
    mute(isMute: boolean): boolean {
      mutes = isMute ? mutes + 1 : 0;
      return mutes >= mostMute;
    },
    refused(reply: Refused | undefined): boolean {
      const isOwn = reply !== undefined && isEnvelope(reply.body) && [400, 404, 422].includes(reply.status);
      const words = reply === undefined || isOwn ? "" : wordsOf(reply);
      refusals = words === "" ? 0 : words === last ? refusals + 1 : 1;
      last = words;
      return refusals >= mostRefusals;
    },
  };
}

/** Watches whether writing a blueprint makes any sense. */
interface Breaker {
  /** Takes in the verdicts of a request. */
  see(blueprint: string, verdicts: readonly Verdict[]): void;
  /** Why nothing of this blueprint will ever be written, in the API's words. Undefined while something may be. */
  cause(blueprint: string): string | undefined;
}

/** So many entities, all refused alike and none written, are a fault of mapping, blueprint or permissions: ten full requests. */
export const hopelessAfter = 200;

/** Statuses that refuse for the sake of schema or permission; 404 (a target that is missing) and 409 (it exists) are an entity's own. */
const schemaWide = [400, 403, 422];

/**
 * Separates a fault of the whole blueprint from bad entities: from the first on, all were refused with the same status, code and message. One entity that
 * is written, or refused for another reason, clears the blueprint for the rest of the import.
 */
function createBreaker(): Breaker {
  const blueprints = new Map<string, { cause: string | undefined; count: number }>();
  return {
    see(blueprint, verdicts) {
      const state = blueprints.get(blueprint) ?? { cause: causeOf(verdicts[0]), count: 0 };
      blueprints.set(blueprint, state);
      if (verdicts.some((verdict) => causeOf(verdict) !== state.cause)) state.cause = undefined;
      state.count += verdicts.length;
    },
    cause(blueprint) {
      const state = blueprints.get(blueprint);
      return state !== undefined && state.count >= hopelessAfter ? state.cause : undefined;
    },
  };
}

function causeOf(verdict: Verdict | undefined): string | undefined {
  if (verdict?.is !== "refused" || !schemaWide.includes(verdict.status)) return undefined;
  return wordsOf(verdict);
}
