import type { Chunk, maxChunkRecords } from "../chunk.js";
import { SourceError } from "../errors.js";
import type { SourceRecord } from "../record.js";
import type { SourceOptions } from "../source-options.js";
import type { BoundSource } from "./bind.js";
import { ChunkSink } from "./chunk-sink.js";
import { CsvReader } from "./csv.js";
import type { Text } from "./decode.js";
import { doubtError } from "./doubt.js";
import type { Format } from "./format.js";
import { JsonReader, JsonSyntaxFault } from "./json.js";
import { type JsonFault, locateJsonFault, plainMessage } from "./json-fault.js";
import { NdjsonReader } from "./ndjson.js";
import { type OpenIo, reopenablePath } from "./open.js";
import { openText } from "./open-text.js";
import type { Reader, ReaderInput } from "./reader.js";
import { type Receipt, receiptOf } from "./receipt.js";
import { sniffText } from "./sniff.js";

/** How a source is read, besides its options. */
export interface ReadIo extends OpenIo {
  /** First N records; all by default. */
  readonly limit?: number;
  /** Most records in a chunk; {@link maxChunkRecords} by default. */
  readonly chunkRecords?: number;
  /** Told how the source is read, before its first record. */
  readonly onReceipt?: (receipt: Receipt) => void;
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
 * @throws SourceError when the source cannot be opened or read on: missing, empty, not text, not of its encoding, an ambiguous header, broken JSON; and
 *   when it is in doubt how it is written (see `sniffSource`), with the lines that settle it
 */
export async function* readSource(
  source: BoundSource,
  options: SourceOptions,
  io: ReadIo = {},
): AsyncGenerator<Chunk<SourceRecord>, void, undefined> {
  const opened = await openText(source, options, io);
  try {
    const { text, sniffed } = await sniffText(source.path, opened, options);
    if ("doubt" in sniffed) throw doubtError(source.name, sniffed.doubt);
    io.onReceipt?.(receiptOf(source, text, sniffed, options));
    const { format } = sniffed;
    if (format === "json") text.offsets?.stop();
    const sink = new ChunkSink(source.index, io.limit, text, io.chunkRecords);
    const input = { name: source.name, start: text.start, options: { ...options, format }, sink };
    yield* readText(source, text, readers[format](input), input, io);
  } finally {
    await opened.blocks.return();
  }
}

async function* readText(
  source: BoundSource,
  text: Text,
  reader: Reader,
  input: ReaderInput,
  io: ReadIo,
): AsyncGenerator<Chunk<SourceRecord>, void, undefined> {
  const { sink } = input;
  let isWaiting = true;
  try {
    for await (const block of text.blocks) {
      isWaiting = false;
      reader.feed(block);
      isWaiting = true;
      yield* sink.complete();
      if (sink.isFull) return yield* sink.rest();
    }
    isWaiting = false;
    reader.end();
  } catch (error) {
    if (isWaiting) reader.cut?.();
    yield* sink.rest();
    if (!(error instanceof JsonSyntaxFault)) throw error;
    return yield* endAtFault(source, input, error, io);
  }
  if (sink.count === 0) sink.warn({ code: "no_records", message: `${source.name} holds no record`, count: 1 });
  yield* sink.rest();
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
  const { sink, options } = input;
  const path = await reopenablePath(source, io);
  if (path === undefined) throw brokenJson(source.name, sink.count, fault, undefined);
  const { path: extension, name } = source;
  const again = { path: extension, name, readFrom: path };
  const verified = await openText(again, options);
  const found = await locateJsonFault(verified.blocks, verified.start);
  if (found !== undefined && !fault.isEnd) {
    sink.startAgain();
    const reader = new JsonReader(input);
    const text = await openText(again, options);
    text.offsets?.stop();
    for await (const block of firstBytes(text.blocks, found.offset - text.start)) {
      reader.feed(block);
      yield* sink.complete();
    }
    yield* sink.rest();
    if (sink.isFull) return;
  }
  const isUtf8 = verified.encoding.decode === undefined;
  throw brokenJson(source.name, sink.count, fault, found, isUtf8);
}

async function* firstBytes(blocks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer, void, undefined> {
  let left = count;
  for await (const block of blocks) {
    yield block.subarray(0, left);
    left -= block.length;
    if (left <= 0) return;
  }
}

function brokenJson(
  name: string,
  records: number,
  fault: JsonSyntaxFault,
  found: JsonFault | undefined,
  isUtf8 = true,
): SourceError {
  const offset = isUtf8 ? `, offset ${found?.offset}` : "";
  const place = found === undefined ? "" : ` at line ${found.line}, column ${found.column}${offset}`;
  const after = `${found === undefined && !fault.isEnd ? "some way " : ""}after record ${records}`;
  const message = fault.isEnd
    ? `its JSON ends before it is complete${place}, after record ${records}`
    : `is not valid JSON${place}, ${after}: ${found?.message ?? plainMessage(fault.message)}`;
  return new SourceError(name, message, {
    hint: fault.isEnd ? "Was the export interrupted?" : "Mend it there; one object a line is NDJSON (format: ndjson).",
    ...(found === undefined ? {} : { line: found.line, ...(isUtf8 && { offset: found.offset }) }),
    cause: fault,
  });
}
