/** A place in a JSON text: offset in bytes, line, and byte in it from 1. */
export interface JsonPlace {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** The text is no JSON, or ends before it is complete. */
export class JsonSyntaxFault extends Error {
  readonly place: JsonPlace;
  /** True when the text is right so far and merely ends. */
  readonly isEnd: boolean;
  constructor(message: string, place: JsonPlace, isEnd = false) {
    super(message);
    this.place = place;
    this.isEnd = isEnd;
  }
}

/** Counts the offsets and lines of a text that comes block by block. */
export class JsonPlaces {
  #block: Buffer = Buffer.alloc(0);
  /** Offset of the block, and index in it up to which its lines are counted. */
  #offset: number;
  #counted = 0;
  /** Index of the next line end in the block; -1 while it is not known. */
  #lineEnd = -1;
  #line = 1;
  #lineStart: number;

  /** @param start - offset of the first byte */
  constructor(start: number) {
    this.#offset = start;
    this.#lineStart = start;
  }

  /** Goes on with the next block. */
  next(block: Buffer): void {
    this.end();
    this.#offset += this.#block.length;
    this.#block = block;
    this.#counted = 0;
    this.#lineEnd = -1;
  }

  /** The place of an index of the block, which must not go back. */
  at(index: number): JsonPlace {
    if (this.#lineEnd < this.#counted) this.#lineEnd = this.#lineEndFrom(this.#counted);
    while (this.#lineEnd < index) {
      this.#line++;
      this.#lineStart = this.#offset + this.#lineEnd + 1;
      this.#lineEnd = this.#lineEndFrom(this.#lineEnd + 1);
    }
    this.#counted = index;
    const offset = this.#offset + index;
    return { offset, line: this.#line, column: offset - this.#lineStart + 1 };
  }

  /** The place after the last byte. */
  end(): JsonPlace {
    return this.at(this.#block.length);
  }

  #lineEndFrom(index: number): number {
    const found = this.#block.indexOf(10, index);
    return found === -1 ? Number.POSITIVE_INFINITY : found;
  }
}
