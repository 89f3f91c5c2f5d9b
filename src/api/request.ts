import type { Dispatcher } from "undici";
import type { ReplyHeaders } from "./headers.js";
import { attemptTimeout } from "./retry.js";

/** What one attempt came to: a whole reply, or the code of the fault. */
export type Attempt =
  | { readonly is: "reply"; readonly status: number; readonly headers: ReplyHeaders; readonly text: string }
  | { readonly is: "fault"; readonly code: string };

/** What goes over the wire. */
export interface Message {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: string;
}

/** What an attempt needs. */
export interface RequestIo {
  readonly dispatcher: Dispatcher;
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

/**
 * Sends a message once and reads the whole answer, in at most `timeoutMs`.
 *
 * A network fault is a value.
 * @throws the signal's reason when it is aborted
 */
export async function requestOnce(
  message: Message,
  token: string | undefined,
  base: URL,
  io: RequestIo,
): Promise<Attempt> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(attemptTimeout), io.timeoutMs);
  const onAbort = () => abort.abort(io.signal.reason);
  io.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const reply = await io.dispatcher.request({
      origin: base.origin,
      path: base.pathname + message.path,
      method: message.method,
      headers: headersOf(message, token, io.userAgent),
      body: message.body ?? null,
      signal: abort.signal,
    });
    return { is: "reply", status: reply.statusCode, headers: reply.headers, text: await reply.body.text() };
  } catch (error) {
    io.signal.throwIfAborted();
    return { is: "fault", code: abort.signal.aborted ? attemptTimeout : faultCode(error) };
  } finally {
    clearTimeout(timer);
    io.signal.removeEventListener("abort", onAbort);
  }
}

function headersOf(message: Message, token: string | undefined, userAgent: string): Record<string, string> {
  return {
    accept: "application/json",
    "user-agent": userAgent,
    ...(message.body !== undefined && { "content-type": "application/json" }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
}

/** The fault's code, also where it is wrapped. */
function faultCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
    // undici's parser puts what the server sent wrongly into an error without a code.
    if (at.name === "HTTPParserError") return "HPE_INVALID";
  }
  return "UNKNOWN";
}
