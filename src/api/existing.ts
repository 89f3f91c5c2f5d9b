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

/** Most identifiers in one search. @source API reference, "Search a blueprint's entities": limit 1 to 1,000 */
const maxIdentifiers = 1000;
/** Most bytes of body in one search. */
const maxBytes = 512 * 1024;
/** Room for the search around its identifiers, in bytes. */
const frameBytes = 256;

/** Statuses that a smaller search may mend. */
const tooMuch = [413, 422, 504];

/** Fetches one page. @throws {ApiError} for any reply other than 2xx */
export async function searchPage(io: CallIo, blueprint: string, request: SearchRequest): Promise<SearchPage> {
  const call = searchCall(blueprint, request, []);
  return readPage(await io.send(call), call, io);
}

/**
 * Tells which of the identifiers exist in the blueprint.
 *
 * At most 1,000 identifiers and 512 KiB of body a request, halved where the server finds that too much (413, 422, 504).
 *
 * @throws {ApiError} for an unknown blueprint, and when a single identifier is still refused
 */
export async function findExisting(
  io: CallIo,
  blueprint: string,
  identifiers: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const part of partsOf([...new Set(identifiers)])) await findPart(io, blueprint, part, found);
  return found;
}

async function findPart(io: CallIo, blueprint: string, part: readonly string[], found: Set<string>): Promise<void> {
  const rules = [{ property: "$identifier", operator: "in", value: part }];
  let from: string | undefined;
  do {
    const request = {
      query: { combinator: "and", rules },
      include: ["$identifier"],
      limit: maxIdentifiers,
      ...(from !== undefined && { from }),
    };
    const call = searchCall(blueprint, request, part.length > 1 ? tooMuch : []);
    const reply = await io.send(call);
    if (reply.is === "reply" && call.expected?.includes(reply.status)) {
      const middle = Math.ceil(part.length / 2);
      await findPart(io, blueprint, part.slice(0, middle), found);
      await findPart(io, blueprint, part.slice(middle), found);
      return;
    }
    const page = readPage(reply, call, io);
    for (const { identifier } of page.entities) found.add(identifier);
    // A cursor that does not move would never end.
    from = page.next === from ? undefined : page.next;
  } while (from !== undefined);
}

function* partsOf(identifiers: readonly string[]): Generator<readonly string[]> {
  let part: string[] = [];
  let bytes = frameBytes;
  for (const identifier of identifiers) {
    const size = Buffer.byteLength(JSON.stringify(identifier)) + 1;
    if (part.length > 0 && (part.length === maxIdentifiers || bytes + size > maxBytes)) {
      yield part;
      part = [];
      bytes = frameBytes;
    }
    part.push(identifier);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

function searchCall(blueprint: string, request: SearchRequest, expected: readonly number[]): Call {
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

function readPage(reply: Reply, call: Call, io: CallIo): SearchPage {
  if (reply.is === "lost" || reply.status >= 300) throw refusal(call, reply, io);
  const { entities, next } = searchBody.parse(reply.body);
  return { entities, ...(typeof next === "string" && next !== "" && { next }) };
}
