import { type FoundEntity, searchBody } from "./bodies.js";
import { type Call, type CallIo, type Reply, refusal } from "./send.js";

/** A page of a blueprint's entities. */
export interface SearchRequest {
  /** `{ combinator, rules }`. */
  readonly query: unknown;
  /** Property ids and `$`-prefixed meta names; all by default. */
  readonly include?: readonly string[];
  /** Entities a page, 1 to 1,000. Port's default 200. */
  readonly limit?: number;
  /** The page before's `next`. */
  readonly from?: string;
}

/** What a page holds. `next` is absent on the last one. */
export interface SearchPage {
  readonly entities: readonly FoundEntity[];
  readonly next?: string;
}

/** Fetches one page. @throws {ApiError} for any reply other than 2xx */
export async function searchPage(io: CallIo, blueprint: string, request: SearchRequest): Promise<SearchPage> {
  const call = searchCall(blueprint, request, []);
  return readPage(await io.send(call), call, io);
}

/** The call of a search. @param expected - statuses that the caller answers itself */
export function searchCall(blueprint: string, request: SearchRequest, expected: readonly number[]): Call {
  return {
    method: "POST",
    path: `/blueprints/${encodeURIComponent(blueprint)}/entities/search`,
    family: "search",
    route: "search",
    body: JSON.stringify(request),
    idempotent: true,
    authorized: true,
    expected,
    promised: (body) => searchBody.safeParse(body).success,
  };
}

/** The page of a reply. @throws {ApiError} for any reply other than 2xx */
export function readPage(reply: Reply, call: Call, io: CallIo): SearchPage {
  if (reply.is === "lost" || reply.status >= 300) throw refusal(call, reply, io);
  const { entities, next } = searchBody.parse(reply.body);
  return { entities, ...(typeof next === "string" && next !== "" && { next }) };
}
