/** A group of routes that Port limits together. `token` is the only unauthenticated route we use; `entities` is the catch-all: get, count, delete. */
export type Family = "token" | "blueprints" | "search" | "single" | "bulk" | "entities" | "other";

/** A row of the report's `requests.byRoute`. */
export type CountedRoute = "token" | "blueprints" | "bulk" | "single" | "search" | "delete" | "other";

const mebibyte = 1024 * 1024;

/** Every route we call: the limit that it falls under, the row of the report that counts it, and how long its replies may be. */
export const routes = {
  token: { family: "token", counted: "token", maxReplyBytes: mebibyte / 4, isLong: false },
  blueprints: { family: "blueprints", counted: "blueprints", maxReplyBytes: 64 * mebibyte, isLong: true },
  /** A page of 1,000 entities, of which up to four are read at once; of larger ones the search asks for fewer. */
  search: { family: "search", counted: "search", maxReplyBytes: 32 * mebibyte, isLong: true },
  bulk: { family: "bulk", counted: "bulk", maxReplyBytes: 8 * mebibyte, isLong: false },
  /** Writes one entity. */
  single: { family: "single", counted: "single", maxReplyBytes: 16 * mebibyte, isLong: false },
  /** Changes fields of one entity. */
  patch: { family: "entities", counted: "single", maxReplyBytes: 16 * mebibyte, isLong: false },
  /** Reads or counts entities. */
  read: { family: "entities", counted: "other", maxReplyBytes: 16 * mebibyte, isLong: false },
  delete: { family: "entities", counted: "delete", maxReplyBytes: 8 * mebibyte, isLong: false },
  /** Anything else, such as migrations. */
  other: { family: "other", counted: "other", maxReplyBytes: 8 * mebibyte, isLong: false },
} as const satisfies Readonly<Record<string, RouteFacts>>;

interface RouteFacts {
  readonly family: Family;
  readonly counted: CountedRoute;
  /** Most bytes of a reply, decoded. */
  readonly maxReplyBytes: number;
  /** Replies may be long enough to be worth compressing. */
  readonly isLong: boolean;
}

/** A name of {@link routes}. */
export type Route = keyof typeof routes;

/** What a family may send in a window, and at once. */
export interface Quota {
  /** Requests in a window. */
  readonly limit: number;
  readonly periodMs: number;
  /** Requests accepted at once, as a share of `limit`: replies state the limit, never the burst. */
  readonly burstShare: number;
}

const periodMs = 300_000;

/** Port's limits, in force until a reply states others. @source https://www.docs.port.io/api-reference/rate-limits/ */
export const portQuotas: Readonly<Record<Family, Quota>> = {
  token: { limit: 100, periodMs, burstShare: 0.1 },
  entities: { limit: 35_000, periodMs, burstShare: 0.1 },
  blueprints: { limit: 15_000, periodMs, burstShare: 0.1 },
  search: { limit: 35_000, periodMs, burstShare: 0.1 },
  single: { limit: 10_000, periodMs, burstShare: 0.02 },
  bulk: { limit: 35_000, periodMs, burstShare: 0.1 },
  other: { limit: 15_000, periodMs, burstShare: 0.1 },
};
