import { headerNumber, type ReplyHeaders, resetDelayMs } from "./retry.js";

/** What a reply tells of its family's window. */
export interface WindowNews {
  /** Requests in a window. */
  readonly limit: number;
  readonly periodMs?: number;
  /** Requests left in this window. */
  readonly remaining?: number;
  /** When this window ends, by our clock, never earlier than it does. */
  readonly resetAtMs?: number;
}

/**
 * Reads the `x-ratelimit-*` headers; undefined when the reply tells no limit.
 *
 * @param nowMs - when the reply came
 * @source API reference, "Rate limits": the period is told in seconds; the reset as epoch seconds or as seconds to wait
 */
export function readLimitHeaders(headers: ReplyHeaders, nowMs: number): WindowNews | undefined {
  const limit = headerNumber(headers, "x-ratelimit-limit");
  if (limit === undefined || limit <= 0) return undefined;
  const period = headerNumber(headers, "x-ratelimit-period");
  const remaining = headerNumber(headers, "x-ratelimit-remaining");
  const reset = headerNumber(headers, "x-ratelimit-reset");
  return {
    limit,
    ...(period !== undefined && period > 0 && { periodMs: period > 10_000 ? period : period * 1000 }),
    ...(remaining !== undefined && { remaining }),
    ...(reset !== undefined && { resetAtMs: nowMs + resetDelayMs(reset, nowMs) + (reset > 10_000 ? 1000 : 0) }),
  };
}
