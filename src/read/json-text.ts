/** Bytes that open and close arrays and objects. */
export const brackets = { array: 0x5b, object: 0x7b, endArray: 0x5d, endObject: 0x7d } as const;

/** One value's text while it comes in: it ends where its brackets and quotes close; only parsing shows whether it is JSON. */
export class JsonText {
  readonly what: "element" | "key" | "skip";
  readonly place: JsonPlace;
  readonly #maxBytes: number;
  #held: Buffer[] = [];
  #size = 0;
  #level = 0;
  #depth = 0;
  #isInText = false;
  #isEscaped = false;

  /** @param maxBytes - size beyond which nothing is held */
  constructor(what: JsonText["what"], place: JsonPlace, maxBytes: number) {
    this.what = what;
    this.place = place;
    this.#maxBytes = maxBytes;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Most levels of arrays and objects within each other. */
  get depth(): number {
    return this.#depth;
  }

  /** The text, unless it is larger than allowed. */
  get text(): Buffer | undefined {
    if (this.#size > this.#maxBytes) return undefined;
    const [first] = this.#held;
    return this.#held.length === 1 && first !== undefined ? first : Buffer.concat(this.#held);
  }

  /** Takes the value's bytes from an index on; gives where they end, and whether the value does. */
  take(block: Buffer, from: number): { readonly at: number; readonly isDone: boolean } {
    const end = this.#end(block, from);
    const at = end ?? block.length;
    this.#size += at - from;
    if (this.#size > this.#maxBytes) this.#held = [];
    else this.#held.push(block.subarray(from, at));
    return { at, isDone: end !== undefined };
  }

  /** Measured: local variables make this loop several times as fast as fields. */
  #end(block: Buffer, from: number): number | undefined {
    const length = block.length;
    let level = this.#level;
    let depth = this.#depth;
    let isInText = this.#isInText;
    let isEscaped = this.#isEscaped;
    let end: number | undefined;
    for (let at = from; at < length && end === undefined; at++) {
      const byte = block[at] as number;
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === 0x5c) isEscaped = true;
        else if (byte === 0x22) {
          isInText = false;
          if (level === 0) end = at + 1;
        }
      } else if (byte === 0x22) isInText = true;
      else if (byte === brackets.object || byte === brackets.array) {
        if (++level > depth) depth = level;
      } else if (byte === brackets.endObject || byte === brackets.endArray) {
        if (level === 0) end = at;
        else if (--level === 0) end = at + 1;
      } else if (level === 0 && (byte === 0x2c || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) {
        end = at;
      }
    }
    this.#level = level;
    this.#depth = depth;
    this.#isInText = isInText;
    this.#isEscaped = isEscaped;
    return end;
  }
}

/** What a value is by its first byte; undefined where none begins so. NaN and Infinity count as numbers. */
export function kindOf(byte: number): string | undefined {
  switch (String.fromCharCode(byte)) {
    case "[":
      return "an array";
    case "{":
      return "an object";
    case '"':
      return "text";
    case "t":
    case "f":
      return "true or false";
    case "n":
      return "null";
    case "-":
    case "N":
    case "I":
      return "a number";
    default:
      return byte >= 0x30 && byte <= 0x39 ? "a number" : undefined;
  }
}

/** A place in a JSON text: offset in bytes, line, and byte of the line from 1. */
export interface JsonPlace {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** The text is not JSON, or ends before it is complete. */
export class JsonSyntaxFault extends Error {
  readonly place: JsonPlace;
  /** True when the text is right so far and merely ends. */
  readonly isEnd: boolean;
  /** True for a fault within a record, which others need not share. */
  readonly isWithin: boolean;
  constructor(message: string, place: JsonPlace, is: "end" | "within" | "between" = "between") {
    super(message);
    this.place = place;
    this.isEnd = is === "end";
    this.isWithin = is === "within";
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
