import type { Readable } from "node:stream";
import { type Route, routes } from "./call.js";
import type { OpenReply, Requests } from "./connection.js";
import { headerText, type ReplyHeaders } from "./reply-parts.js";
import { attemptTimeout, noHttp1, replyTooLarge, unknownCoding, unreadableReply } from "./retry.js";

/** The result of one attempt: a whole reply, or the code of the fault. */
export type Attempt =
  | { readonly is: "reply"; readonly status: number; readonly headers: ReplyHeaders; readonly text: string }
  | { readonly is: "fault"; readonly code: string };

/** What is sent over the network. */
export interface Message {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly route: Route;
  readonly body?: string;
}

/** What an attempt needs. */
export interface RequestIo {
  readonly requests: Requests;
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

/**
 * Sends a message once and reads the whole answer, decoded, in at most `timeoutMs` and as many bytes as its route allows.
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
    const reply = await io.requests.request({
      origin: base.origin,
      path: base.pathname + message.path,
      method: message.method,
      headers: headersOf(message, token, io.userAgent),
      body: message.body ?? null,
      signal: abort.signal,
    });
    const { statusCode: status, headers } = reply;
    return { is: "reply", status, headers, text: await textOf(reply, routes[message.route].maxReplyBytes) };
  } catch (error) {
    io.signal.throwIfAborted();
    return { is: "fault", code: abort.signal.aborted ? attemptTimeout : faultCode(error) };
  } finally {
    clearTimeout(timer);
    io.signal.removeEventListener("abort", onAbort);
  }
}

/** A reply that cannot be read, with the code of the fault. */
class ReplyFault extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

async function textOf({ headers, body }: OpenReply, maxBytes: number): Promise<string> {
  const coding = headerText(headers, "content-encoding")?.trim().toLowerCase() ?? "";
  const length = Number(headerText(headers, "content-length"));
  // Thrown below; an abandoned body has no other listener.
  body.on("error", () => undefined);
  try {
    if (length > maxBytes) throw new ReplyFault(replyTooLarge);
    const isPlain = coding === "" || coding === "identity";
    // The parser holds a body to the length that it says it has.
    if (isPlain && length >= 0 && body.text !== undefined) return await body.text();
    return await collect(isPlain ? body : decoded(body, coding), maxBytes);
  } catch (error) {
    body.destroy();
    throw error;
  }
}

async function collect(stream: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > maxBytes) throw new ReplyFault(replyTooLarge);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Takes codings off in the order they were put on. */
async function* decoded(body: Readable, coding: string): AsyncGenerator<Buffer> {
  let stream = body;
  for (const name of coding.split(",").reverse()) {
    const from = stream;
    const decoder = openDecoder(name.trim());
    if (decoder === undefined) throw new ReplyFault(unknownCoding);
    from.once("error", (error) => decoder.destroy(error));
    stream = from.pipe(decoder);
  }
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    // A body that the decoder cannot read was cut or garbled on the network.
    const { code } = error as NodeJS.ErrnoException;
    throw code?.startsWith("Z_") || code?.startsWith("ERR_") ? new ReplyFault(unreadableReply) : error;
  } finally {
    stream.destroy();
  }
}

function openDecoder(coding: string) {
  // Loaded at the first reply that needs it, synchronously: during a wait the body may fail unseen.
  const { createBrotliDecompress, createGunzip, createInflate } = process.getBuiltinModule("node:zlib");
  if (coding === "gzip" || coding === "x-gzip") return createGunzip();
  if (coding === "br") return createBrotliDecompress();
  return coding === "deflate" ? createInflate() : undefined;
}

function headersOf(message: Message, token: string | undefined, userAgent: string): Record<string, string> {
  return {
    accept: "application/json",
    "accept-encoding": routes[message.route].isLong ? "gzip, deflate, br" : "identity",
    "user-agent": userAgent,
    ...(message.body !== undefined && { "content-type": "application/json" }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
}

/** The fault's code, also where it is wrapped. */
function faultCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    // undici gives the status of a proxy that refused the tunnel only in its message.
    const [, status] = /^Proxy response \((\d{3})\)/.exec(at.message) ?? [];
    if (status !== undefined) return `PROXY_${status}`;
    // What Node's own HTTP writes into a connection that was refused for its protocol fails by another code.
    if (/SSL alert number 120\b/.test(at.message)) return noHttp1;
    if ("code" in at && typeof at.code === "string") return at.code;
    // undici's parser puts what the server sent wrongly into an error without a code.
    if (at.name === "HTTPParserError") return "HPE_INVALID";
  }
  return "UNKNOWN";
}
