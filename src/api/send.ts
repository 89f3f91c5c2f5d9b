import type { Dispatcher } from "undici";
import { ApiError, AuthError } from "../errors.js";
import type { Clock } from "./clock.js";
import type { Counter } from "./counts.js";
import { failedMessage, hintFor, refusedMessage } from "./failure.js";
import type { Family, Route } from "./families.js";
import type { Pace } from "./pace.js";
import { type Answer, requestOnce, serverAhead } from "./request.js";
import {
  decideRetry,
  headerText,
  type ReplyHeaders,
  type RetryDecision,
  retryDelayMs,
  unreadableReply,
} from "./retry.js";
import type { Tokens } from "./token.js";

/** One request, to be sent as often as it needs. */
export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base address, encoded, with its query. */
  readonly path: string;
  readonly family: Family;
  readonly route: Route;
  /** JSON text. */
  readonly body?: string;
  /** True when sending it twice leaves the catalog as sending it once does. */
  readonly idempotent: boolean;
  /** False for the token's own request. */
  readonly authorized: boolean;
  /** Statuses that the caller answers itself, at once. */
  readonly expected?: readonly number[];
  /** Tells whether a 2xx body is what the API promises; one that is not counts as a fault on the way. */
  readonly promised?: (body: unknown) => boolean;
}

/** The last attempt's reply; or `lost`, only for calls that are not idempotent. */
export type Reply =
  | {
      readonly is: "reply";
      readonly status: number;
      readonly body: unknown;
      readonly headers: ReplyHeaders;
      /** When the last attempt was sent and answered, by our clock, milliseconds since the epoch. */
      readonly ours: { readonly sentAtMs: number; readonly answeredAtMs: number };
      readonly traceId?: string;
      readonly attempts: number;
      /** When the first attempt began by the server's clock, milliseconds since the epoch, never later than the truth; absent when its clock is not known. */
      readonly sentAtMs?: number;
    }
  | { readonly is: "lost"; readonly cause: string; readonly sentAtMs: number | undefined; readonly attempts: number };

/** What requests are made of. */
export interface SendIo {
  /** Base address with `/v1`. */
  readonly apiUrl: string;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Gives 0 ≤ x < 1. */
  readonly random: () => number;
  readonly pace: Pace;
  readonly counter: Counter;
  readonly tokens: Tokens;
  readonly maxAttempts: number;
  readonly timeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly userAgent: string;
  /** Ends all attempts and waits. */
  readonly signal: AbortSignal;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  /** Hears how far the server's clock is ahead of ours, in milliseconds, at least. */
  readonly onServerClock?: (aheadMs: number) => void;
  /** Hears of every attempt. */
  readonly onExchange: (exchange: { route: Route; ms: number; trouble: boolean }) => void;
}

/** Sends calls; see {@link createSend}. */
export type Send = (call: Call) => Promise<Reply>;

/** What the calls of a route need. */
export interface CallIo {
  readonly send: Send;
  readonly apiUrl: string;
  readonly redact: (text: string) => string;
}

/** Attempts to find an API that has never answered: about 3 s, so that a wrong address shows at once. */
const firstContactAttempts = 3;

/**
 * Makes the one function through which all API traffic goes: each attempt passes the limiter, is counted, and is repeated as {@link decideRetry} says.
 *
 * Its function throws {@link AuthError} when a fresh token is refused, {@link ApiError} when no attempt is left or none would help, and the
 * signal's reason when aborted. Replies that a retry does not mend (most 4xx) are given to the caller.
 */
export function createSend(io: SendIo): Send {
  const base = new URL(io.apiUrl);
  let reached = false;
  let serverAheadMs: number | undefined;

  const attemptOnce = async (call: Call, again: boolean) => {
    io.signal.throwIfAborted();
    const ticket = await io.pace.acquire(call.family);
    const token = call.authorized ? await io.tokens.current() : undefined;
    io.signal.throwIfAborted();
    io.counter.attempt(call.route, call.body === undefined ? 0 : Buffer.byteLength(call.body), again);
    const sentAtMs = io.clock.now();
    const answer = await requestOnce(call, token, base, io);
    const trouble = answer.is === "fault" || answer.status === 408 || answer.status === 429 || answer.status >= 500;
    io.onExchange({ route: call.route, ms: io.clock.now() - sentAtMs, trouble });
    if (answer.is === "reply") {
      reached = true;
      serverAheadMs = serverAhead(answer.headers, io.clock.now()) ?? serverAheadMs;
      if (serverAheadMs !== undefined) io.onServerClock?.(serverAheadMs);
      io.counter.reply(answer.status);
      io.pace.learn(call.family, ticket, answer.status, answer.headers);
    }
    return { answer, token, sentAtMs };
  };

  /** Milliseconds before the next attempt: what the server or the back-off says, and after a 429 jitter that keeps several imports from coming back together. */
  const delayAfter = (answer: Answer, attempt: number): number => {
    const headers = answer.is === "reply" ? answer.headers : {};
    const delayMs = retryDelayMs(headers, attempt, { nowMs: io.clock.now(), random: io.random });
    if (answer.is !== "reply" || answer.status !== 429) return delayMs;
    return delayMs + Math.floor(io.random() * Math.max(250, delayMs / 10));
  };

  /** Does what must come before the next attempt. After a 429 the whole family waits once. */
  const prepare = async (call: Call, why: RetryDecision["why"], delayMs: number, token: string | undefined) => {
    if (why === "token" && token !== undefined) await io.tokens.renew(token);
    else if (why !== "throttled" || !io.pace.hold(call.family, delayMs)) await io.clock.sleep(delayMs, io.signal);
  };

  return async (call) => {
    let renewed = !call.authorized;
    let endMs = Number.POSITIVE_INFINITY;
    let firstSentAtMs: number | undefined;
    for (let attempt = 1; ; attempt++) {
      const { answer, token, sentAtMs } = await attemptOnce(call, attempt > 1);
      if (attempt === 1) endMs = sentAtMs + io.totalTimeoutMs;
      firstSentAtMs ??= sentAtMs;
      const since = serverAheadMs === undefined ? {} : { sentAtMs: firstSentAtMs + serverAheadMs };
      const replied = answer.is === "reply";
      const read = replied ? readBody(call, answer) : undefined;
      const readable = replied && read !== undefined;
      if (readable && (isDone(answer.status) || call.expected?.includes(answer.status))) {
        return { ...reply(answer, read.body, attempt, { sentAtMs, answeredAtMs: io.clock.now() }), ...since };
      }
      const needsToken = replied && answer.status === 401;
      const delayMs = needsToken ? 0 : delayAfter(answer, attempt);
      const { retry, why } = decideRetry({
        ...(readable && { status: answer.status }),
        ...(!readable && { code: replied ? unreadableReply : answer.code }),
        idempotent: call.idempotent,
        attempt,
        maxAttempts: reached ? io.maxAttempts : Math.min(firstContactAttempts, io.maxAttempts),
        delayMs,
        leftMs: endMs - io.clock.now(),
        renewed,
      });
      if (retry) {
        renewed ||= why === "token";
        await prepare(call, why, delayMs, token);
      } else if (why === "ambiguous") {
        const cause = replied ? `status ${answer.status}` : answer.code;
        return {
          is: "lost",
          cause,
          sentAtMs: serverAheadMs === undefined ? undefined : sentAtMs + serverAheadMs,
          attempts: attempt,
        };
      } else if (why === "answered" && readable && (answer.status !== 401 || !call.authorized)) {
        return { ...reply(answer, read.body, attempt, { sentAtMs, answeredAtMs: io.clock.now() }), ...since };
      } else {
        throw failure(call, answer, read?.body, attempt, io);
      }
    }
  };
}

/** The error of a reply that its caller has no use for; the caller throws it. */
export function refusal(call: Call, reply: Reply, io: Pick<CallIo, "apiUrl" | "redact">): ApiError {
  const url = publicUrl(call, io.apiUrl);
  const lost = reply.is === "lost";
  const told = lost ? undefined : refusedMessage(reply.status, reply.body, io.redact);
  return new ApiError(`${call.method} ${url}: ${told?.message ?? `the answer was lost (${lost ? reply.cause : ""})`}`, {
    method: call.method,
    url,
    status: lost ? undefined : reply.status,
    error: told?.error,
    traceId: lost ? undefined : reply.traceId,
    attempts: reply.attempts,
    ...hintFor(lost ? undefined : reply.status, undefined),
  });
}

function failure(call: Call, answer: Answer, body: unknown, attempts: number, io: SendIo): ApiError {
  const url = publicUrl(call, io.apiUrl);
  const status = answer.is === "reply" ? answer.status : undefined;
  const code = answer.is === "reply" ? undefined : answer.code;
  const told = answer.is === "reply" ? refusedMessage(answer.status, body, io.redact) : undefined;
  const cause = told?.message ?? failedMessage(code);
  const Kind = status === 401 ? AuthError : ApiError;
  return new Kind(`${call.method} ${url}: ${cause}, after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`, {
    method: call.method,
    url,
    status,
    error: told?.error,
    traceId: answer.is === "reply" ? headerText(answer.headers, "x-trace-id") : undefined,
    attempts,
    ...hintFor(status, code),
  });
}

/** Address without query: a query may hold what is nobody's business. */
function publicUrl(call: Call, apiUrl: string): string {
  return apiUrl + call.path.replace(/\?.*$/s, "");
}

function isDone(status: number): boolean {
  return status >= 200 && status < 300;
}

function reply(
  answer: Answer & { is: "reply" },
  body: unknown,
  attempts: number,
  ours: { sentAtMs: number; answeredAtMs: number },
): Reply {
  const traceId = headerText(answer.headers, "x-trace-id");
  const { status, headers } = answer;
  return { is: "reply", status, body, headers, ours, attempts, ...(traceId !== undefined && { traceId }) };
}

/** The parsed body; undefined when a 2xx breaks its promise. */
function readBody(call: Call, answer: Answer & { is: "reply" }): { body: unknown } | undefined {
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch {
    body = undefined;
  }
  return isDone(answer.status) && call.promised !== undefined && !call.promised(body) ? undefined : { body };
}
