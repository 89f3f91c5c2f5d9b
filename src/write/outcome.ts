import { type Entity, originOf, targetsOf, type Write } from "../entity.js";
import { type Deferred, type Outcome, placeOf } from "../outcome.js";
import type { Reject, RejectCode } from "../reject.js";
import { noCode } from "../reply.js";
import type { Verdict } from "../verdict.js";
import { maxBodyBytes } from "./exchange.js";

/**
 * What a verdict means for the entity of a write: its outcome, or that it waits for a further write, because this one left relations out or was refused
 * for a target that does not exist (yet).
 */
export function outcomeOf(write: Write, verdict: Verdict): Outcome | Deferred {
  const entity = write.deferred?.entity ?? write.entity;
  if (verdict.is === "created" || verdict.is === "updated") {
    if (write.deferred === undefined) return writtenOutcome(entity, verdict.is);
    return { is: "deferred", entity: withoutClears(entity), waiting: write.deferred.waiting, first: verdict.is };
  }
  const reject = rejectOf(write, verdict);
  if (reject.code === "relation_target_missing") return { is: "deferred", entity, waiting: [] };
  return { ...placeOf(entity), is: "rejected", reject };
}

/** The outcome of an entity that the catalog holds by now; one that is known to lack something counts as rejected all the same. */
export function writtenOutcome(entity: Entity, is: "created" | "updated" | "unchanged"): Outcome {
  const { at, resource, item, key } = entity;
  if (entity.rejected === undefined) return { at, resource, item, key, is };
  return { ...placeOf(entity), is: "rejected", reject: { ...entity.rejected, stage: "write", ...originOf(entity) } };
}

/**
 * The reject of a write that was not done.
 *
 * A 409 is a conflict of mode create, whatever its code; a 404 of an entity with relations is a missing target.
 */
export function rejectOf(write: Write, verdict: Exclude<Verdict, { is: "created" | "updated" }>): Reject {
  if (verdict.is === "unknown")
    return reject(write, "no_verdict", "the reply says nothing of this entity; look whether it was written");
  const { status, traceId } = verdict;
  const facts = { status, ...(traceId !== undefined && { traceId }) };
  const said = verdict.message === "" ? `status ${status}, ${verdict.error}` : `${verdict.error}: ${verdict.message}`;
  if (status === 409 && write.mode === "create")
    return reject(write, "already_exists", "the entity exists, and the mode is create", facts);
  if (status === 404 && namesTargets(write)) return reject(write, "relation_target_missing", said, facts);
  if (status === 413) return reject(write, "entity_too_large", tooLarge(write, verdict), facts);
  return reject(write, "refused_by_api", said, facts);
}

/** An entity of which nothing is left to be cleared. */
export function withoutClears(entity: Entity): Entity {
  return entity.with({ clears: undefined });
}

function tooLarge({ entity: { bytes } }: Write, { error, message }: { error: string; message: string }): string {
  const size = bytes.toLocaleString("en");
  if (bytes > maxBodyBytes / 2)
    return `the entity has ${size} bytes, more than a request may carry (1 MiB); map less into it`;
  const said = [error === noCode ? "" : error, message].filter((part) => part !== "").join(": ");
  return `the server takes no request with its ${size} bytes (status 413${said === "" ? "" : `, ${said}`}), although the API takes 1 MiB: look what is between`;
}

function namesTargets({ entity }: Write): boolean {
  return Object.values(entity.relations).some((value) => targetsOf(value).length > 0);
}

function reject(
  { entity }: Write,
  code: RejectCode,
  message: string,
  facts: { readonly status?: number; readonly traceId?: string } = {},
): Reject {
  return { code, stage: "write", message, ...originOf(entity), ...facts };
}
