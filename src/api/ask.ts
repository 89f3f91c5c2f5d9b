import type { Family, Route } from "./families.js";
import type { ReplyHeaders } from "./retry.js";
import { type CallIo, refusal } from "./send.js";

/** A request that changes nothing. */
export interface AskRequest {
  readonly method: "GET" | "POST";
  /** Below the base address, encoded, with its query. */
  readonly path: string;
  readonly family: Family;
  readonly route: Route;
  /** JSON text. */
  readonly body?: string;
  /** Default true. */
  readonly authorized?: boolean;
}

/** A reply as it came. */
export interface Asked {
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** Parsed JSON; undefined where it is none. */
  readonly body: unknown;
  /** When it was sent and answered, by our clock, milliseconds since the epoch. */
  readonly ours: { readonly sentAtMs: number; readonly answeredAtMs: number };
}

/**
 * Sends a request that changes nothing, as often as it needs, and gives its reply as it is.
 *
 * @throws {AuthError} when a fresh token is refused
 * @throws {ApiError} when there is no reply, or 5xx only
 */
export async function ask(io: CallIo, { authorized = true, ...request }: AskRequest): Promise<Asked> {
  const call = { ...request, authorized, idempotent: true };
  const reply = await io.send(call);
  if (reply.is === "lost") throw refusal(call, reply, io);
  const { status, headers, body, ours } = reply;
  return { status, headers, body, ours };
}
