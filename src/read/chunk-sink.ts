import { type Chunk, maxChunkBytes, maxChunkRecords } from "../chunk.js";
import type { Place, SourceRecord, Span } from "../record.js";
import type { Finding, Reject } from "../reject.js";
import type { SourceOptions } from "../source-options.js";
import type { Warning } from "../warning.js";
import type { LineOffsets } from "./encoding.js";
import type { BadText } from "./utf8.js";

/** Gathers what a reader finds into chunks and gives each record its position. */
export class ChunkSink {
  readonly source: number;
  readonly #limit: number;
  readonly #chunkRecords: number;
  readonly #offsets: LineOffsets | undefined;
  readonly #badText: BadText | undefined;
  readonly #hasLines: boolean;
  #count = 0;
  #bytes = 0;
  #items: SourceRecord[] = [];
  #rejects: Reject[] = [];
  #warnings: Warning[] = [];
  #longIntegers: { count: number; first: Place; key: string } | undefined;
  #full: Chunk<SourceRecord>[] = [];

  /**
   * @param source - index of the source on the command line
   * @param limit - records taken, from the first; later ones are left out
   * @param text - turns spans of decoded text into those of the source, where they are not the same, and knows which of it is not text, and whether it has
   * lines that anybody could look up
   */
  constructor(
    source: number,
    limit = Number.POSITIVE_INFINITY,
    text: { readonly offsets?: LineOffsets; readonly badText?: BadText; readonly hasLines?: boolean } = {},
    chunkRecords = maxChunkRecords,
  ) {
    this.source = source;
    this.#limit = limit;
    this.#chunkRecords = chunkRecords;
    this.#offsets = text.offsets;
    this.#badText = text.badText;
    this.#hasLines = text.hasLines ?? true;
  }

  /** Records so far, refused ones among them. */
  get count(): number {
    return this.#count;
  }

  /** True when no further record is wanted. */
  get isFull(): boolean {
    return this.#count >= this.#limit;
  }

  /** The place of the next record. */
  place(line?: number): Place {
    const position = this.#count + 1;
    return line === undefined || !this.#hasLines
      ? { source: this.source, position }
      : { source: this.source, position, line };
  }

  /** Takes a record at {@link place}; `bytes` is the size of its text. */
  add(record: SourceRecord, bytes: number): void {
    const { span } = record;
    const bad = this.#badText && span && this.badTextIn(span);
    if (bad !== undefined) {
      this.refuse(bad, record.at, bytes, span);
      return;
    }
    if (this.isFull) return;
    this.#items.push(
      this.#offsets === undefined || span === undefined ? record : { ...record, span: this.#offsets.span(span) },
    );
    this.#counted(bytes);
  }

  /** Takes a record that cannot be read. */
  refuse(finding: Finding, at: Place, bytes: number, span?: Span): void {
    if (this.isFull) return;
    const exact = span === undefined ? undefined : (this.#offsets?.span(span) ?? span);
    this.#rejects.push({ ...finding, stage: "read", at, ...(exact === undefined ? {} : { span: exact }) });
    this.#counted(bytes);
  }

  /** What is not text within a span of the text. */
  badTextIn(span: Span): Finding | undefined {
    const message = this.#badText?.within(span);
    return message === undefined ? undefined : { code: "bad_text", message: `${message}; correct it` };
  }

  /** Notes integers of a record that were kept as text. */
  noteLongIntegers(count: number, first: Place, key: string): void {
    if (this.isFull || count === 0) return;
    this.#longIntegers ??= { count: 0, first, key };
    this.#longIntegers.count += count;
  }

  /** Chunks that are complete; each is given once. */
  complete(): Chunk<SourceRecord>[] {
    const chunks = this.#full;
    this.#full = [];
    return chunks;
  }

  /** All that is left, the last chunk perhaps small. */
  rest(): Chunk<SourceRecord>[] {
    this.#close();
    return this.complete();
  }

  /** Adds a warning to the chunk in hand. */
  warn(warning: Warning): void {
    this.#warnings.push(warning);
  }

  #counted(bytes: number): void {
    this.#count++;
    this.#bytes += bytes;
    if (this.#items.length + this.#rejects.length >= this.#chunkRecords || this.#bytes >= maxChunkBytes) this.#close();
  }

  #close(): void {
    const long = this.#longIntegers;
    if (long !== undefined) {
      this.#warnings.push({
        code: "long_integer",
        message: `an integer beyond 2^53 was kept as text so that no digit is lost, first at key "${long.key}"`,
        count: long.count,
        first: long.first,
      });
    }
    const read = this.#items.length + this.#rejects.length;
    if (read + this.#warnings.length > 0) {
      this.#full.push({
        items: this.#items,
        rejects: this.#rejects,
        warnings: this.#warnings,
        tally: { read, mapped: 0, skipped: 0, rejected: this.#rejects.length },
      });
    }
    this.#items = [];
    this.#rejects = [];
    this.#warnings = [];
    this.#longIntegers = undefined;
    this.#bytes = 0;
  }
}

/** Largest record in bytes where `maxRecordBytes` is not given. */
export const defaultMaxRecordBytes = 16 * 1024 * 1024;

/** Turns text into records: fed block by block, it puts what it finds into its sink before it returns. */
export interface Reader {
  /** @param block - the next bytes of valid UTF-8, whole characters only */
  feed(block: Buffer): void;
  /** No further block follows. */
  end(): void;
  /** The source was cut off: gives the complete records that still waited for a look at what follows. */
  cut?(): void;
}

/** What a reader is made from. */
export interface ReaderInput {
  /** The source's name for messages. */
  readonly name: string;
  /** Offset of the first byte fed: the length of the byte order mark. */
  readonly start: number;
  /** Whether offsets of the text are those of the source. */
  readonly isUtf8: boolean;
  readonly options: SourceOptions;
  readonly sink: ChunkSink;
}
