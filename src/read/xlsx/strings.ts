import type { Package } from "./package.js";

const chunkBytes = 4 * 1024 * 1024;

/**
 * The texts that cells share, as UTF-8 in large blocks: a workbook may hold millions of them, which as strings would fill the heap.
 */
export class SharedStrings {
  readonly #blocks: Buffer[] = [];
  #used = chunkBytes;
  /** For each text its block, beginning and length. */
  #places = new Uint32Array(3 * 1024);
  #count = 0;

  /** Reads the part of shared texts; runs of formatted text are joined, phonetic hints left out. */
  static async read(parts: Package, part: string): Promise<SharedStrings> {
    const strings = new SharedStrings();
    let text = "";
    let isText = false;
    let hints = 0;
    await parts.readAll(part, {
      open: (element) => {
        if (element === "si") text = "";
        else if (element === "rPh") hints++;
        isText = element === "t" && hints === 0;
      },
      text: (piece) => {
        if (isText) text += piece;
      },
      close: (element) => {
        isText = false;
        if (element === "rPh") hints--;
        else if (element === "si") strings.#add(unescaped(text));
      },
    });
    return strings;
  }

  /** The text of an index; undefined where there is none. */
  at(index: number): string | undefined {
    if (!(index >= 0 && index < this.#count)) return undefined;
    const [block = 0, start = 0, length = 0] = this.#places.subarray(3 * index, 3 * index + 3);
    return this.#blocks[block]?.toString("utf8", start, start + length);
  }

  #add(text: string): void {
    const length = Buffer.byteLength(text);
    if (this.#used + length > chunkBytes) {
      this.#blocks.push(Buffer.allocUnsafeSlow(Math.max(chunkBytes, length)));
      this.#used = 0;
    }
    if (3 * this.#count + 3 > this.#places.length) {
      const wider = new Uint32Array(2 * this.#places.length);
      wider.set(this.#places);
      this.#places = wider;
    }
    this.#blocks.at(-1)?.write(text, this.#used);
    this.#places.set([this.#blocks.length - 1, this.#used, length], 3 * this.#count++);
    this.#used += length;
  }
}

/** Control characters are written as _x000D_. */
export function unescaped(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replaceAll(/_x([\dA-Fa-f]{4})_/g, (_, hex) => String.fromCharCode(Number(`0x${hex}`)));
}
