import { setMaxListeners } from "node:events";
import type { Dispatcher } from "undici";
import type { Blueprint } from "../blueprint.js";
import type { ClearedField } from "../entity.js";
import type { Warning } from "../warning.js";
import { type Asked, type AskRequest, ask } from "./ask.js";
import { createBlueprintCalls } from "./blueprint-calls.js";
import { countBody, type FoundEntity } from "./bodies.js";
import { createBulkCall, type UpsertBulk } from "./bulk-call.js";
import { type Clock, realClock } from "./clock.js";
import { createCounter, type RequestCounts } from "./counts.js";
import { type DeleteFlags, type DeleteReply, deleteEntities } from "./delete-entities.js";
import { openDispatcher } from "./dispatcher.js";
import { createEntityCalls, type EntityCalls } from "./entity-calls.js";
import { findExisting } from "./existing.js";
import type { Route } from "./families.js";
import { lookUp } from "./look-up.js";
import { createPace, type Rate, type SharedPace } from "./pace.js";
import { type PatchReply, patchEntity } from "./patch-entity.js";
import { openRedisPace } from "./redis-pace.js";
import { publicRedisUrl } from "./redis-url.js";
import { type SearchPage, type SearchRequest, searchPage } from "./search.js";
import { createSend, refusal, type Send } from "./send.js";
import { createTokens } from "./token.js";
import { fetchToken } from "./token-call.js";

/** Access to a catalog. */
export interface ClientOptions {
  /** Base address with `/v1`; see {@link resolveApiUrl}. */
  readonly apiUrl: string;
  readonly credentials: { readonly clientId: string; readonly clientSecret: string };
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
  /** Hears of every attempt that got through or failed. */
  readonly onExchange?: (exchange: Exchange) => void;
  /** In place of our own pool of connections; not closed by us. */
  readonly dispatcher?: Dispatcher;
}

/** See {@link ClientOptions.sharedPace}. */
export interface SharedPaceOptions {
  /** `redis://…` or `rediss://…`; see {@link resolveRedisUrl}. */
  readonly url: string;
  /** Share of the quota to go on with alone when Redis is lost, above 0 to 1; by default requests then fail with PaceError. */
  readonly fallbackShare?: number;
}

/** How one attempt fared. */
export interface Exchange {
  readonly route: Route;
  /** Milliseconds from sending to the whole answer, waits for the pace not counted. */
  readonly ms: number;
  /** True for 408, 429, 5xx, a timeout, a network fault. */
  readonly trouble: boolean;
}

/** The API as the rest of portload sees it. Every function throws ApiError or AuthError when the API cannot be used. */
export interface Client {
  listBlueprints(): Promise<readonly Blueprint[]>;
  /** Undefined when there is none. */
  getBlueprint(identifier: string): Promise<Blueprint | undefined>;
  createBlueprint(blueprint: Blueprint): Promise<Blueprint>;
  /** Replaces it as a whole. */
  replaceBlueprint(blueprint: Blueprint): Promise<Blueprint>;
  /**
   * Items are entities as JSON text, at most 20 and together under 1 MiB; put into the body as they are. Throws what no further request would mend:
   * BlueprintError for a blueprint that is gone, ApiError when the caller is refused as such, or every entity so far in the same words.
   */
  readonly upsertBulk: UpsertBulk;
  /** The identifiers that exist, of those asked for. */
  existing(blueprint: string, identifiers: readonly string[]): Promise<Set<string>>;
  /** The entities that exist, of those asked for, by identifier; `include` names what is fetched of each, all by default. */
  lookUp(
    blueprint: string,
    identifiers: readonly string[],
    include?: readonly string[],
  ): Promise<ReadonlyMap<string, FoundEntity>>;
  search(blueprint: string, request: SearchRequest): Promise<SearchPage>;
  /** Deletes at most 100 entities, all or none of them. */
  deleteEntities(blueprint: string, identifiers: readonly string[], flags: DeleteFlags): Promise<DeleteReply>;
  /** Clears title, icon or team of an entity that exists, which an upsert cannot. */
  patchEntity(
    blueprint: string,
    identifier: string,
    fields: Readonly<Partial<Record<ClearedField, null>>>,
    flags?: { readonly runId?: string },
  ): Promise<PatchReply>;
  /** The single operations as they are, for scripts. */
  readonly entity: EntityCalls;
  countEntities(blueprint: string): Promise<number>;
  /** The server's clock, milliseconds since the epoch, never later than the truth; undefined until a reply tells. */
  serverNow(): number | undefined;
  /** Sends a request that changes nothing and gives its reply as it is, whatever its status but 5xx; for first contact. */
  ask(request: AskRequest): Promise<Asked>;
  /** Waits by the client's clock, until it is closed. */
  wait(ms: number): Promise<void>;
  /** Traffic so far, the report's `requests`. */
  counts(): RequestCounts;
  /** Share of the bulk quota's window that is used, by all clients, 0 to 1; undefined until a reply tells. */
  quotaUse(): number | undefined;
  /** What the user should know of the traffic so far. */
  warnings(): readonly Warning[];
  /** Ends waits and connections; what is in flight fails. */
  close(): Promise<void>;
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
    ...(options.share !== undefined && { share: options.share }),
    ...(shared && { shared }),
  });
  const dispatcher = options.dispatcher ?? openDispatcher(options.env ?? {});
  const redact = (text: string) =>
    [...formsOf(credentials.clientSecret), ...tokens.held()].reduce(
      (rest, secret) => (secret ? rest.replaceAll(secret, "***") : rest),
      text,
    );
  const tokens = createTokens(() => fetchToken({ send, apiUrl, redact }, credentials), clock);
  const send: Send = createSend({
    apiUrl,
    dispatcher,
    clock,
    random: options.random ?? Math.random,
    pace,
    counter,
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

  return {
    ...blueprints,
    upsertBulk: createBulkCall(io, async (blueprint) => (await blueprints.getBlueprint(blueprint)) !== undefined),
    existing: (blueprint, identifiers) => findExisting(io, blueprint, identifiers),
    lookUp: (blueprint, identifiers, include) => lookUp(io, blueprint, identifiers, include),
    search: (blueprint, request) => searchPage(io, blueprint, request),
    deleteEntities: (blueprint, identifiers, flags) => deleteEntities(io, blueprint, identifiers, flags),
    patchEntity: (blueprint, identifier, fields, flags) => patchEntity(io, blueprint, identifier, fields, flags),
    entity: createEntityCalls(io),
    async countEntities(blueprint) {
      const call = {
        method: "GET",
        path: `/blueprints/${encodeURIComponent(blueprint)}/entities-count`,
        family: "entities",
        route: "other",
        idempotent: true,
        authorized: true,
        promised: (body: unknown) => countBody.safeParse(body).success,
      } as const;
      const reply = await send(call);
      if (reply.is === "reply" && reply.status < 300) return countBody.parse(reply.body).count;
      throw refusal(call, reply, io);
    },
    serverNow: () => (serverAheadMs === undefined ? undefined : clock.now() + serverAheadMs),
    ask: (request) => ask(io, request),
    wait: (ms) => clock.sleep(ms, life.signal),
    counts: counter.read,
    quotaUse: () => pace.used("bulk"),
    warnings: () => [...warnings],
    async close() {
      signal?.removeEventListener("abort", onAbort);
      life.abort(new Error("the client is closed"));
      await shared?.redis.then((redis) => redis.close()).catch(() => undefined);
      if (options.dispatcher === undefined) await dispatcher.destroy();
    },
  };
}

function openSharedPace({ rate, apiUrl, sharedPace }: ClientOptions, warn: (warning: Warning) => void) {
  if (sharedPace === undefined || rate === "off") return undefined;
  const { url, fallbackShare } = sharedPace;
  const redis = openRedisPace(url, apiUrl);
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

/** A secret as it may come back: as it is, within JSON, within an address. The longest forms first. */
function formsOf(secret: string): readonly string[] {
  return [encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), secret];
}
