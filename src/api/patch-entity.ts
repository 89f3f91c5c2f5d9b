import type { ClearedField } from "../entity.js";
import { refusedMessage } from "./failure.js";
import { type Call, type CallIo, refusal } from "./send.js";

/** What became of one PATCH. */
export type PatchReply =
  | { readonly is: "patched" }
  | {
      readonly is: "refused";
      readonly status: number;
      readonly error: string;
      readonly message: string;
      readonly traceId?: string;
    };

/**
 * Clears a title, icon or team of an entity that exists: only this route takes null there. Sending it twice does what sending it once does.
 *
 * @throws {ApiError} when the API does not answer
 * @source API reference, "Update an entity"; port-api 3.1 and 4.3
 */
export async function patchEntity(
  io: CallIo,
  blueprint: string,
  identifier: string,
  fields: Readonly<Partial<Record<ClearedField, null>>>,
  { runId }: { readonly runId?: string } = {},
): Promise<PatchReply> {
  const query = new URLSearchParams({
    create_missing_related_entities: "false",
    ...(runId !== undefined && { run_id: runId }),
  });
  const call: Call = {
    method: "PATCH",
    path: `/blueprints/${encodeURIComponent(blueprint)}/entities/${encodeURIComponent(identifier)}?${query}`,
    family: "entities",
    route: "single",
    body: JSON.stringify(fields),
    idempotent: true,
    authorized: true,
  };
  const reply = await io.send(call);
  if (reply.is === "lost" || reply.status === 401) throw refusal(call, reply, io);
  if (reply.status < 300) return { is: "patched" };
  const { message, error } = refusedMessage(reply.status, reply.body, io.redact);
  const trace = reply.traceId === undefined ? {} : { traceId: reply.traceId };
  return { is: "refused", status: reply.status, error: error ?? "unknown_error", message, ...trace };
}
