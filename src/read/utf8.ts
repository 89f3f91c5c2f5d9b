import { isUtf8 } from "node:buffer";
import { SourceError } from "../errors.js";

/** Counts bytes of the source and lines while text goes by. */
export class TextPlace {
  #offset: number;
  #line = 1;
  #afterCr = false;

  /** @param offset - of the first byte */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Bytes of the source so far. */
  get offset(): number {
    return this.#offset;
  }

  /** The physical line, from 1. */
  get line(): number {
    return this.#line;
  }

  /** Passes text in UTF-8, which took `sourceBytes` bytes in the source. */
  pass(text: Buffer, sourceBytes = text.length): void {
    this.#offset += sourceBytes;
    if (text.length === 0) return;
    this.#line += lineEnds(text, this.#afterCr);
    this.#afterCr = text[text.length - 1] === 13;
  }
}

/**
 * Gives the blocks of UTF-8 cut between characters.
 *
 * @param start - offset of the first byte
 * @throws SourceError at a byte that is NUL or no UTF-8, after all before it was given
 */
export async function* wholeUtf8(
  name: string,
  start: number,
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const place = new TextPlace(start);
  let open = Buffer.alloc(0);
  for await (const block of bytes) {
    const joined = open.length === 0 ? block : Buffer.concat([open, block]);
    const cut = joined.length - openCharacterBytes(joined);
    const whole = joined.subarray(0, cut);
    const bad = firstBad(whole);
    if (bad !== -1) {
      const good = joined.subarray(0, bad);
      if (good.length > 0) yield good;
      place.pass(good);
      throw badByte(name, "UTF-8", joined.subarray(bad), place);
    }
    open = Buffer.from(joined.subarray(cut));
    if (whole.length > 0) yield whole;
    place.pass(whole);
  }
  if (open.length > 0) throw badByte(name, "UTF-8", open, place);
}

/** The error of bytes that begin no character of an encoding, or with a NUL. */
export function badByte(
  name: string,
  encoding: string,
  bytes: Buffer,
  { offset, line }: { readonly offset: number; readonly line: number },
): SourceError {
  const at = `at offset ${offset}, line ${line}`;
  const isWide = encoding.startsWith("UTF-16");
  if (bytes[0] === 0 && (!isWide || bytes[1] === 0)) {
    return new SourceError(name, `is not text: a NUL byte ${at}`, {
      hint: "Is it the right file? UTF-16 without a byte order mark needs encoding: utf-16le (or utf-16be) under source in the mapping.",
      offset,
      line,
    });
  }
  const count = isWide ? Math.min(2, bytes.length) : 1;
  const hex = `0x${bytes.toString("hex", 0, count).toUpperCase()}`;
  return new SourceError(name, `is not ${encoding}: ${count === 1 ? "byte" : "bytes"} ${hex} ${at}`, {
    hint: "Name its encoding under source in the mapping, for example: encoding: windows-1252",
    offset,
    line,
  });
}
/** Index of the first byte that is NUL or no UTF-8, or -1. */
function firstBad(bytes: Buffer): number {
  const nul = bytes.indexOf(0);
  const text = nul === -1 ? bytes : bytes.subarray(0, nul);
  if (isUtf8(text)) return nul;
  // Bisect: the longest valid prefix, up to the character that is broken.
  let good = 0;
  let bad = text.length;
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    if (isUtf8(text.subarray(0, middle - openCharacterBytes(text.subarray(0, middle))))) good = middle;
    else bad = middle - 1;
  }
  return good - openCharacterBytes(text.subarray(0, good));
}

/** How many bytes at the end begin a character whose other bytes are missing. */
function openCharacterBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc2) {
      const length = byte >= 0xf0 ? (byte <= 0xf4 ? 4 : 0) : byte >= 0xe0 ? 3 : 2;
      return back < length ? back : 0;
    }
    if (byte >= 0xc0) return 0;
  }
  return 0;
}

function lineEnds(block: Buffer, afterCr: boolean): number {
  let count = 0;
  const hasCr = block.includes(13);
  for (let at = block.indexOf(10); at !== -1; at = block.indexOf(10, at + 1)) {
    if (!hasCr || !(at === 0 ? afterCr : block[at - 1] === 13)) count++;
  }
  if (hasCr) for (let at = block.indexOf(13); at !== -1; at = block.indexOf(13, at + 1)) count++;
  else if (afterCr && block[0] === 10) count--;
  return count;
}
