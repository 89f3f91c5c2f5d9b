/** A group of routes that shares one limit. */
export type LimitFamily = "unauthenticated" | "entities" | "blueprints" | "search" | "single" | "bulk" | "other";

/** Requests per five minutes, and how many are accepted at once above the steady rate. */
export interface FamilyLimit {
  readonly limit: number;
  readonly burst: number;
}

/** Port's period, in milliseconds. */
export const portPeriodMs = 300_000;

/** As on Port's page "Rate limits", the table in force from 21 May 2026. */
export const portLimits: Readonly<Record<LimitFamily, FamilyLimit>> = {
  unauthenticated: { limit: 100, burst: 10 },
  entities: { limit: 35_000, burst: 3_500 },
  blueprints: { limit: 15_000, burst: 1_500 },
  search: { limit: 35_000, burst: 3_500 },
  single: { limit: 10_000, burst: 200 },
  bulk: { limit: 35_000, burst: 3_500 },
  other: { limit: 15_000, burst: 1_500 },
};

/** Gives a route's family by its pattern; `undefined` for what is not part of the API. A request without an Authorization header is `unauthenticated` whatever its route. */
export function familyOf(method: string, pattern: string): LimitFamily | undefined {
  // The catalog page and the statistics; a route that does not exist has no pattern at all.
  if (pattern !== "" && !pattern.startsWith("/v1/")) return undefined;
  if (pattern === "/v1/auth/access_token") return "unauthenticated";
  if (pattern === "/v1/blueprints" || pattern === "/v1/blueprints/:blueprint") return "blueprints";
  if (pattern.endsWith("/rename")) return "blueprints";
  if (pattern.endsWith("/entities/search")) return "search";
  if (pattern === "/v1/blueprints/:blueprint/entities/bulk") return "bulk";
  if (pattern === "/v1/blueprints/:blueprint/entities" && method === "POST") return "single";
  return pattern.startsWith("/v1/blueprints/:blueprint/") ? "entities" : "other";
}

/** How the limits are set; see {@link createLimiter}. */
export interface LimitOptions {
  /** `port` as published, `off` for none, or a number that multiplies steady limits and bursts. */
  readonly limits: "port" | "off" | number;
  /** Length of a window in milliseconds; limits and bursts follow in proportion. */
  readonly periodMs: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The window of a family as its headers report it. */
export interface LimitWindow {
  readonly limit: number;
  readonly periodMs: number;
  readonly remaining: number;
  /** Milliseconds until the window ends. */
  readonly resetMs: number;
}

/** What became of the requests of a family since the start. */
export interface FamilyStats {
  readonly limit: number | null;
  readonly burst: number | null;
  readonly periodMs: number | null;
  readonly accepted: number;
  readonly refused: number;
  /** Accepted in the window that is open; null with limits off. */
  readonly used: number | null;
  /** What the limits would have let pass if requests had never been lacking; null with limits off. */
  readonly allowed: number | null;
}

/** Decides on requests, family by family. */
export interface Limiter {
  /**
   * Takes a token and a place in the window; `accepted` is false when either is missing, and nothing is taken then. `window` is absent with limits off; `retryMs`, of a
   * refusal, is when there will be both: at the window's end if it is used up, else when the bucket has its next token.
   */
  readonly take: (family: LimitFamily) => {
    readonly accepted: boolean;
    readonly window?: LimitWindow;
    readonly retryMs?: number;
  };
  readonly stats: () => Readonly<Record<LimitFamily, FamilyStats>>;
}

interface Meter {
  readonly limit: number;
  readonly burst: number;
  tokens: number;
  filledAt: number;
  window: number;
  used: number;
  accepted: number;
  refused: number;
}

/**
 * Makes the limiter of one emulator. A request needs a token of its family's bucket (capacity: burst, refilled at limit/period) and a place in the fixed window of one
 * period; windows begin when the limiter is made. Limits and bursts that are scaled are whole numbers, at least 1.
 */
export function createLimiter(options: LimitOptions): Limiter {
  const { periodMs, clock } = options;
  const startedAt = clock();
  const off = options.limits === "off";
  const scale = (typeof options.limits === "number" ? options.limits : 1) * (periodMs / portPeriodMs);
  const meters = new Map<LimitFamily, Meter>();
  for (const [family, port] of Object.entries(portLimits) as [LimitFamily, (typeof portLimits)[LimitFamily]][]) {
    const burst = whole(port.burst * scale);
    const counts = { tokens: burst, filledAt: startedAt, window: 0, used: 0, accepted: 0, refused: 0 };
    meters.set(family, { limit: whole(port.limit * scale), burst, ...counts });
  }
  return {
    take: (family) => {
      const meter = meters.get(family);
      if (meter === undefined) return { accepted: true };
      if (off) {
        meter.accepted += 1;
        return { accepted: true };
      }
      const now = clock();
      advance(meter, now, startedAt, periodMs);
      const accepted = meter.tokens >= 1 && meter.used < meter.limit;
      if (accepted) {
        meter.tokens -= 1;
        meter.used += 1;
        meter.accepted += 1;
      } else meter.refused += 1;
      const resetMs = startedAt + (meter.window + 1) * periodMs - now;
      const window = { limit: meter.limit, periodMs, remaining: meter.limit - meter.used, resetMs };
      if (accepted) return { accepted, window };
      const nextTokenMs = ((1 - meter.tokens) * periodMs) / meter.limit;
      return { accepted, window, retryMs: meter.used < meter.limit ? nextTokenMs : Math.max(resetMs, nextTokenMs) };
    },
    stats: () => {
      const elapsedMs = clock() - startedAt;
      const rows = [...meters].map(([family, meter]) => {
        const { limit, burst, accepted, refused } = meter;
        if (off)
          return [family, { limit: null, burst: null, periodMs: null, accepted, refused, used: null, allowed: null }];
        const allowed = allowedSince(elapsedMs, { limit, burst, periodMs });
        advance(meter, clock(), startedAt, periodMs);
        return [family, { limit, burst, periodMs, accepted, refused, used: meter.used, allowed }];
      });
      return Object.fromEntries(rows) as Record<LimitFamily, FamilyStats>;
    },
  };
}

/**
 * Says how many requests the limits let pass in `elapsedMs` when there is always one waiting. In every window that is burst and refill, capped at the limit:
 * a bucket that was drained to the limit of one window is full again when the next begins.
 */
export function allowedSince(
  elapsedMs: number,
  { limit, burst, periodMs }: { readonly limit: number; readonly burst: number; readonly periodMs: number },
): number {
  const windows = Math.floor(elapsedMs / periodMs);
  const within = elapsedMs - windows * periodMs;
  return windows * limit + Math.min(limit, Math.floor(burst + (within * limit) / periodMs));
}

function advance(meter: Meter, now: number, startedAt: number, periodMs: number): void {
  const refill = (Math.max(0, now - meter.filledAt) * meter.limit) / periodMs;
  meter.tokens = Math.min(meter.burst, meter.tokens + refill);
  meter.filledAt = now;
  const window = Math.floor((now - startedAt) / periodMs);
  if (window === meter.window) return;
  meter.window = window;
  meter.used = 0;
}

function whole(figure: number): number {
  // The product of a period and a scale is not exact: 1,166.666… is 1,166, but 6.999… is meant as 7.
  return Math.max(1, Math.floor(figure + 1e-6));
}
