import { InternalError } from "../errors.js";
import type { SourceOptions } from "../options.js";
import type { Span } from "../record.js";
import type { BoundSource } from "./bind.js";
import { scanOptions } from "./csv.js";
import { decodeText } from "./decode.js";
import { extractJson } from "./extract-json.js";
import { extractSpans } from "./extract-spans.js";
import { tellFormat } from "./format.js";
import { openBytes } from "./open.js";
import { RowScanner } from "./row-scanner.js";

/** A record to extract: its span where its format has spans. */
export interface Wanted {
  readonly position: number;
  readonly span?: Span;
}

/**
 * Gives the bytes of a file that holds some records of a source and nothing else, in the source's own form, so that the same options read it.
 *
 * CSV, TSV and NDJSON: byte for byte, all that stands before the first record (byte order mark, preamble, header) and then each record with its own
 * line end; a last one without gets one. JSON: an array, at the same path of keys, of the same values, digits of long integers kept.
 * Opens the source once more and holds no more than a block of it.
 *
 * @param wanted - records of this source, in any order; each is given once, by position
 * @param io - `path` is read in the source's place: the copy of a stdin
 * @throws SourceError as reading does
 */
export async function* extractRecords(
  source: BoundSource,
  options: SourceOptions,
  wanted: readonly Wanted[],
  io: { readonly path?: string } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = openBytes({ path: io.path ?? source.path, name: source.name });
  const text = await decodeText(source.name, bytes, options.encoding);
  const format = tellFormat(source.path, text.head, options);
  const sorted = [...new Map(wanted.map((one) => [one.position, one])).values()].sort(
    (a, b) => a.position - b.position,
  );
  if (text.start > 0) yield Buffer.from([0xef, 0xbb, 0xbf]);
  if (format === "json") {
    yield* extractJson(source.name, text.blocks, options, new Set(sorted.map(({ position }) => position)));
    return;
  }
  const spans = sorted.map(({ position, span }) => span ?? noSpan(source.name, position));
  const records = { start: text.start, spans };
  if (format === "ndjson") yield* extractSpans(text.blocks, { ...records, prelude: () => text.start });
  else yield* extractSpans(text.blocks, { ...records, prelude: csvPrelude({ ...options, format }, text.start) });
}

/** Finds where the first record of a CSV begins, from the blocks at its beginning (undefined after the last); undefined while it has not come. */
function csvPrelude(options: SourceOptions, start: number): (block: Buffer | undefined) => number | undefined {
  let end: number | undefined;
  const hasHeader = options.csv?.header ?? true;
  const scanner = new RowScanner(scanOptions(options, start), {
    row: (_cells, place) => {
      end ??= hasHeader ? place.next : place.start;
    },
    bad: (_fault, place) => {
      end ??= place.start;
    },
  });
  return (block) => {
    if (block === undefined) scanner.end();
    else scanner.feed(block);
    return end;
  };
}

function noSpan(name: string, position: number): never {
  throw new InternalError(`${name}: record ${position} has no span to be extracted by`);
}
