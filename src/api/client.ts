import { setMaxListeners } from "node:events";
import type { Dispatcher } from "undici";
import type { Blueprint } from "../blueprint.js";
import type { Mode } from "../entity.js";
import { createBlueprintCalls } from "./blueprint-calls.js";
import { countBody, type FoundEntity } from "./bodies.js";
import { type BulkReplyOrLost, readBulkResults } from "./bulk-reply.js";
import { type Clock, realClock } from "./clock.js";
import { createCounter, type RequestCounts } from "./counts.js";
import { type DeleteFlags, type DeleteReply, deleteEntities } from "./delete-entities.js";
import { openDispatcher } from "./dispatcher.js";
import { findExisting } from "./existing.js";
import { refusedMessage } from "./failure.js";
import type { Route } from "./families.js";
import { lookUp } from "./look-up.js";
import { createPace, type Rate } from "./pace.js";
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
  /** Longest wait for one attempt's whole answer, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
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

/** How one attempt fared. */
export interface Exchange {
  readonly route: Route;
  /** Milliseconds from sending to the whole answer, waits for the pace not counted. */
  readonly ms: number;
  /** True for 408, 429, 5xx, a timeout, a network fault. */
  readonly trouble: boolean;
}

/** How a bulk request is to be taken. */
export interface BulkFlags {
  readonly mode: Mode;
  /** Makes bare entities of missing relation targets. */
  readonly createMissing: boolean;
  /** Checks and writes nothing. */
  readonly validationOnly?: boolean;
  /** Action run that the write is recorded under. */
  readonly runId?: string;
}

/** The API as the rest of portload sees it. Every function throws ApiError or AuthError when the API cannot be used. */
export interface Client {
  listBlueprints(): Promise<readonly Blueprint[]>;
  /** Undefined when there is none. */
  getBlueprint(identifier: string): Promise<Blueprint | undefined>;
  createBlueprint(blueprint: Blueprint): Promise<Blueprint>;
  /** Replaces it as a whole. */
  replaceBlueprint(blueprint: Blueprint): Promise<Blueprint>;
  /** @param items - entities as JSON text, at most 20 and together under 1 MiB; put into the body as they are */
  upsertBulk(blueprint: string, items: readonly string[], flags: BulkFlags): Promise<BulkReplyOrLost>;
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
  countEntities(blueprint: string): Promise<number>;
  /** Traffic so far, the report's `requests`. */
  counts(): RequestCounts;
  /** Share of the bulk quota's window that is used, by all clients, 0 to 1; undefined until a reply tells. */
  quotaUse(): number | undefined;
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
  const pace = createPace({ rate: options.rate ?? "auto", clock, signal: life.signal });
  const dispatcher = options.dispatcher ?? openDispatcher(options.env ?? {});
  const redact = (text: string) =>
    [credentials.clientSecret, tokens.peek() ?? ""].reduce(
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
    userAgent: options.userAgent ?? "portload",
    signal: life.signal,
    redact,
    onExchange: options.onExchange ?? (() => undefined),
  });
  const io = { send, apiUrl, redact };

  return {
    ...createBlueprintCalls(io),
    async upsertBulk(blueprint, items, flags) {
      const reply = await send({
        method: "POST",
        path: `/blueprints/${encodeURIComponent(blueprint)}/entities/bulk?${bulkQuery(flags)}`,
        family: "bulk",
        route: "bulk",
        body: `{"entities":[${items.join(",")}]}`,
        idempotent: flags.mode !== "create" || flags.validationOnly === true,
        authorized: true,
      });
      if (reply.is === "lost") {
        const { cause, sentAtMs } = reply;
        return {
          is: "settled",
          results: readBulkResults(undefined, items.length),
          lost: { cause, ...(sentAtMs !== undefined && { sentAtMs }) },
          ...(sentAtMs !== undefined && { sentAtMs }),
        };
      }
      const trace = reply.traceId === undefined ? {} : { traceId: reply.traceId };
      if (reply.status < 300) {
        const since = reply.sentAtMs === undefined ? {} : { sentAtMs: reply.sentAtMs };
        return { is: "settled", results: readBulkResults(reply.body, items.length), ...trace, ...since };
      }
      if (reply.status === 413) return { is: "tooLarge" };
      const { message, error } = refusedMessage(reply.status, reply.body, redact);
      return { is: "refused", status: reply.status, error: error ?? "unknown_error", message, ...trace };
    },
    existing: (blueprint, identifiers) => findExisting(io, blueprint, identifiers),
    lookUp: (blueprint, identifiers, include) => lookUp(io, blueprint, identifiers, include),
    search: (blueprint, request) => searchPage(io, blueprint, request),
    deleteEntities: (blueprint, identifiers, flags) => deleteEntities(io, blueprint, identifiers, flags),
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
    counts: counter.read,
    quotaUse: () => pace.used("bulk"),
    async close() {
      signal?.removeEventListener("abort", onAbort);
      life.abort(new Error("the client is closed"));
      if (options.dispatcher === undefined) await dispatcher.destroy();
    },
  };
}

/** @source API reference, "Create multiple entities": merge counts only together with upsert */
function bulkQuery({ mode, createMissing, validationOnly, runId }: BulkFlags): URLSearchParams {
  return new URLSearchParams({
    upsert: String(mode !== "create"),
    merge: String(mode === "merge"),
    create_missing_related_entities: String(createMissing),
    validation_only: String(validationOnly === true),
    ...(runId !== undefined && { run_id: runId }),
  });
}
