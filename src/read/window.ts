const lf = 10;
const cr = 13;

/**
 * The bytes of a source from the start of its open record on, and the physical lines counted so far.
 *
 * Offsets are those of the unpacked source. A line ends with LF, CR or CRLF. What `from` gave stays untouched by later calls.
 */
export class Window {
  #store = Buffer.alloc(0);
  #live = Buffer.alloc(0);
  #start: number;
  #counted: number;
  #line: number;
  #nextLf = -1;
  #nextCr = -1;
  #lastCr = -2;

  /** @param start - offset of the first byte that will be added; it is on line `line` */
  constructor(start: number, line = 1) {
    this.#start = start;
    this.#counted = start;
    this.#line = line;
  }

  /** Offset after the last byte. */
  get end(): number {
    return this.#start + this.#live.length;
  }

  /** Adds the source's next bytes. */
  append(block: Buffer): void {
    const length = this.#live.length + block.length;
    const lo = this.#live.byteOffset - this.#store.byteOffset;
    if (lo + length > this.#store.length) {
      const store = Buffer.allocUnsafe(Math.max(4 * block.length, 2 * length));
      this.#live.copy(store, 0);
      this.#store = store;
      block.copy(store, this.#live.length);
      this.#live = store.subarray(0, length);
    } else {
      block.copy(this.#store, lo + this.#live.length);
      this.#live = this.#store.subarray(lo, lo + length);
    }
    if (this.#nextLf === Number.POSITIVE_INFINITY) this.#nextLf = -1;
    if (this.#nextCr === Number.POSITIVE_INFINITY) this.#nextCr = -1;
  }

  /** Forgets the bytes before an offset, after counting their lines. */
  drop(before: number): void {
    this.lineAt(before);
    this.#live = this.#live.subarray(before - this.#start);
    this.#start = before;
  }

  /** The bytes from an offset to the end. */
  from(offset: number): Buffer {
    return this.#live.subarray(offset - this.#start);
  }

  /** Text of the bytes from an offset up to another one. */
  text(from: number, to: number): string {
    return this.#live.toString("utf8", from - this.#start, to - this.#start);
  }

  /** Whether the last byte is a CR. */
  get endsWithCr(): boolean {
    return this.#live[this.#live.length - 1] === cr;
  }

  /** Whether some bytes are at an offset. */
  beginsWith(from: number, bytes: Buffer): boolean {
    const at = from - this.#start;
    return this.#live.subarray(at, at + bytes.length).equals(bytes);
  }

  /** The first offset from here on that holds no line end: where a record begins after blank lines. */
  skipLineEnds(from: number): number {
    let at = from - this.#start;
    while (this.#live[at] === lf || this.#live[at] === cr) at++;
    return this.#start + at;
  }

  /** Where the text before `next` stops, its line end left out. */
  beforeLineEnd(next: number): number {
    const at = next - this.#start;
    const last = this.#live[at - 1];
    if (last === lf) return this.#live[at - 2] === cr ? next - 2 : next - 1;
    return last === cr ? next - 1 : next;
  }

  /**
   * The physical line that begins at or runs through `from`: where its text ends and where the next line begins.
   * Undefined while that cannot be known; `ended` says that no bytes follow.
   */
  physicalLine(from: number, ended: boolean): { end: number; next: number } | undefined {
    const at = from - this.#start;
    const lfAt = this.#live.indexOf(lf, at);
    const crAt = this.#live.subarray(0, lfAt === -1 ? undefined : lfAt).indexOf(cr, at);
    if (crAt !== -1) {
      if (crAt + 1 < this.#live.length) {
        return { end: this.#start + crAt, next: this.#start + crAt + (this.#live[crAt + 1] === lf ? 2 : 1) };
      }
      return ended ? { end: this.end - 1, next: this.end } : undefined;
    }
    if (lfAt !== -1) return { end: this.#start + lfAt, next: this.#start + lfAt + 1 };
    return ended ? { end: this.end, next: this.end } : undefined;
  }

  /** The physical line, from 1, of an offset. Offsets must not go back. */
  lineAt(offset: number): number {
    while (this.#counted < offset) {
      if (this.#nextLf < this.#counted) this.#nextLf = this.#find(lf);
      if (this.#nextCr < this.#counted) this.#nextCr = this.#find(cr);
      const next = Math.min(this.#nextLf, this.#nextCr);
      if (next >= offset) {
        this.#counted = offset;
        break;
      }
      if (next === this.#nextCr) {
        this.#line++;
        this.#lastCr = next;
      } else if (next !== this.#lastCr + 1) this.#line++;
      this.#counted = next + 1;
    }
    return this.#line;
  }

  #find(byte: number): number {
    const at = this.#live.indexOf(byte, this.#counted - this.#start);
    return at === -1 ? Number.POSITIVE_INFINITY : this.#start + at;
  }
}

/** Finds some bytes in a window and looks at no byte of it twice. */
export class Finder {
  readonly #bytes: Buffer;
  #found = -1;
  /** Offset up to which no find begins. */
  #clear = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Offset of the first find from an offset on, which must not go back; infinity where there is none yet. */
  next(window: Window, from: number): number {
    if (this.#found >= from) return this.#found;
    const begin = Math.max(from, this.#clear);
    const at = window.from(begin).indexOf(this.#bytes);
    if (at === -1) {
      this.#clear = Math.max(begin, window.end - this.#bytes.length + 1);
      return Number.POSITIVE_INFINITY;
    }
    this.#found = begin + at;
    this.#clear = this.#found;
    return this.#found;
  }
}
