import type { Chunk } from "../chunk.js";
import { isRecords } from "../given-source.js";
import type { SourceRecord } from "../record.js";
import type { SourceOptions } from "../source-options.js";
import type { BoundSource } from "./bind.js";
import { ChunkSink, type Reader, type ReaderInput } from "./chunk-sink.js";
import { CsvReader } from "./csv.js";
import type { Text } from "./decode.js";
import { doubtError } from "./doubt.js";
import type { TextFormat } from "./format.js";
import { JsonReader } from "./json.js";
import { NdjsonReader } from "./ndjson.js";
import { type OpenIo, openText } from "./open.js";
import { type Receipt, receiptOf } from "./receipt.js";
import { sniffText } from "./sniff.js";
import { isWorkbook } from "./xlsx/open-sheet.js";
import { readWorkbookSource } from "./xlsx/xlsx.js";
import { YamlReader } from "./yaml.js";

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
  yaml: (input) => new YamlReader(input),
} satisfies Record<TextFormat, (input: ReaderInput) => Reader>;

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
  if (await isWorkbook(source, options, io)) {
    yield* readWorkbookSource(source, options, io);
    return;
  }
  const opened = await openText(source, options, io);
  try {
    const { text, sniffed } = await sniffText(source.path, opened, options);
    if ("doubt" in sniffed) throw doubtError(source.name, sniffed.doubt);
    io.onReceipt?.(receiptOf(source, text, sniffed, options));
    const { format } = sniffed;
    if (format === "json" || format === "yaml") text.offsets?.stop();
    const hasLines = source.given === undefined || !isRecords(source.given);
    const sink = new ChunkSink(source.index, io.limit, { ...text, hasLines }, io.chunkRecords);
    const isUtf8 = text.encoding.decode === undefined;
    const input = { name: source.name, start: text.start, isUtf8, options: { ...options, format }, sink };
    yield* readText(source.name, text, readers[format](input), sink);
  } finally {
    await opened.blocks.return();
  }
}

async function* readText(
  name: string,
  text: Text,
  reader: Reader,
  sink: ChunkSink,
): AsyncGenerator<Chunk<SourceRecord>, void, undefined> {
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
    throw error;
  }
  if (sink.count === 0) sink.warn({ code: "no_records", message: `${name} holds no record`, count: 1 });
  yield* sink.rest();
}
