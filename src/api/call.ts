import { ApiError } from "../errors.js";
import type { Reply } from "../reply.js";
import type { BodyTest } from "./bodies.js";
import { refusal } from "./failure.js";
import type { ReplyHeaders } from "./headers.js";
import type { Route } from "./routes.js";

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

/** Address without query: a query may hold what is nobody's business. */
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
