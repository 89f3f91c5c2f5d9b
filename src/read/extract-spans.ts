import type { Span } from "../record.js";
import type { Encoding } from "./encoding.js";

/** What is copied from a source of lines. Offsets count bytes of the unpacked source. */
export interface Ranges {
  /** Where the first record begins; all before that is copied. */
  readonly prelude: number;
  /** Of the records, in source order, without their line ends. */
  readonly spans: readonly Span[];
  readonly encoding: Encoding;
  /** Receives the line of what is given on which each record begins, in encodings whose line feed is one byte. */
  readonly onRecord?: (index: number, line: number) => void;
}

/**
 * Copies what precedes the first record, then some records with their line ends.
 *
 * @param blocks - the unpacked source from its first byte
 */
export async function* extractSpans(
  blocks: AsyncIterable<Buffer>,
  { prelude, spans, encoding, onRecord }: Ranges,
): AsyncGenerator<Uint8Array, void, undefined> {
  const copier = new SpanCopier([{ start: 0, end: prelude }, ...spans], encoding);
  let line = 1;
  let begun = 0;
  const onLine = encoding.unit === 1 ? onRecord : undefined;
  for await (const block of wholeUnits(blocks, encoding.unit)) {
    for (const piece of copier.feed(block)) {
      // The prelude is the first span; a record's first piece is given once those before it are.
      if (onLine !== undefined) {
        for (; begun < copier.begun; begun++) if (begun > 0) onLine(begun - 1, line);
        line += linesIn(piece);
      }
      yield piece;
    }
    if (copier.isComplete) return;
  }
  yield* copier.end();
}

/** Line feeds in bytes. */
export function linesIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

/** Blocks of whole units, so that a line end is cut between its units only. */
async function* wholeUnits(blocks: AsyncIterable<Buffer>, unit: 1 | 2): AsyncGenerator<Buffer, void, undefined> {
  let open: Buffer = Buffer.alloc(0);
  for await (const block of blocks) {
    const joined = open.length === 0 ? block : Buffer.concat([open, block]);
    const cut = joined.length - (joined.length % unit);
    open = joined.subarray(cut);
    if (cut > 0) yield joined.subarray(0, cut);
  }
}

class SpanCopier {
  readonly #spans: readonly Span[];
  readonly #cr: Buffer;
  readonly #lf: Buffer;
  #next = 0;
  #offset = 0;
  /** Whether the last copied span still waits for its line end, or for the LF after its CR. */
  #waitsFor: "nothing" | "line end" | "lf" = "nothing";
  #lineEnd: Buffer;

  constructor(spans: readonly Span[], encoding: Encoding) {
    this.#spans = spans;
    this.#cr = encoded("\r", encoding);
    this.#lf = encoded("\n", encoding);
    this.#lineEnd = this.#lf;
  }

  /** Spans of which a piece was given, or that are passed. */
  begun = 0;

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
      this.begun = this.#next + 1;
      if (to > from) yield block.subarray(from, to);
      if (span.end - this.#offset > block.length) break;
      at = Math.max(at, to);
      // The prelude ends with a line end of its own.
      this.#waitsFor = this.#next === 0 ? "nothing" : "line end";
      if (this.#next === 0) this.#lineEnd = this.#lineEndBefore(block, to);
      this.#next++;
    }
    this.#offset += block.length;
  }

  /** The line end that the last record lacks, written as the others are. */
  *end(): Generator<Buffer> {
    if (this.#waitsFor === "line end") yield this.#lineEnd;
  }

  #passLineEnd(block: Buffer, from: number): number {
    const unit = this.#lf.length;
    let at = from;
    if (this.#waitsFor === "line end") {
      const isCr = this.#standsAt(this.#cr, block, at);
      this.#lineEnd = isCr ? this.#cr : this.#lf;
      this.#waitsFor = isCr ? "lf" : "nothing";
      at += unit;
    }
    if (this.#waitsFor === "lf" && at < block.length) {
      if (this.#standsAt(this.#lf, block, at)) {
        this.#lineEnd = Buffer.concat([this.#cr, this.#lf]);
        at += unit;
      }
      this.#waitsFor = "nothing";
    }
    return at;
  }

  #lineEndBefore(block: Buffer, next: number): Buffer {
    const unit = this.#lf.length;
    if (this.#standsAt(this.#cr, block, next - unit)) return this.#cr;
    return this.#standsAt(this.#cr, block, next - 2 * unit) ? Buffer.concat([this.#cr, this.#lf]) : this.#lf;
  }

  #standsAt(unit: Buffer, block: Buffer, at: number): boolean {
    return at >= 0 && block.subarray(at, at + unit.length).equals(unit);
  }
}

/** ASCII text in an encoding. */
export function encoded(text: string, { label, unit }: Encoding): Buffer {
  if (unit === 1) return Buffer.from(text, "latin1");
  const bytes = Buffer.from(text, "utf16le");
  return label === "UTF-16BE" ? bytes.swap16() : bytes;
}
