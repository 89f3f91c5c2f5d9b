import type { FoundEntity } from "../entity.js";
import { ApiError } from "../errors.js";
import { bodyOf, type Call, type CallIo, pathOf, publicUrl, refusalOf } from "./call.js";
import { isSearchBody } from "./reply-parts.js";
import { replyTooLarge } from "./retry.js";

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

/** How the searches of a blueprint are made. */
export interface SearchCalls {
  /** One page. @throws {ApiError} for any reply other than 2xx */
  search(blueprint: string, request: SearchRequest): Promise<SearchPage>;
  /** All pages of a query, 1,000 entities each. @throws {ApiError} also for pages that repeat or never end */
  pages(blueprint: string, request: Omit<SearchRequest, "limit" | "from">): AsyncGenerator<readonly FoundEntity[]>;
  /** The entities that exist, of those asked for, by identifier; `include` names what is fetched of each, all by default. */
  lookUp(
    blueprint: string,
    identifiers: readonly string[],
    include?: readonly string[],
  ): Promise<ReadonlyMap<string, FoundEntity>>;
  /** The identifiers that exist, of those asked for. */
  existing(blueprint: string, identifiers: readonly string[]): Promise<Set<string>>;
}

/** Most entities of a page, and identifiers of a look-up. @source API reference, "Search a blueprint's entities": limit 1 to 1,000 */
const maxPage = 1000;
/** Most bytes of body in one look-up. */
const maxBytes = 512 * 1024;
/** Room for the search around its identifiers and what it asks for, in bytes. */
const frameBytes = 256;
/** Statuses that a smaller look-up may avoid. */
const tooMuch = [413, 422, 504];
/** So many entities fit into any reply: one has at most 1 MiB. */
const surelyFits = 16;
/** Pages after which a scan asks for the first time how many entities there are; then each time they double. */
const firstCountAtPages = 64;
/** Entities beyond the count that others may have created meanwhile. */
const createdMeanwhile = 10_000;
/** Pages without an entity, one after the other, that are believed. */
const maxEmptyPages = 3;

/**
 * Binds the search route.
 *
 * @param count - how many entities a blueprint has, asked where a scan is suspiciously long
 */
export function createSearchCalls(io: CallIo, count: (blueprint: string) => Promise<number>): SearchCalls {
  const search = async (blueprint: string, request: SearchRequest) =>
    pageOf(await bodyOf(io, searchCall(blueprint, request)));

  async function* pages(blueprint: string, request: SearchRequest): AsyncGenerator<readonly FoundEntity[]> {
    const seen = new Set<string>();
    let [found, empty, countAt, limit] = [0, 0, firstCountAtPages, maxPage];
    let from: string | undefined;
    do {
      const page: SearchPage | undefined = await search(blueprint, {
        ...request,
        limit,
        ...(from !== undefined && { from }),
      }).catch((error: unknown) => {
        if (!isTooLarge(error) || limit <= surelyFits) throw error;
        limit = Math.ceil(limit / 8);
        return undefined;
      });
      if (page === undefined) continue;
      yield page.entities;
      found += page.entities.length;
      empty = page.entities.length === 0 ? empty + 1 : 0;
      from = page.next;
      if (from === undefined) return;
      if (seen.has(from) || empty > maxEmptyPages) throw endless(blueprint, "its pages repeat", io);
      seen.add(from);
      if (seen.size < countAt) continue;
      countAt *= 2;
      const most = await count(blueprint);
      if (found > most + createdMeanwhile)
        throw endless(blueprint, `it gave ${found} entities of a blueprint that has ${most}`, io);
    } while (true);
  }

  async function lookUpPart(asked: SearchPart, found: Map<string, FoundEntity>): Promise<void> {
    const { blueprint, part, include } = asked;
    const rules = [{ property: "$identifier", operator: "in", value: part }];
    const seen = new Set<string>();
    const wanted = new Set(part);
    /** Pages in a row without one of the identifiers. */
    let barren = 0;
    let from: string | undefined;
    do {
      const request = {
        query: { combinator: "and", rules },
        ...(include !== undefined && { include }),
        limit: maxPage,
        ...(from !== undefined && { from }),
      };
      const call = searchCall(blueprint, request, part.length > 1 ? tooMuch : []);
      const reply = await io.send(call).catch((error: unknown) => {
        if (!isTooLarge(error) || part.length <= surelyFits) throw error;
        return undefined;
      });
      if (reply === undefined || (reply.is === "refused" && call.expected?.includes(reply.status))) {
        const middle = Math.ceil(part.length / 2);
        await lookUpPart({ ...asked, part: part.slice(0, middle) }, found);
        await lookUpPart({ ...asked, part: part.slice(middle) }, found);
        return;
      }
      if (reply.is !== "done") throw refusalOf(call, reply, io);
      const page = pageOf(reply.body);
      const before = found.size;
      // A server that does not heed the query gives others, too.
      for (const entity of page.entities) if (wanted.has(entity.identifier)) found.set(entity.identifier, entity);
      from = page.next;
      if (from === undefined) return;
      if (seen.has(from)) throw endless(blueprint, "its pages repeat", io);
      barren = found.size === before ? barren + 1 : 0;
      if (barren > maxEmptyPages) throw endless(blueprint, "its pages hold nothing that was asked for", io);
      seen.add(from);
    } while (from !== undefined);
  }

  const lookUp: SearchCalls["lookUp"] = async (blueprint, identifiers, include) => {
    const found = new Map<string, FoundEntity>();
    const frame = frameBytes + (include === undefined ? 0 : Buffer.byteLength(JSON.stringify(include)));
    for (const part of partsOf([...new Set(identifiers)], frame)) await lookUpPart({ blueprint, part, include }, found);
    return found;
  };

  return {
    search,
    pages,
    lookUp,
    existing: async (blueprint, identifiers) => new Set((await lookUp(blueprint, identifiers, ["$identifier"])).keys()),
  };
}

/** A page of so many large entities that no reply may hold them. */
function isTooLarge(error: unknown): boolean {
  return error instanceof ApiError && error.fault === replyTooLarge;
}

interface SearchBody {
  readonly entities: readonly FoundEntity[];
  readonly next: string | null | undefined;
}

function searchCall(blueprint: string, request: SearchRequest, expected: readonly number[] = []): Call<SearchBody> {
  return {
    method: "POST",
    path: pathOf(blueprint, "/entities/search"),
    route: "search",
    body: JSON.stringify(request),
    idempotent: true,
    expected,
    isBody: isSearchBody,
  };
}

function pageOf({ entities, next }: SearchBody): SearchPage {
  return { entities, ...(typeof next === "string" && next !== "" && { next }) };
}

function endless(blueprint: string, why: string, { apiUrl }: CallIo): ApiError {
  const url = publicUrl({ path: pathOf(blueprint, "/entities/search") }, apiUrl);
  return new ApiError(`POST ${url}: the search does not end: ${why}`, {
    ...{ method: "POST", url, attempts: 1 },
    hint: "What answers does not page as Port's API does: check PORT_API_URL, and what is between.",
  });
}

interface SearchPart {
  readonly blueprint: string;
  readonly part: readonly string[];
  readonly include: readonly string[] | undefined;
}

function* partsOf(identifiers: readonly string[], frame: number): Generator<readonly string[]> {
  let part: string[] = [];
  let bytes = frame;
  for (const identifier of identifiers) {
    const size = Buffer.byteLength(JSON.stringify(identifier)) + 1;
    if (part.length > 0 && (part.length === maxPage || bytes + size > maxBytes)) {
      yield part;
      part = [];
      bytes = frame;
    }
    part.push(identifier);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
