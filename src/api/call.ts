import { ApiError } from "../errors.js";
import type { CountedRoute, Reply, RequestCounts } from "../reply.js";
import { refusal } from "./failure.js";
import type { BodyTest, ReplyHeaders } from "./reply-parts.js";

/** A group of routes that Port limits together. `token` is the only unauthenticated route we use; `entities` is the catch-all: get, count, delete. */
export type Family = "token" | "blueprints" | "search" | "single" | "bulk" | "entities" | "other";

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

/**
 * One request, to be sent as often as it needs.
 *
 * @typeParam T - the parsed body of a 2xx
 */
export interface Call<T> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base address, encoded, with its query. */
  readonly path: string;
  readonly route: Route;
  /** JSON text. */
  readonly body?: string;
  /** True when sending it twice leaves the catalog as sending it once does. */
  readonly idempotent: boolean;
  /** False for a request without a token. Default true. */
  readonly authorized?: boolean;
  /** Statuses that the caller answers itself, at once. */
  readonly expected?: readonly number[];
  /** What a 2xx holds; one that does not counts as a fault on the way. */
  readonly isBody: BodyTest<T>;
  /** Receives the headers of the reply that is given, and when its request was sent and answered. */
  readonly onReply?: (headers: ReplyHeaders, ours: Exchanged) => void;
}

/** When an attempt was sent and answered, by our clock, milliseconds since the epoch. */
export interface Exchanged {
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

/** Sends a call, with all its attempts; see `createSend`. */
export type Send = <T>(call: Call<T>) => Promise<Reply<T>>;

/** What the calls of a route need. */
export interface CallIo {
  readonly send: Send;
  readonly apiUrl: string;
}

/** Sends a call and gives the body of its 2xx. @throws {ApiError} for any other reply */
export async function bodyOf<T>(io: CallIo, call: Call<T>): Promise<T> {
  const reply = await io.send(call);
  if (reply.is === "done") return reply.body;
  throw refusalOf(call, reply, io);
}

/** The error of a reply that its caller has no use for. */
export function refusalOf<T>(
  call: Call<T>,
  reply: Exclude<Reply<T>, { is: "done" }>,
  { apiUrl }: Pick<CallIo, "apiUrl">,
): ApiError {
  const url = publicUrl(call, apiUrl);
  if (reply.is === "refused") return refusal(reply, call.method, url);
  const what = call.route === "single" ? "entity" : "blueprint";
  return new ApiError(
    `${call.method} ${url}: the answer was lost (${reply.cause}); the ${what} may have been written`,
    {
      ...{ method: call.method, url, attempts: reply.attempts },
      hint: `Look with portload ${what} get before sending it again.`,
    },
  );
}

/** Address without query: a query may hold secrets. */
export function publicUrl({ path }: Pick<Call<unknown>, "path">, apiUrl: string): string {
  return apiUrl + path.replace(/\?.*$/s, "");
}

/** A query string with its question mark; values that are undefined are left out. */
export function queryOf(values: Readonly<Record<string, boolean | string | undefined>>): string {
  const given = Object.entries(values).filter((entry): entry is [string, boolean | string] => entry[1] !== undefined);
  return given.length === 0
    ? ""
    : `?${new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)]))}`;
}

/** Path of a blueprint, or of what is below it. */
export function pathOf(blueprint: string, below = ""): string {
  return `/blueprints/${encodeURIComponent(blueprint)}${below}`;
}

/** Counts attempts and replies as they happen: `requests` of the report. */
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
