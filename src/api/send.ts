import { ApiError } from "../errors.js";
import type { Origin, Refused, Reply } from "../reply.js";
import { type Call, type Counter, type Exchanged, publicUrl, type Route, routes, type Send } from "./call.js";
import type { Clock } from "./clock.js";
import type { Requests } from "./connection.js";
import {
  failedMessage,
  hintFor,
  isEnvelope,
  refusal,
  refusedBody,
  type Stranger,
  strangerOf,
  traceIdOf,
} from "./failure.js";
import type { Pace } from "./pace.js";
import { headerText, serverAhead } from "./reply-parts.js";
import { type Attempt, requestOnce } from "./request.js";
import { decideRetry, notTheApi, type RetryDecision, retryDelayMs, unreadableReply } from "./retry.js";
import type { Tokens } from "./token.js";
import type { TrafficWatch } from "./traffic.js";

/** What requests are built from. */
export interface SendIo {
  /** Base address with `/v1`. */
  readonly apiUrl: string;
  readonly requests: Requests;
  readonly clock: Clock;
  /** Gives 0 ≤ x < 1. */
  readonly random: () => number;
  readonly pace: Pace;
  readonly counter: Counter;
  readonly traffic: TrafficWatch;
  readonly tokens: Tokens;
  readonly maxAttempts: number;
  readonly timeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly userAgent: string;
  /** Ends all attempts and waits. */
  readonly signal: AbortSignal;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  /** Receives how far the server's clock is ahead of ours, in milliseconds, at least. */
  readonly onServerClock: (aheadMs: number) => void;
  /** Receives every attempt. */
  readonly onExchange: (exchange: { route: Route; ms: number; trouble: boolean; isOverQuota: boolean }) => void;
}

/** Attempts to find an API that has never answered: about 3 s, so that a wrong address shows at once. */
const firstContactAttempts = 3;
/** Attempts after a reply from something other than the API, where the API has answered before: a gateway that is just being replaced. */
export const strangerAttempts = 4;

/** An attempt with a whole reply, with its parsed body: `fits` where the body is what the call expects of a 2xx. */
interface Received extends Exchanged {
  readonly answer: Attempt & { readonly is: "reply" };
  readonly body: unknown;
  readonly fits: boolean;
  /** Present where it comes from something other than the API. */
  readonly stranger?: Stranger;
}

/**
 * Makes the one function through which all API traffic goes: each attempt passes the limiter, is counted, and is repeated as {@link decideRetry} says.
 *
 * Its function throws {@link AuthError} when a fresh token is refused, {@link ApiError} when no attempt is left or none would help, and the
 * signal's reason when aborted. Replies that a further attempt would repeat (most 4xx) are given to the caller.
 */
export function createSend(io: SendIo): Send {
  const base = new URL(io.apiUrl);
  /** Whether anything has answered, and whether it was certainly the API. */
  let [reached, known] = [false, false];
  let serverAheadMs: number | undefined;

  const attemptOnce = async (call: Call<unknown>, again: boolean) => {
    io.signal.throwIfAborted();
    const ticket = await io.pace.acquire(routes[call.route].family);
    const token = call.authorized === false ? undefined : await io.tokens.current();
    io.signal.throwIfAborted();
    io.counter.attempt(call.route, call.body === undefined ? 0 : Buffer.byteLength(call.body), again);
    const sentAtMs = io.clock.now();
    io.traffic.onWire(1);
    const answer = await requestOnce(call, token, base, io).finally(() => io.traffic.onWire(-1));
    const answeredAtMs = io.clock.now();
    const trouble = answer.is === "fault" || answer.status === 408 || answer.status === 429 || answer.status >= 500;
    const isOverQuota = answer.is === "reply" && answer.status === 429;
    io.onExchange({ route: call.route, ms: answeredAtMs - sentAtMs, trouble, isOverQuota });
    if (answer.is === "reply") {
      reached = true;
      serverAheadMs = serverAhead(answer.headers, answeredAtMs) ?? serverAheadMs;
      if (serverAheadMs !== undefined) io.onServerClock(serverAheadMs);
      io.counter.reply(answer.status);
      io.pace.learn(routes[call.route].family, ticket, answer.status, answer.headers);
    }
    return { answer, token, sentAtMs, answeredAtMs };
  };

  /** Milliseconds before the next attempt: what the server or the back-off says, and after a 429 jitter that keeps several imports from coming back together. */
  const delayAfter = (answer: Attempt, attempt: number): number => {
    const headers = answer.is === "reply" ? answer.headers : {};
    const delayMs = retryDelayMs(headers, attempt, { nowMs: io.clock.now(), random: io.random });
    if (answer.is !== "reply" || answer.status !== 429) return delayMs;
    return delayMs + Math.floor(io.random() * Math.max(250, delayMs / 10));
  };

  const attemptsFor = (received: Received | undefined): number => {
    if (received?.stranger !== undefined) return strangerAttempts;
    const isUnreadable = received !== undefined && isDone(received.answer.status);
    return reached && (known || !isUnreadable) ? Number.POSITIVE_INFINITY : firstContactAttempts;
  };

  /** Does what must come before the next attempt. After a 429 that waits in `pace.acquire` above, with all of its family, unless the pace holds nothing. */
  const prepare = async (
    { route }: Call<unknown>,
    { why, fault, delayMs, token }: Pick<RetryDecision, "why"> & { fault: string; delayMs: number; token?: string },
  ) => {
    if (why === "token" && token !== undefined) await io.tokens.renew(token);
    else if (why !== "throttled" || !io.pace.hold(routes[route].family, delayMs))
      await io.traffic.untilRetry(delayMs, fault, io.clock.sleep(delayMs, io.signal));
  };

  return async <T>(call: Call<T>): Promise<Reply<T>> => {
    let renewed = call.authorized === false;
    let endMs = Number.POSITIVE_INFINITY;
    let firstSentAtMs: number | undefined;
    for (let attempt = 1; ; attempt++) {
      const { answer, token, ...exchanged } = await attemptOnce(call, attempt > 1);
      const { sentAtMs } = exchanged;
      if (attempt === 1) endMs = sentAtMs + io.totalTimeoutMs;
      firstSentAtMs ??= sentAtMs;
      const received = answer.is === "reply" ? read(call, answer, exchanged, io) : undefined;
      known ||=
        received !== undefined && received.stranger === undefined && (received.fits || isEnvelope(received.body));
      const usable =
        received !== undefined && received.stranger === undefined && (received.fits || !isDone(received.answer.status));
      const origin = received && originOf(received, firstSentAtMs, serverAheadMs, io);
      if (usable && received.fits) return done(call, received, attempt, origin);
      if (usable && call.expected?.includes(received.answer.status))
        return refused(call, received, attempt, origin, io);
      if (received?.stranger !== undefined && !known) throw failure(call, answer, received, attempt, io);
      const delayMs = answer.is === "reply" && answer.status === 401 ? 0 : delayAfter(answer, attempt);
      const { retry, why } = decideRetry({
        ...(usable && { status: received.answer.status }),
        ...(!usable && { code: faultOf(answer, received) }),
        idempotent: call.idempotent,
        attempt,
        maxAttempts: Math.min(io.maxAttempts, attemptsFor(received)),
        delayMs,
        leftMs: endMs - io.clock.now(),
        renewed,
      });
      if (retry) {
        renewed ||= why === "token";
        const fault = answer.is === "reply" ? `HTTP ${answer.status}` : answer.code;
        await prepare(call, { why, fault, delayMs, ...(token !== undefined && { token }) });
      } else if (why === "ambiguous") {
        const cause = usable ? `status ${received.answer.status}` : faultOf(answer, received);
        const since = serverAheadMs === undefined ? {} : { sentAtMs: sentAtMs + serverAheadMs };
        return { is: "lost", cause, attempts: attempt, ...since };
      } else if (why === "answered" && usable && (received.answer.status !== 401 || call.authorized === false)) {
        return refused(call, received, attempt, origin, io);
      } else {
        throw failure(call, answer, received, attempt, io);
      }
    }
  };
}

function done<T>(
  call: Call<T>,
  { answer, body, ...ours }: Received,
  attempts: number,
  origin: Origin | undefined,
): Reply<T> {
  call.onReply?.(answer.headers, ours);
  return { is: "done", status: answer.status, body: body as T, ...(attempts > 1 && { attempts }), ...origin };
}

function refused(
  call: Call<unknown>,
  { answer, body, ...ours }: Received,
  attempts: number,
  origin: Origin | undefined,
  { apiUrl }: SendIo,
): Refused & Origin {
  call.onReply?.(answer.headers, ours);
  const request = `${call.method} ${publicUrl(call, apiUrl)}`;
  return { is: "refused", status: answer.status, ...refusedBody(body), request, body, attempts, ...origin };
}

function failure(
  call: Call<unknown>,
  answer: Attempt,
  received: Received | undefined,
  attempts: number,
  io: SendIo,
): ApiError {
  const url = publicUrl(call, io.apiUrl);
  const after = `, after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
  if (received?.stranger !== undefined) {
    const { what, hint } = received.stranger;
    const message = `${call.method} ${url}: what answers there is not Port's API: ${what}${attempts > 1 ? after : ""}`;
    return new ApiError(message, { method: call.method, url, status: received.answer.status, attempts, hint });
  }
  if (received !== undefined && !isDone(received.answer.status)) {
    const origin = originOf(received, received.sentAtMs, undefined, io);
    const said = { ...refused(call, received, attempts, origin, io), attempts };
    return refusal(said, call.method, url);
  }
  const code = faultOf(answer, received);
  return new ApiError(`${call.method} ${url}: ${failedMessage(code)}${after}`, {
    ...{ method: call.method, url, attempts, fault: code },
    ...hintFor(url, undefined, code),
  });
}

function originOf({ answer }: Received, sentAtMs: number, aheadMs: number | undefined, io: SendIo): Origin {
  const traceId = traceIdOf(headerText(answer.headers, "x-trace-id"), io.redact);
  return {
    ...(traceId !== undefined && { traceId }),
    ...(aheadMs !== undefined && { sentAtMs: sentAtMs + aheadMs }),
  };
}

function faultOf(answer: Attempt, received: Received | undefined): string {
  if (answer.is === "fault") return answer.code;
  return received?.stranger === undefined ? unreadableReply : notTheApi;
}

function isDone(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Parses a body: of a 2xx as the call has it, of any other without secrets, for the API's words may repeat what it was sent. */
function read(call: Call<unknown>, answer: Attempt & { is: "reply" }, ours: Exchanged, io: SendIo): Received {
  const { sentAtMs, answeredAtMs } = ours;
  const json = parse(isDone(answer.status) ? answer.text : io.redact(answer.text));
  const stranger = strangerOf(answer.status, answer.headers, answer.text, json);
  const facts = { answer, ...(stranger && { stranger }), sentAtMs, answeredAtMs };
  if (!isDone(answer.status)) return { ...facts, body: json, fits: false };
  return { ...facts, body: json, fits: call.isBody(json) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
