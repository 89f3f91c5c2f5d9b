import type { Reject } from "./reject.js";
import type { Warning } from "./warning.js";

/** Most records in a chunk. */
export const maxChunkRecords = 1000;
/**
 * Most records in a chunk that needs no jq. While a chunk is processed, the cells of all its records are alive: a shorter one spares the garbage
 * collector, a longer one spares calls.
 */
export const shortChunkRecords = 200;
/** Most bytes of source text in a chunk; one larger record makes a chunk of its own. */
export const maxChunkBytes = 1024 * 1024;

/** What became of the records of a chunk so far. A reader sets `read` and `rejected`; map adds the rest, so that `read = mapped + skipped + rejected`. */
export interface Tally {
  readonly read: number;
  readonly mapped: number;
  readonly skipped: number;
  readonly rejected: number;
}

/** The part of a refused item that could be made, so that the next stage finds its further faults. It is never written. */
export interface Remains<T> {
  /** The same object as among the chunk's rejects. */
  readonly reject: Reject;
  readonly item: T;
  /** Paths of fields (`title`, `properties.x`) whose value is not known: nothing is to be said of them. */
  readonly unknown: ReadonlySet<string>;
}

/** What travels between stages: the items that continue, and in band all others. Never mixes two sources. */
export interface Chunk<T> {
  readonly items: readonly T[];
  /** Rejects of this and of all earlier stages, in source order. */
  readonly rejects: readonly Reject[];
  /** Of rejects among them, for the next stage alone. */
  readonly remains?: readonly Remains<T>[] | undefined;
  readonly warnings: readonly Warning[];
  readonly tally: Tally;
}

/** A step of the way of a record. Stages never import each other; recipes join them. */
export type Stage<A, B> = (chunks: AsyncIterable<Chunk<A>>) => AsyncIterable<Chunk<B>>;

/** A stage that puts each item into another form. What remains of refused ones is dropped. */
export function eachItem<A, B>(format: (item: A) => B): Stage<A, B> {
  return async function* (chunks) {
    for await (const chunk of chunks) yield { ...chunk, items: chunk.items.map(format), remains: undefined };
  };
}
