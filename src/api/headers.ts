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

/** Shorter texts are masked as they are only: their encoded forms come up by chance. */
const shortestEncoded = 6;

/** Every form in which a secret may come back: as it is, within JSON or an address, in base64 at any place of a longer text, as hexadecimal digits. */
function formsOf(secret: string): readonly string[] {
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  if (secret.length >= shortestEncoded) {
    const hex = Buffer.from(secret).toString("hex");
    forms.push(hex, hex.toUpperCase(), ...base64Forms(secret));
  }
  return [...new Set(forms)].filter((form) => form !== "").sort((a, b) => b.length - a.length);
}

/** Base64 of a text that has the secret at any of the three offsets, without what its neighbours decide. */
function base64Forms(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    const start = Math.ceil((offset * 4) / 3);
    const end = Math.floor((bytes.length * 4) / 3);
    const form = bytes.toString("base64").slice(start, end);
    return [form, form.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** Makes the function that takes secrets out of a text. @param secrets - those in use, asked for each time */
export function createRedact(secrets: () => readonly string[]): (text: string) => string {
  const known = new Map<string, readonly string[]>();
  const of = (secret: string): readonly string[] => {
    const forms = known.get(secret) ?? formsOf(secret);
    // The client's secret and a few tokens.
    if (known.size > 16) known.clear();
    known.set(secret, forms);
    return forms;
  };
  return (text) =>
    secrets()
      .flatMap(of)
      .reduce((rest, form) => rest.replaceAll(form, "***"), text);
}
