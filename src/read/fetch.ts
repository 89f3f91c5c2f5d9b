import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type Dispatcher, EnvHttpProxyAgent, request } from "undici";
import { SourceError } from "../errors.js";

/** Whether a path is an http(s) address. */
export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/** What people see of a path: itself, `stdin`, or a URL without userinfo, query and fragment. */
export function nameOf(path: string): string {
  if (path === "-") return "stdin";
  if (!isUrl(path)) return path;
  if (!URL.canParse(path)) return path.replace(/[?#].*$/s, "").replace(/\/\/.*@/, "//");
  const { origin, pathname } = new URL(path);
  return origin + pathname;
}

/** What a download takes from the world around it. */
export interface FetchIo {
  /** Pool and proxies; by default one of its own, with the proxies of the process's environment. */
  readonly dispatcher?: Dispatcher;
  /** Waits between attempts; the machine's clock by default. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Gives 0 ≤ x < 1. */
  readonly random?: () => number;
  readonly signal?: AbortSignal;
}

/** Attempts at a download, the first one counted. */
const maxAttempts = 5;
const maxRedirects = 5;
/** Longest wait for the reply's beginning, and between two blocks of it, in milliseconds. */
const silenceMs = 60_000;
/** Longest wait that a server may ask for, in milliseconds. */
const maxServerWaitMs = 300_000;

const passingStatuses = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
const passingCodes =
  /^(?:EAI_AGAIN|ECONN\w+|EHOST\w+|ENET\w+|ENOTFOUND|EPIPE|ETIMEDOUT|HPE_\w+|UND_ERR_(?:ABORTED|SOCKET|CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|RES_CONTENT_LENGTH_MISMATCH))$/;

/** A fault that may be gone at another attempt. */
class PassingFault extends Error {
  readonly waitMs: number | undefined;
  constructor(message: string, options: { waitMs?: number | undefined; cause?: unknown } = {}) {
    super(message, options);
    this.waitMs = options.waitMs;
  }
}

/**
 * Downloads an http(s) address, block by block. A download that is cut off starts again and continues where it was, if what came before is the same.
 *
 * Userinfo of the address is sent as basic authentication, to its own origin only; messages show neither it nor the query.
 *
 * @throws SourceError when the server refuses, does not answer after all attempts, or gives something else the second time
 */
export async function* fetchBytes(address: string, io: FetchIo = {}): AsyncGenerator<Buffer, void, undefined> {
  if (io.dispatcher !== undefined) return yield* downloaded(address, { ...io, dispatcher: io.dispatcher });
  // The bundle has no dispatcher of the whole process.
  const dispatcher = new EnvHttpProxyAgent();
  try {
    yield* downloaded(address, { ...io, dispatcher });
  } finally {
    await dispatcher.destroy();
  }
}

/** What a download that was begun needs. */
type DownloadIo = FetchIo & { readonly dispatcher: Dispatcher };

async function* downloaded(address: string, io: DownloadIo): AsyncGenerator<Buffer, void, undefined> {
  const name = nameOf(address);
  const hash = createHash("sha256");
  let given = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      let known = given;
      const again = createHash("sha256");
      for await (const block of await get(address, name, io)) {
        const repeated = block.subarray(0, known);
        if (repeated.length > 0) again.update(repeated);
        known -= repeated.length;
        if (known === 0 && repeated.length > 0 && again.digest("hex") !== hash.copy().digest("hex"))
          throw changed(name);
        const fresh = block.subarray(repeated.length);
        if (fresh.length === 0) continue;
        hash.update(fresh);
        given += fresh.length;
        yield fresh;
      }
      if (known > 0) throw changed(name);
      return;
    } catch (error) {
      io.signal?.throwIfAborted();
      const fault = asPassingFault(error);
      if (fault === undefined) throw asPermanent(name, error);
      if (attempt >= maxAttempts) {
        throw new SourceError(name, `cannot be downloaded, after ${attempt} attempts: ${fault.message}`, {
          hint: "Check the address and the network, or try later.",
          cause: fault.cause ?? fault,
        });
      }
      const { sleep = (ms, signal) => delay(ms, undefined, { ...(signal && { signal }) }), random = Math.random } = io;
      await sleep(fault.waitMs ?? Math.floor(random() * Math.min(32_000, 1000 * 2 ** (attempt - 1))), io.signal);
    }
  }
}

/** The body of the address's 200, redirects followed. */
async function get(address: string, name: string, io: DownloadIo): Promise<AsyncIterable<Buffer>> {
  let url = new URL(address);
  const { username, password, origin } = url;
  const authorization =
    username === "" && password === ""
      ? undefined
      : `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}`;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const { statusCode, headers, body } = await request(withoutUser(url), {
      headers: {
        accept: "text/csv, application/json, application/x-ndjson, */*",
        "accept-encoding": "identity",
        ...(authorization !== undefined && url.origin === origin && { authorization }),
      },
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
      dispatcher: io.dispatcher,
      ...(io.signal && { signal: io.signal }),
    });
    if (statusCode === 200) {
      if (/\b(?:br|deflate|zstd|compress)\b/i.test(String(headers["content-encoding"] ?? ""))) {
        await body.dump();
        throw new SourceError(name, `the server packs it by ${headers["content-encoding"]}, unasked`, {
          hint: "Download it first, or pipe it: curl --compressed … | portload import -",
        });
      }
      return body as AsyncIterable<Buffer>;
    }
    await body.dump();
    const { location } = headers;
    if (statusCode >= 300 && statusCode < 400 && typeof location === "string") url = redirected(name, url, location);
    else throw refused(name, statusCode, headers);
  }
  throw new SourceError(name, `redirects more than ${maxRedirects} times`, { hint: "Name the address it ends at." });
}

function withoutUser(url: URL): string {
  const bare = new URL(url.href);
  bare.username = "";
  bare.password = "";
  return bare.href;
}

function redirected(name: string, from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to !== undefined && /^https?:$/.test(to.protocol) && !(from.protocol === "https:" && to.protocol === "http:")) {
    return to;
  }
  throw new SourceError(name, "redirects to an address that is not followed", {
    hint: "Only http(s) is, and never from https to http. Name the address it leads to, or download it first.",
  });
}

function refused(name: string, status: number, headers: IncomingHttpHeaders): Error {
  if (passingStatuses.has(status)) return new PassingFault(`status ${status}`, { waitMs: askedWaitMs(headers) });
  const hint =
    status === 401 || status === 403
      ? "The address needs credentials: https://user:password@host/…, or download it first."
      : "Check the address.";
  return new SourceError(name, `cannot be downloaded: status ${status}`, { hint });
}

function askedWaitMs(headers: IncomingHttpHeaders): number | undefined {
  const after = headers["retry-after"];
  return after !== undefined && /^\d+$/.test(after) ? Math.min(Number(after) * 1000, maxServerWaitMs) : undefined;
}

function asPassingFault(error: unknown): PassingFault | undefined {
  if (error instanceof PassingFault) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return passingCodes.test(code) ? new PassingFault(`the connection failed (${code})`, { cause: error }) : undefined;
}

function asPermanent(name: string, error: unknown): unknown {
  if (error instanceof SourceError || !(error instanceof Error)) return error;
  const why = "code" in error ? ` (${String(error.code)})` : `: ${error.message}`;
  return new SourceError(name, `cannot be downloaded${why}`, {
    hint: "Check the address and its certificate.",
    cause: error,
  });
}

function changed(name: string): SourceError {
  return new SourceError(name, "changed while it was downloaded: the second attempt began otherwise", {
    hint: "Import it again.",
  });
}
