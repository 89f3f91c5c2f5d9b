/** A group of routes that shares one limit. */
export type Family = "unauthenticated" | "entities" | "blueprints" | "search" | "single" | "bulk" | "other";

/** Requests per five minutes, and how many are accepted at once above the steady rate. */
export interface FamilyLimit {
  readonly limit: number;
  readonly burst: number;
}

/** Port's period, in milliseconds. */
export const portPeriodMs = 300_000;

/** @source Port's "Rate limits" page, the table in force from 21 May 2026 */
export const portLimits: Readonly<Record<Family, FamilyLimit>> = {
  unauthenticated: { limit: 100, burst: 10 },
  entities: { limit: 35_000, burst: 3_500 },
  blueprints: { limit: 15_000, burst: 1_500 },
  search: { limit: 35_000, burst: 3_500 },
  single: { limit: 10_000, burst: 200 },
  bulk: { limit: 35_000, burst: 3_500 },
  other: { limit: 15_000, burst: 1_500 },
};

/** Tells a route's family from its pattern; `undefined` for what is no part of the API. A request without an Authorization header is `unauthenticated` whatever its route. */
export function familyOf(method: string, pattern: string): Family | undefined {
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
