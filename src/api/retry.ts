import { dateOf, headerNumber, headerText, type ReplyHeaders, resetDelayMs } from "./reply-parts.js";

/** The result of an attempt, as far as it matters for another one. */
export interface AttemptFacts {
  /** HTTP status; absent when no whole reply came. */
  readonly status?: number;
  /** Code of the network fault; absent when a reply came. */
  readonly code?: string;
  /** True when sending the request twice leaves the catalog as sending it once does. */
  readonly idempotent: boolean;
  /** Attempts made so far, this one included. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Milliseconds to wait before the next attempt. */
  readonly delayMs: number;
  /** Milliseconds left for the request with all its attempts. */
  readonly leftMs: number;
  /** True when a token was already fetched again for this request. */
  readonly renewed: boolean;
}

/** Whether to send again, and why or why not. */
export interface RetryDecision {
  readonly retry: boolean;
  /**
   * To retry: `token` (401, the token is fetched again first), `throttled` (429), `server` (408, 5xx), `network`.
   * Not to retry: `answered` (a reply that another attempt would repeat), `ambiguous` (may or may not have been done, and must not be done
   * twice), `spent` (no attempt or no time left), `fatal` (a network fault that does not pass, such as a certificate).
   */
  readonly why: "token" | "throttled" | "server" | "network" | "answered" | "ambiguous" | "spent" | "fatal";
}

/** Code of an attempt that took longer than its time. */
export const attemptTimeout = "ATTEMPT_TIMEOUT";
/** Code of a 2xx reply that is not what the API promises. */
export const unreadableReply = "UNREADABLE_REPLY";

/** Code of a reply with more bytes than its route allows. */
export const replyTooLarge = "REPLY_TOO_LARGE";
/** Code of a reply in a content coding that was not asked for. */
export const unknownCoding = "UNKNOWN_CODING";
/** Code of a server that offers no protocol that we speak; OpenSSL's word. */
export const noHttp1 = "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL";
/** Code of a reply that comes from something other than the API. */
export const notTheApi = "NOT_THE_API";

/** Longest wait that a server may ask for, in milliseconds. @source API reference, "Rate limits": the window is 5 minutes */
const maxServerWaitMs = 300_000;

/** 520 to 524 are a content network's words for an origin that failed or did not answer. */
const passingStatuses = new Set([408, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

/** Faults before the request left this machine: it was not done. */
const unsentCodes = new Set([
  // A proxy that could not reach the API, or is in trouble itself.
  "PROXY_500",
  "PROXY_502",
  "PROXY_503",
  "PROXY_504",
  "UND_ERR_ABORTED",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Faults after which the outcome is unknown. */
const lostCodes = new Set([
  attemptTimeout,
  // Amid a run; the caller allows few attempts.
  notTheApi,
  unreadableReply,
  "ECONNABORTED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_SOCKET",
]);

/** Decides whether a request is sent again: an allow-list, so that what is unknown is not repeated. Pure. */
export function decideRetry(facts: AttemptFacts): RetryDecision {
  const cause = causeOf(facts);
  const wanted = cause === "token" || cause === "throttled" || cause === "server" || cause === "network";
  if (wanted && (facts.attempt >= facts.maxAttempts || facts.delayMs >= facts.leftMs))
    return { retry: false, why: "spent" };
  return { retry: wanted, why: cause };
}

function causeOf({ status, code, idempotent, renewed }: AttemptFacts): Exclude<RetryDecision["why"], "spent"> {
  if (status === 401) return renewed ? "answered" : "token";
  if (status === 429) return "throttled";
  if (status !== undefined) {
    if (!passingStatuses.has(status)) return status >= 500 && !idempotent ? "ambiguous" : "answered";
    return idempotent ? "server" : "ambiguous";
  }
  if (code !== undefined && unsentCodes.has(code)) return "network";
  const lost = code !== undefined && (lostCodes.has(code) || code.startsWith("HPE_"));
  if (lost) return idempotent ? "network" : "ambiguous";
  return "fatal";
}

/** What a delay depends on besides the reply. */
export interface RetryClock {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Gives 0 ≤ x < 1. */
  readonly random: () => number;
  /** First back-off in milliseconds. Default 1,000. */
  readonly baseMs?: number;
  /** Longest back-off in milliseconds. Default 32,000. */
  readonly maxMs?: number;
}

/**
 * Milliseconds to wait before the next attempt.
 *
 * The server's value wins, at most five minutes: `Retry-After` (seconds or a date), then `x-ratelimit-reset` (over 10,000: UTC
 * epoch seconds, else seconds to wait), which counts only where `x-ratelimit-remaining` does not say that the window has requests left: Port sends
 * both with every reply, also with a 500. Else full jitter on `baseMs * 2 ** (attempt - 1)`, at most `maxMs`. Pure.
 *
 * @param attempt - attempts made so far, from 1
 * @source RFC 9110 §10.2.3; API reference, "Rate limits": base 1 s, doubling, at most 32 s
 */
export function retryDelayMs(headers: ReplyHeaders, attempt: number, clock: RetryClock): number {
  // Times of day are the server's.
  const nowMs = dateOf(headers) ?? clock.nowMs;
  const asked = retryAfterMs(headers, nowMs) ?? resetMs(headers, nowMs);
  if (asked !== undefined) return Math.min(Math.max(asked, 0), maxServerWaitMs);
  const { baseMs = 1000, maxMs = 32_000 } = clock;
  return Math.floor(clock.random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1)));
}

function retryAfterMs(headers: ReplyHeaders, nowMs: number): number | undefined {
  const seconds = headerNumber(headers, "retry-after");
  if (seconds !== undefined) return seconds * 1000;
  // Only a date with a month's or day's name: Date.parse would read "-1" as a year.
  const text = headerText(headers, "retry-after");
  const date = text !== undefined && /[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date - nowMs;
}

function resetMs(headers: ReplyHeaders, nowMs: number): number | undefined {
  if ((headerNumber(headers, "x-ratelimit-remaining") ?? 0) > 0) return undefined;
  const reset = headerNumber(headers, "x-ratelimit-reset");
  return reset === undefined ? undefined : resetDelayMs(reset, nowMs);
}
