import type { Chunk } from "../chunk.js";
import { isRecords } from "../given-source.js";
import type { SourceRecord } from "../record.js";
import { type Answer, answered, type Doubt, doubtError, type SourceOptions } from "../source-options.js";
import type { BoundSource } from "./bind.js";
import { ChunkSink, type Reader, type ReaderInput } from "./chunk-sink.js";
import { CsvReader } from "./csv.js";
import type { Text } from "./decode.js";
import type { TextFormat } from "./format.js";
import { JsonReader, NdjsonReader } from "./json.js";
import { type OpenIo, openText, reopenablePath } from "./open.js";
import { type Receipt, receiptOf } from "./receipt.js";
import { sniffText } from "./sniff.js";
import { isWorkbook } from "./xlsx/open-sheet.js";
import { readWorkbookSource, sniffWorkbook } from "./xlsx/xlsx.js";
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
 * Reads a source once, from its beginning, as chunks of records; at most one block is read ahead of the chunk that is asked for.
 *
 * A record that cannot be read is a reject of its chunk and reading continues with the next one. Records before an error are given before it is thrown.
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

/** A source about which nothing is in doubt. */
export interface SettledSource {
  /** The options given, with the answers laid over them. */
  readonly options: SourceOptions;
  /** Absent for a source that can be read only once: its receipt comes when it is read. */
  readonly receipt?: Receipt;
  /**
   * Names of the columns of a table, in order, before its first record is read; absent where records have keys of their own, and for a source that can be
   * read only once: `columns` of its receipt, which comes before its first record, names them.
   */
  readonly columns?: readonly string[];
}

/** Asks a person how a source is to be read; undefined when there is no answer. */
export type Ask = (source: string, doubt: Doubt) => Promise<Answer | undefined>;

/**
 * Looks at a source's beginning before it is imported, and asks what is in doubt. A source that can be read only once is left alone.
 *
 * @param ask - absent without a terminal to ask at
 * @throws SourceError when the source cannot be opened, or a doubt stays
 */
export async function settleSource(
  source: BoundSource,
  given: SourceOptions,
  io: Pick<OpenIo, "signal"> = {},
  ask?: Ask,
): Promise<SettledSource> {
  if ((await reopenablePath(source, {})) === undefined) return { options: given };
  const settledBy = async (doubt: Doubt, options: SourceOptions): Promise<SourceOptions> => {
    const answer = await ask?.(source.name, doubt);
    if (answer === undefined) throw doubtError(source.name, doubt);
    return answered(options, answer);
  };
  let options = given;
  for (;;) {
    if (await isWorkbook(source, options)) {
      const found = await sniffWorkbook(source, options, io);
      if (!("doubt" in found)) return settled(options, found.receipt);
      options = await settledBy(found.doubt, options);
      continue;
    }
    const opened = await openText(source, options, io);
    try {
      const { text, sniffed } = await sniffText(source.path, opened, options);
      if (!("doubt" in sniffed)) return settled(options, receiptOf(source, text, sniffed, options));
      options = await settledBy(sniffed.doubt, options);
    } finally {
      await opened.blocks.return();
    }
  }
}

function settled(options: SourceOptions, receipt: Receipt): SettledSource {
  const { columns } = receipt;
  return { options, receipt, ...(columns && { columns }) };
}
