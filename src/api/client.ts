import { setMaxListeners } from "node:events";
import { publicRedisUrl } from "../addresses.js";
import type { RequestCounts, StatedQuota } from "../reply.js";
import { type Credentials, createRedact } from "../secrets.js";
import type { Warning } from "../warning.js";
import { type BlueprintCalls, createBlueprintCalls } from "./blueprint-calls.js";
import { createBulkCall, type UpsertBulk } from "./bulk.js";
import { type Call, type CallIo, createCounter, type Exchanged, type Route, refusalOf, type Send } from "./call.js";
import { type Clock, realClock } from "./clock.js";
import { openRequests, type Requests } from "./connection.js";
import { createEntityCalls, type EntityCalls } from "./entity-calls.js";
import { createPace, type Rate, type SharedPace } from "./pace.js";
import { isAnyBody, type ReplyHeaders } from "./reply-parts.js";
import { createSearchCalls, type SearchCalls } from "./search.js";
import { createSend } from "./send.js";
import { createTokens, fetchToken } from "./token.js";
import { type Traffic, watchTraffic } from "./traffic.js";

/** Access to a catalog. */
export interface ClientOptions {
  /** Base address with `/v1`; see {@link resolveApiUrl}. */
  readonly apiUrl: string;
  readonly credentials: Credentials;
  /** Bulk requests per second: `auto` (default) follows the quota, a number caps it, `off` never waits. */
  readonly rate?: Rate;
  /** Share of every limit and burst to use, above 0 to 1, default 1; the window's rest is kept for others. */
  readonly share?: number;
  /** A Redis through which several jobs share their pace: rate and share are then those of all jobs together. */
  readonly sharedPace?: SharedPaceOptions;
  /** Longest wait for one attempt's whole answer, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** Longest time for one request with all its attempts and the waits between them, in milliseconds. Default 900,000. */
  readonly totalTimeoutMs?: number;
  /** Attempts of one request. Default 8. */
  readonly maxAttempts?: number;
  /** Port keeps it as the `$datasource` of what is written. Default `portload`. */
  readonly userAgent?: string;
  readonly clock?: Clock;
  /** Gives 0 ≤ x < 1. */
  readonly random?: () => number;
  /** Ends all attempts and waits with its reason. */
  readonly signal?: AbortSignal;
  /** Read for HTTPS_PROXY, HTTP_PROXY and NO_PROXY; no proxy by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Receives every attempt that got through or failed: an import's width and timeline follow it. */
  readonly onExchange?: (exchange: Exchange) => void;
  /** Receives how long each request was held back by its quota, in milliseconds. */
  readonly onWait?: (ms: number) => void;
  /** `one` (default), which starts sooner, or a `pool` for many requests at once. */
  readonly connections?: "pool" | "one";
  /** In place of connections of our own; not closed by us. */
  readonly requests?: Requests;
}

/** See {@link ClientOptions.sharedPace}. */
export interface SharedPaceOptions {
  /** `redis://…` or `rediss://…`; see {@link resolveRedisUrl}. */
  readonly url: string;
  /** Share of the quota to continue with alone when Redis is lost, above 0 to 1; by default requests then fail with PaceError. */
  readonly fallbackShare?: number;
}

/** How one attempt fared. */
export interface Exchange {
  readonly route: Route;
  /** Milliseconds from sending to the whole answer, waits for the pace not counted. */
  readonly ms: number;
  /** True for 408, 429, 5xx, a timeout, a network fault. */
  readonly trouble: boolean;
  /** True for 429: the quota refused it. */
  readonly isOverQuota: boolean;
}

/** The API as the rest of portload sees it. Every function throws ApiError or AuthError when the API cannot be used. */
export interface Client extends BlueprintCalls, SearchCalls {
  /**
   * Items are entities as JSON text, at most 20 and together under 1 MiB; put into the body as they are. Gives a verdict on each, in their order, or the
   * refusal of the request as a whole. Throws what no further request would change: BlueprintError for a blueprint that is gone, ApiError when the caller
   * is refused as such, or every entity so far in the same words.
   */
  readonly upsertBulk: UpsertBulk;
  /** The single operations as they are: one request, its reply. */
  readonly entity: EntityCalls;
  /** Asks for the token now rather than with the first call, which waits for it and receives its error. */
  signIn(): void;
  /** Sends a request that changes nothing and gives its reply as it is, whatever its status but 5xx; for first contact. */
  ask(request: AskRequest): Promise<Asked>;
  /** The server's clock, milliseconds since the epoch, never later than the truth; undefined until a reply says it. */
  serverNow(): number | undefined;
  /** Waits by the client's clock, until it is closed. */
  wait(ms: number): Promise<void>;
  /** Traffic so far, the report's `requests`. */
  counts(): RequestCounts;
  /** Share of the bulk quota's window that is used, by all clients, 0 to 1; undefined until a reply says it. */
  quotaUse(): number | undefined;
  /** The bulk quota as replies state it; undefined until one does. */
  quota(): StatedQuota | undefined;
  /** What is happening now: requests in flight, and what they wait for. */
  traffic(): Traffic;
  /** What the user should know of the traffic so far. */
  warnings(): readonly Warning[];
  /** Ends waits and connections; what is in flight fails. */
  close(): Promise<void>;
}

/** A request that changes nothing. */
export type AskRequest = Pick<Call<unknown>, "method" | "path" | "route" | "body" | "authorized">;

/** A reply as it came. */
export interface Asked {
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** Parsed JSON; undefined where the body is not JSON. */
  readonly body: unknown;
  readonly ours: Exchanged;
}

/** Opens a client. Nothing is sent before the first call. */
export function createClient(options: ClientOptions): Client {
  const { apiUrl, credentials, clock = realClock, signal } = options;
  const life = new AbortController();
  // Every request in flight listens.
  setMaxListeners(0, life.signal);
  const onAbort = () => life.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });

  const counter = createCounter();
  let serverAheadMs: number | undefined;
  const warnings: Warning[] = [];
  const shared = openSharedPace(options, (warning) => warnings.push(warning));
  const pace = createPace({
    rate: options.rate ?? "auto",
    clock,
    signal: life.signal,
    ...(options.onWait && { onWait: options.onWait }),
    ...(options.share !== undefined && { share: options.share }),
    ...(shared && { shared }),
  });
  const requests = options.requests ?? openRequests(apiUrl, options.connections ?? "one", options.env ?? {});
  const redact = createRedact(() => [credentials.clientSecret, ...tokens.held()]);
  const traffic = watchTraffic(clock);
  const tokens = createTokens(() => traffic.askToken(() => fetchToken({ send, apiUrl }, credentials)), clock);
  const send: Send = createSend({
    apiUrl,
    requests,
    clock,
    random: options.random ?? Math.random,
    pace,
    counter,
    traffic,
    tokens,
    maxAttempts: options.maxAttempts ?? 8,
    timeoutMs: options.timeoutMs ?? 30_000,
    totalTimeoutMs: options.totalTimeoutMs ?? 900_000,
    userAgent: options.userAgent ?? "portload",
    signal: life.signal,
    redact,
    onServerClock: (aheadMs) => {
      serverAheadMs = aheadMs;
    },
    onExchange: options.onExchange ?? (() => undefined),
  });
  const io = { send, apiUrl, redact };
  const blueprints = createBlueprintCalls(io);
  const searches = createSearchCalls(io, blueprints.countEntities);

  return {
    ...blueprints,
    ...searches,
    upsertBulk: createBulkCall(io, async (blueprint) => (await blueprints.getBlueprint(blueprint)) !== undefined),
    entity: createEntityCalls(io, searches.existing),
    serverNow: () => (serverAheadMs === undefined ? undefined : clock.now() + serverAheadMs),
    signIn: () => tokens.begin(),
    ask: (request) => ask(io, request),
    wait: (ms) => clock.sleep(ms, life.signal),
    counts: counter.read,
    quotaUse: () => pace.used("bulk"),
    quota: () => pace.stated("bulk"),
    traffic: () => traffic.read(pace.waitsUntil()),
    warnings: () => [...warnings],
    async close() {
      signal?.removeEventListener("abort", onAbort);
      life.abort(new Error("the client is closed"));
      await shared?.redis.then((redis) => redis.close()).catch(() => undefined);
      if (options.requests === undefined) await requests.destroy();
    },
  };
}

async function ask(io: CallIo, request: AskRequest): Promise<Asked> {
  let wire: Pick<Asked, "headers" | "ours"> | undefined;
  const call: Call<unknown> = {
    ...request,
    idempotent: true,
    isBody: isAnyBody,
    onReply: (headers, ours) => {
      wire = { headers, ours };
    },
  };
  const reply = await io.send(call);
  if (reply.is === "lost" || wire === undefined)
    throw refusalOf(call, reply as Exclude<typeof reply, { is: "done" }>, io);
  return { status: reply.status, body: reply.body, ...wire };
}

function openSharedPace({ rate, apiUrl, sharedPace }: ClientOptions, warn: (warning: Warning) => void) {
  if (sharedPace === undefined || rate === "off") return undefined;
  const { url, fallbackShare } = sharedPace;
  const redis = import("./redis-pace.js").then(({ openRedisPace }) => openRedisPace(url, apiUrl));
  redis.catch(() => undefined);
  const shared: SharedPace = {
    redis,
    ...(fallbackShare !== undefined && { fallbackShare }),
    onFallback: (error) =>
      warn({
        code: "pace_fallback",
        message: `${error instanceof Error ? error.message : publicRedisUrl(url)}; went on alone with ${Math.round((fallbackShare ?? 1) * 1000) / 10} % of the quota`,
        count: 1,
      }),
  };
  return shared;
}
