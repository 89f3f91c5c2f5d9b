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
import { type JsonFault, locateJsonFault, plainMessage } from "./json-fault.js";
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
    if (!(error instanceof JsonSyntaxFault)) throw error;
    return yield* endAtFault(source, input, error, io);
  }
  if (sink.count === 0) sink.warn(noRecords(source));
  yield* sink.rest();
}

function noRecords(source: BoundSource) {
  return { code: "no_records", message: `${source.name} holds no record`, count: 1 } as const;
}

/**
 * Gives the records before a syntax error that the parser dropped with it, then throws the error with its place.
 * Where the source cannot be read again, neither is known.
 */
async function* endAtFault(
  source: BoundSource,
  input: ReaderInput,
  fault: JsonSyntaxFault,
  io: ReadIo,
): AsyncGenerator<Chunk<SourceRecord>, void, undefined> {
  const { sink, start } = input;
  const path = await reopenablePath(source, io);
  const again = path === undefined ? undefined : { path, name: source.name };
  const found = again === undefined ? undefined : await locateJsonFault(openBytes(again), start);
  if (again !== undefined && found !== undefined && !fault.isEnd) {
    sink.startAgain();
    const reader = new JsonReader(input);
    const text = await decodeText(source.name, openBytes(again));
    for await (const block of firstBytes(text.blocks, found.offset - start)) {
      reader.feed(block);
      yield* sink.complete();
    }
    yield* sink.rest();
    if (sink.isFull) return;
  }
  throw brokenJson(source.name, sink.count, fault, found);
}

async function* firstBytes(blocks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer, void, undefined> {
  let left = count;
  for await (const block of blocks) {
    yield block.subarray(0, left);
    left -= block.length;
    if (left <= 0) return;
  }
}

function brokenJson(name: string, records: number, fault: JsonSyntaxFault, found: JsonFault | undefined): SourceError {
  const place = found === undefined ? "" : ` at line ${found.line}, column ${found.column}, offset ${found.offset}`;
  const after = `${found === undefined && !fault.isEnd ? "some way " : ""}after record ${records}`;
  const message = fault.isEnd
    ? `its JSON ends before it is complete${place}, after record ${records}`
    : `is not valid JSON${place}, ${after}: ${found?.message ?? plainMessage(fault.message)}`;
  return new SourceError(name, message, {
    hint: fault.isEnd ? "Was the export interrupted?" : "Mend it there; one object a line is NDJSON (format: ndjson).",
    ...(found === undefined ? {} : { offset: found.offset, line: found.line }),
    cause: fault,
  });
}
