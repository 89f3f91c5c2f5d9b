import type { JsonPlace } from "./json-place.js";

/** Bytes that open and close arrays and objects. */
export const brackets = { array: 0x5b, object: 0x7b, endArray: 0x5d, endObject: 0x7d } as const;

/** One value's text while it comes in: it ends where its brackets and quotes close; whether it is JSON only parsing tells. */
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

/** What a value is by its first byte; undefined where none begins so. NaN and Infinity are numbers to those who write them. */
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
