import type { FoundEntity } from "./bodies.js";
import { readPage, searchCall } from "./search.js";
import type { CallIo } from "./send.js";

/** Most identifiers in one search. @source API reference, "Search a blueprint's entities": limit 1 to 1,000 */
export const maxLookUpIdentifiers = 1000;
/** Most bytes of body in one search. */
const maxBytes = 512 * 1024;
/** Room for the search around its identifiers and what it asks for, in bytes. */
const frameBytes = 256;

/** Statuses that a smaller search may mend. */
const tooMuch = [413, 422, 504];

/**
 * Fetches the entities of a blueprint that have one of the identifiers.
 *
 * At most 1,000 identifiers and 512 KiB of body a request, halved where the server finds that too much (413, 422, 504).
 *
 * @param include - property and relation keys and `$`-prefixed meta names to fetch; whole entities by default
 * @throws {ApiError} for an unknown blueprint, and when a single identifier is still refused
 */
export async function lookUp(
  io: CallIo,
  blueprint: string,
  identifiers: readonly string[],
  include?: readonly string[],
): Promise<Map<string, FoundEntity>> {
  const found = new Map<string, FoundEntity>();
  const frame = frameBytes + (include === undefined ? 0 : Buffer.byteLength(JSON.stringify(include)));
  for (const part of partsOf([...new Set(identifiers)], frame))
    await lookUpPart(io, { blueprint, part, include }, found);
  return found;
}

interface Part {
  readonly blueprint: string;
  readonly part: readonly string[];
  readonly include: readonly string[] | undefined;
}

async function lookUpPart(io: CallIo, asked: Part, found: Map<string, FoundEntity>): Promise<void> {
  const { blueprint, part, include } = asked;
  const rules = [{ property: "$identifier", operator: "in", value: part }];
  let from: string | undefined;
  do {
    const request = {
      query: { combinator: "and", rules },
      ...(include !== undefined && { include }),
      limit: maxLookUpIdentifiers,
      ...(from !== undefined && { from }),
    };
    const call = searchCall(blueprint, request, part.length > 1 ? tooMuch : []);
    const reply = await io.send(call);
    if (reply.is === "reply" && call.expected?.includes(reply.status)) {
      const middle = Math.ceil(part.length / 2);
      await lookUpPart(io, { ...asked, part: part.slice(0, middle) }, found);
      await lookUpPart(io, { ...asked, part: part.slice(middle) }, found);
      return;
    }
    const page = readPage(reply, call, io);
    for (const entity of page.entities) found.set(entity.identifier, entity);
    // A cursor that does not move would never end.
    from = page.next === from ? undefined : page.next;
  } while (from !== undefined);
}

function* partsOf(identifiers: readonly string[], frame: number): Generator<readonly string[]> {
  let part: string[] = [];
  let bytes = frame;
  for (const identifier of identifiers) {
    const size = Buffer.byteLength(JSON.stringify(identifier)) + 1;
    if (part.length > 0 && (part.length === maxLookUpIdentifiers || bytes + size > maxBytes)) {
      yield part;
      part = [];
      bytes = frame;
    }
    part.push(identifier);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
