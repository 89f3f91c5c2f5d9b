import type { Span } from "../record.js";

/** What is copied from a source of lines. */
interface Ranges {
  /** Offset of the first byte of the first block. */
  readonly start: number;
  /** Fed the blocks one by one, undefined after the last, until it knows where the first record begins; all before that is copied. */
  readonly prelude: (block: Buffer | undefined) => number | undefined;
  /** Of the records, in source order, without their line ends. */
  readonly spans: readonly Span[];
}

/** Copies what stands before the first record, then some records with their line ends. */
export async function* extractSpans(
  blocks: AsyncIterable<Buffer>,
  { start, prelude, spans }: Ranges,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Buffer[] = [];
  let copier: SpanCopier | undefined;
  const copierAfter = (block: Buffer | undefined): SpanCopier | undefined => {
    const end = prelude(block);
    return end === undefined ? undefined : new SpanCopier(start, [{ start, end }, ...spans]);
  };
  for await (const block of blocks) {
    held.push(block);
    copier ??= copierAfter(block);
    if (copier === undefined) continue;
    for (const one of held) yield* copier.feed(one);
    held = [];
    if (copier.isComplete) return;
  }
  // A short source's first record is known only at its end.
  copier ??= copierAfter(undefined);
  if (copier === undefined) return yield* held;
  for (const one of held) yield* copier.feed(one);
  yield* copier.end();
}

class SpanCopier {
  readonly #spans: readonly Span[];
  #next = 0;
  #offset: number;
  /** Whether the last copied span still waits for its line end, or for the LF after its CR. */
  #waitsFor: "nothing" | "line end" | "lf" = "nothing";
  #lineEnd = "";

  constructor(offset: number, spans: readonly Span[]) {
    this.#offset = offset;
    this.#spans = spans;
  }

  get isComplete(): boolean {
    return this.#next === this.#spans.length && this.#waitsFor === "nothing";
  }

  *feed(block: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < block.length) {
      const lineEndFrom = at;
      at = this.#passLineEnd(block, at);
      if (at > lineEndFrom) yield block.subarray(lineEndFrom, at);
      const span = this.#spans[this.#next];
      if (span === undefined || at === block.length) break;
      const from = Math.max(at, span.start - this.#offset);
      const to = Math.min(block.length, span.end - this.#offset);
      if (from >= block.length) break;
      if (to > from) yield block.subarray(from, to);
      if (span.end - this.#offset > block.length) break;
      at = to;
      // The prelude ends with a line end of its own.
      this.#waitsFor = this.#next === 0 ? "nothing" : "line end";
      if (this.#next === 0) this.#lineEnd = lineEndAt(block, to);
      this.#next++;
    }
    this.#offset += block.length;
  }

  /** The line end that the last record lacks, written as the others are. */
  *end(): Generator<Buffer> {
    if (this.#waitsFor === "line end") yield Buffer.from(this.#lineEnd === "" ? "\n" : this.#lineEnd);
  }

  #passLineEnd(block: Buffer, from: number): number {
    let at = from;
    if (this.#waitsFor === "line end") {
      this.#lineEnd = block[at] === 13 ? "\r" : "\n";
      this.#waitsFor = block[at] === 13 ? "lf" : "nothing";
      at++;
    }
    if (this.#waitsFor === "lf" && at < block.length) {
      if (block[at] === 10) {
        this.#lineEnd = "\r\n";
        at++;
      }
      this.#waitsFor = "nothing";
    }
    return at;
  }
}

function lineEndAt(block: Buffer, next: number): string {
  if (block[next - 1] === 13) return "\r";
  if (block[next - 1] !== 10) return "";
  return block[next - 2] === 13 ? "\r\n" : "\n";
}
