import type { CountedRoute, RequestCounts } from "../reply.js";
import { type Route, routes } from "./call.js";

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
