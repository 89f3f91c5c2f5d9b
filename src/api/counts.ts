import { type CountedRoute, type Route, routes } from "./call.js";

/** The report's `requests`. */
export interface RequestCounts {
  /** Attempts of every kind. */
  readonly total: number;
  /** Attempts after a request's first. */
  readonly retries: number;
  /** Replies of status 429. */
  readonly rateLimited: number;
  /** Replies by HTTP status; an attempt without a whole reply is in none. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Attempts by route. */
  readonly byRoute: Readonly<Record<CountedRoute, number>>;
  /** Bytes of request bodies, of every attempt. */
  readonly bytesSent: number;
}

/** Counts attempts and replies as they happen. */
export interface Counter {
  attempt(route: Route, bytes: number, again: boolean): void;
  reply(status: number): void;
  /** A copy of the counts so far. */
  read(): RequestCounts;
}

/** Starts at zero. */
export function createCounter(): Counter {
  const byRoute: Record<CountedRoute, number> = {
    token: 0,
    blueprints: 0,
    bulk: 0,
    single: 0,
    search: 0,
    delete: 0,
    other: 0,
  };
  const byStatus: Record<string, number> = {};
  let [total, retries, bytesSent] = [0, 0, 0];
  return {
    attempt(route, bytes, again) {
      total++;
      byRoute[routes[route].counted]++;
      bytesSent += bytes;
      if (again) retries++;
    },
    reply(status) {
      byStatus[status] = (byStatus[status] ?? 0) + 1;
    },
    read: () => ({
      total,
      retries,
      rateLimited: byStatus["429"] ?? 0,
      byStatus: { ...byStatus },
      byRoute: { ...byRoute },
      bytesSent,
    }),
  };
}
