import type { Chunk } from "../chunk.js";
import { SourceError } from "../errors.js";
import type { SourceOptions } from "../options.js";
import type { SourceRecord } from "../record.js";
import type { BoundSource } from "./bind.js";
import { ChunkSink } from "./chunk-sink.js";
import { CsvReader } from "./csv.js";
import { decodeText } from "./decode.js";
import { type Format, tellFormat } from "./format.js";
import { JsonReader, JsonSyntaxFault } from "./json.js";
import { locateJsonFault } from "./json-fault.js";
import { NdjsonReader } from "./ndjson.js";
import { type OpenIo, openBytes, reopenablePath } from "./open.js";
import type { Reader, ReaderInput } from "./reader.js";

/** How a source is read, besides its options. */
export interface ReadIo extends OpenIo {
  /** First N records; all by default. */
  readonly limit?: number;
}

const readers = {
  csv: (input) => new CsvReader(input),
  tsv: (input) => new CsvReader(input),
  json: (input) => new JsonReader(input),
  ndjson: (input) => new NdjsonReader(input),
} satisfies Record<Format, (input: ReaderInput) => Reader>;

/**
 * Reads a source once, from its beginning, as chunks of records; nothing is read ahead of the chunk that is asked for but one block.
 *
 * A record that cannot be read is a reject of its chunk and the next one goes on. Records before an error are given before it is thrown.
 *
 * @param source - as bound by `bindSources`
 * @param options - the mapping's `source`, with those of the kind laid over it
 * @throws SourceError when the source cannot be opened or read on: missing, empty, not text, not UTF-8, an ambiguous header, broken JSON
 */
export async function* readSource(
  source: BoundSource,
  options: SourceOptions,
  io: ReadIo = {},
): AsyncGenerator<Chunk<SourceRecord>, void, undefined> {
  const text = await decodeText(source.name, openBytes(source, io), options.encoding);
  const format = tellFormat(source.path, text.head, options);
  const sink = new ChunkSink(source.index, io.limit);
  const input = { name: source.name, start: text.start, options: { ...options, format }, sink };
  const reader = readers[format](input);
  try {
    for await (const block of text.blocks) {
      reader.feed(block);
      yield* sink.complete();
      if (sink.isFull) return yield* sink.rest();
    }
    reader.end();
  } catch (error) {
    yield* sink.rest();
    throw error instanceof JsonSyntaxFault ? await brokenJson(source, text.start, sink.count, error, io) : error;
  }
  if (sink.count === 0) sink.warn(noRecords(source));
  yield* sink.rest();
}

function noRecords(source: BoundSource) {
  return { code: "no_records", message: `${source.name} holds no record`, count: 1 } as const;
}

async function brokenJson(
  source: BoundSource,
  start: number,
  records: number,
  fault: JsonSyntaxFault,
  io: ReadIo,
): Promise<SourceError> {
  const path = await reopenablePath(source, io);
  const found = path === undefined ? undefined : await locateJsonFault(openBytes({ path, name: source.name }), start);
  const after = records === 0 ? "before its first record ends" : `after record ${records}`;
  const place = found === undefined ? "" : ` at line ${found.line}, column ${found.column}, offset ${found.offset}`;
  const message = fault.isEnd
    ? `its JSON ends before it is complete, ${after}${place}`
    : `is not valid JSON${place}, ${after}: ${found?.message ?? fault.message}`;
  return new SourceError(source.name, message, {
    hint: fault.isEnd ? "Was the export interrupted?" : "Mend it there; one object a line is NDJSON (format: ndjson).",
    ...(found === undefined ? {} : { offset: found.offset, line: found.line }),
    cause: fault,
  });
}
