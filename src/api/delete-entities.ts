import { deletedBody } from "./bodies.js";
import { refusedMessage } from "./failure.js";
import { type Call, type CallIo, refusal } from "./send.js";

/** Most identifiers in one request. @source API reference, "Delete multiple entities": 1 to 100 */
export const maxDeleteIdentifiers = 100;

/** What became of one request to delete. */
export type DeleteReply =
  /** All are gone; `deleted` are those that were there. */
  | { readonly is: "deleted"; readonly deleted: readonly string[] }
  /** Nothing was deleted, for a reason such as `has_dependents`. */
  | { readonly is: "refused"; readonly status: number; readonly error: string; readonly message: string };

/** How a deletion is to be taken. */
export interface DeleteFlags {
  /** Deletes what depends on them, too. */
  readonly deleteDependents: boolean;
  /** Action run that the deletion is recorded under. */
  readonly runId?: string;
}

/**
 * Deletes entities of one blueprint, at most 100, all or none of them. Sent again after a lost answer: an entity that is gone by then is in no list.
 *
 * @throws {ApiError} when the API does not answer, and for an unknown blueprint
 */
export async function deleteEntities(
  io: CallIo,
  blueprint: string,
  identifiers: readonly string[],
  { deleteDependents, runId }: DeleteFlags,
): Promise<DeleteReply> {
  const query = new URLSearchParams({
    delete_dependents: String(deleteDependents),
    ...(runId !== undefined && { run_id: runId }),
  });
  const call: Call = {
    method: "POST",
    path: `/blueprints/${encodeURIComponent(blueprint)}/bulk/entities/delete?${query}`,
    family: "entities",
    route: "delete",
    body: JSON.stringify({ entities: identifiers }),
    idempotent: true,
    authorized: true,
    promised: (body) => deletedBody.safeParse(body).success,
  };
  const reply = await io.send(call);
  if (reply.is === "lost" || reply.status === 401) throw refusal(call, reply, io);
  if (reply.status < 300) return { is: "deleted", deleted: deletedBody.parse(reply.body).deletedEntities };
  const { message, error } = refusedMessage(reply.status, reply.body, io.redact);
  return { is: "refused", status: reply.status, error: error ?? "unknown_error", message };
}
