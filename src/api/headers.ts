/** Headers of a reply, names in lower case. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** A header's value as text; the first of several. */
export function headerText(headers: ReplyHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A header's value as a number, 0 or more. */
export function headerNumber(headers: ReplyHeaders, name: string): number | undefined {
  const text = headerText(headers, name)?.trim();
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Milliseconds until a window's end, given as epoch seconds (over 10,000) or as seconds. @source API reference, "Rate limits", both readings published */
export function resetDelayMs(reset: number, nowMs: number): number {
  return reset > 10_000 ? reset * 1000 - nowMs : reset * 1000;
}

/** What a reply says of its family's window. */
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
 * Reads the `x-ratelimit-*` headers; undefined when the reply has no limit.
 *
 * A reset in epoch seconds counts from the reply's own `Date`, so that our clock need not be right.
 *
 * @param nowMs - when the reply came
 * @source API reference, "Rate limits": the period is in seconds; the reset in epoch seconds or in seconds to wait
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
    ...(reset !== undefined && {
      resetAtMs: nowMs + resetDelayMs(reset, dateOf(headers) ?? nowMs) + (reset > 10_000 ? 1000 : 0),
    }),
  };
}

/** How far the server's clock is ahead of ours, in milliseconds, at least: `Date` is cut to whole seconds. Undefined without it. */
export function serverAhead(headers: ReplyHeaders, nowMs: number): number | undefined {
  const date = dateOf(headers);
  return date === undefined ? undefined : date - nowMs;
}

/** The server's clock when it replied, milliseconds since the epoch, cut to seconds; undefined where it does not say. */
export function dateOf(headers: ReplyHeaders): number | undefined {
  const date = Date.parse(headerText(headers, "date") ?? "");
  return Number.isNaN(date) ? undefined : date;
}
