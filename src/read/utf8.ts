import { isUtf8 } from "node:buffer";
import { SourceError } from "../errors.js";
import type { Span } from "../record.js";

/** Most ranges that wait for their record; beyond that the last one grows over what follows. */
const mostRanges = 10_000;

/** Where a text holds bytes that are not characters, noted while it is decoded and asked for record by record. */
export class BadText {
  #ranges: { start: number; end: number; readonly message: string }[] = [];
  #next = 0;

  /** Notes a range of the text; ranges must not go back. */
  add({ start, end }: Span, message: string): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && (last.end === start || this.#ranges.length - this.#next >= mostRanges)) last.end = end;
    else this.#ranges.push({ start, end, message });
  }

  /** What is wrong within a span of the text, if anything is. Spans must not go back. */
  within({ start, end }: Span): string | undefined {
    while ((this.#ranges[this.#next]?.end ?? Number.POSITIVE_INFINITY) <= start) this.#next++;
    if (this.#next > mostRanges) {
      this.#ranges = this.#ranges.slice(this.#next);
      this.#next = 0;
    }
    const range = this.#ranges[this.#next];
    return range !== undefined && range.start < end ? range.message : undefined;
  }
}

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
 * @param found - takes bytes that are NUL or no UTF-8, which go through as they are; without it they are an error
 * @throws SourceError at such a byte, after all before it was given
 */
export async function* wholeUtf8(
  name: string,
  start: number,
  bytes: AsyncIterable<Buffer>,
  found?: BadText,
): AsyncGenerator<Buffer, void, undefined> {
  const place = new TextPlace(start);
  let open = Buffer.alloc(0);
  for await (const block of bytes) {
    const joined = open.length === 0 ? block : Buffer.concat([open, block]);
    const cut = joined.length - openCharacterBytes(joined);
    const whole = joined.subarray(0, cut);
    for (let bad = firstBad(whole, 0); bad !== -1; bad = firstBad(whole, bad + 1)) {
      if (found === undefined) {
        const good = joined.subarray(0, bad);
        if (good.length > 0) yield good;
        place.pass(good);
        throw badByte(name, "UTF-8", joined.subarray(bad), place);
      }
      found.add(
        { start: place.offset + bad, end: place.offset + bad + 1 },
        badTextMessage("UTF-8", whole.subarray(bad)),
      );
    }
    open = Buffer.from(joined.subarray(cut));
    if (whole.length > 0) yield whole;
    place.pass(whole);
  }
  if (open.length === 0) return;
  if (found === undefined) throw badByte(name, "UTF-8", open, place);
  found.add({ start: place.offset, end: place.offset + open.length }, badTextMessage("UTF-8", open));
  yield open;
}

/** The error of bytes that begin no character of an encoding, or with a NUL. */
export function badByte(
  name: string,
  encoding: string,
  bytes: Buffer,
  { offset, line }: { readonly offset: number; readonly line: number },
): SourceError {
  const { isNul, shown } = shownBytes(encoding, bytes);
  const at = `at offset ${offset}, line ${line}`;
  const facts = { offset, line, isOfOneRecord: true };
  const otherwise = "Or let it cost its record alone: badText: reject";
  if (isNul) {
    return new SourceError(name, `is not text: a NUL byte ${at}`, {
      hint: `Is it the right file? UTF-16 without a byte order mark needs encoding: utf-16le (or utf-16be) under source in the mapping. ${otherwise}`,
      ...facts,
    });
  }
  return new SourceError(name, `is not ${encoding}: ${shown} ${at}`, {
    hint: `Name its encoding under source in the mapping, for example: encoding: windows-1252. ${otherwise}`,
    ...facts,
  });
}

/** Says of a record that it holds such bytes. */
export function badTextMessage(encoding: string, bytes: Buffer): string {
  const { isNul, shown } = shownBytes(encoding, bytes);
  return isNul ? "the record holds a NUL byte" : `the record holds ${shown}, which is not ${encoding}`;
}

function shownBytes(encoding: string, bytes: Buffer): { readonly isNul: boolean; readonly shown: string } {
  const isWide = encoding.startsWith("UTF-16");
  const count = isWide ? Math.min(2, bytes.length) : 1;
  const shown = `${count === 1 ? "byte" : "bytes"} 0x${bytes.toString("hex", 0, count).toUpperCase()}`;
  return { isNul: bytes[0] === 0 && (!isWide || bytes[1] === 0), shown };
}

/** Index, from one on, of the first byte that is NUL or no UTF-8, or -1. */
function firstBad(bytes: Buffer, from: number): number {
  if (from === 0 && isUtf8(bytes) && !bytes.includes(0)) return -1;
  for (let at = from; at < bytes.length; ) {
    const length = characterBytes(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return -1;
}

/** Length of the character that begins at an index; 0 where none does, or a NUL. */
function characterBytes(bytes: Buffer, at: number): number {
  const byte = bytes[at] as number;
  if (byte < 0x80) return byte === 0 ? 0 : 1;
  const length = byte < 0xc2 || byte > 0xf4 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
  return length > 0 && isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length ? length : 0;
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
