import { type Duration, duration, positiveNumber, type Share, share, text, wordOr } from "./kinds.js";
import { group, optional, type SchemaOf, withDefault } from "./option.js";

/** How the API is reached, and how fast. */
export interface TargetGroup {
  /** Address of the API; `/v1` is added when the path is empty. Default: `PORT_API_URL` or `PORT_BASE_URL`, else by `PORT_REGION` (`eu` or `us`), else the EU's. */
  readonly apiUrl?: string | undefined;
  /** Bulk requests per second: `auto` follows the quota, `off` never waits, a number above 0 is kept. Default `auto`. */
  readonly rate?: "auto" | "off" | number | undefined;
  /** Share of the organisation's quota to use, such as `50%` or 0.5; the rest is left to others. Default: all. */
  readonly quotaShare?: Share | undefined;
  /** Address of a Redis (`redis://host:6379`) through which several jobs share one quota; needs the package ioredis. Default `PORTLOAD_PACE`. */
  readonly pace?: string | undefined;
  /** Share of the quota to go on with alone when that Redis is lost. Default: the import stops. */
  readonly paceFallback?: Share | undefined;
  /** Longest wait for the answer to one attempt: `30s`, or milliseconds. Default `30s`. */
  readonly timeout?: Duration | undefined;
  /** Longest time for one request with all its attempts and waits: `15m`, or milliseconds. Default `15m`. */
  readonly requestTimeout?: Duration | undefined;
  /** Action run that the writes are recorded under in Port's audit log. */
  readonly runId?: string | undefined;
}

/** See {@link TargetGroup}. */
export const targetGroup = group("Target", {
  apiUrl: optional(
    text("<url>"),
    "address of the API; /v1 is added when the path is empty [PORT_API_URL, PORT_BASE_URL, or PORT_REGION eu|us]",
  ),
  rate: withDefault(
    wordOr(["auto", "off"], positiveNumber),
    "auto",
    "bulk requests per second: auto follows the quota, off never waits",
  ),
  quotaShare: optional(share, "share of the organisation's quota to use, such as 50%; the rest is left to others"),
  pace: optional(
    text("<redis url>"),
    "redis://host:6379, through which several jobs share one quota; needs ioredis [PORTLOAD_PACE]",
  ),
  paceFallback: optional(
    share,
    "share of the quota to go on with alone when that Redis is lost; without it the import stops",
  ),
  timeout: withDefault(duration, "30s", "longest wait for the answer to one attempt"),
  requestTimeout: withDefault(duration, "15m", "longest time for one request with all its attempts and waits"),
  runId: optional(text("<run id>"), "action run that the writes are recorded under in the audit log"),
} satisfies SchemaOf<TargetGroup>);
