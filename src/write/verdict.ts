import { originOf, targetsOf, type Write } from "../entity.js";
import type { Reject, RejectCode } from "../reject.js";
import type { ItemResult } from "../reply.js";

/** What the API's answer means for a write. `unmet`: refused because a relation's target does not exist (yet). */
export type Verdict =
  | { readonly is: "created" | "updated" }
  | { readonly is: "unmet"; readonly reject: Reject }
  /** With `isWritten` the entity is in the catalog all the same. */
  | { readonly is: "rejected"; readonly reject: Reject; readonly isWritten?: true };

/**
 * The verdict of one entity's result.
 *
 * @source port-api: 409 is a conflict of create, whatever its code string; 404 `not_found` of an item with relations is a missing target
 */
export function verdictOf(write: Write, result: ItemResult, traceId?: string): Verdict {
  if (result.is === "created" || result.is === "updated") return { is: result.is };
  if (result.is === "unknown")
    return refuse(write, "no_verdict", "the reply says nothing of this entity; look whether it was written", {});
  const facts = { status: result.status, ...(traceId !== undefined && { traceId }) };
  const said = `${result.error}: ${result.message}`;
  if (result.status === 409) return refuse(write, "already_exists", "the entity exists, and the mode is create", facts);
  if (result.status === 404 && namesTargets(write))
    return { is: "unmet", reject: rejectOf(write, "relation_target_missing", said, facts) };
  return refuse(write, "refused_by_api", said, facts);
}

/** The verdict of an entity that alone is too large for a request. */
export function verdictOfSize(write: Write): Verdict {
  const message = `the entity has ${write.entity.bytes.toLocaleString("en")} bytes, more than a request may carry (1 MiB); map less into it`;
  return refuse(write, "entity_too_large", message, { status: 413 });
}

function namesTargets({ entity }: Write): boolean {
  return Object.values(entity.body.relations).some((value) => targetsOf(value).length > 0);
}

interface Facts {
  readonly status?: number;
  readonly traceId?: string;
}

function refuse(write: Write, code: RejectCode, message: string, facts: Facts): Verdict {
  return { is: "rejected", reject: rejectOf(write, code, message, facts) };
}

function rejectOf({ entity }: Write, code: RejectCode, message: string, facts: Facts): Reject {
  return {
    code,
    stage: "write",
    message,
    ...originOf(entity),
    ...facts,
  };
}
