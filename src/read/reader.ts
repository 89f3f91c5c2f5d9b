import type { SourceOptions } from "../source-options.js";
import type { ChunkSink } from "./chunk-sink.js";

/** Largest record in bytes where `maxRecordBytes` is not given. */
export const defaultMaxRecordBytes = 16 * 1024 * 1024;

/** Turns text into records: fed block by block, it puts what it finds into its sink before it returns. */
export interface Reader {
  /** @param block - the next bytes of valid UTF-8, whole characters only */
  feed(block: Buffer): void;
  /** No further block follows. */
  end(): void;
  /** The source broke off: gives the complete records that still waited for a look at what follows. */
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
