import iconv from "iconv-lite";
import { InternalError } from "../errors.js";
import type { Span } from "../record.js";

/** An encoding that sources are read in. */
export interface Encoding {
  /** As people write it. */
  readonly label: string;
  /** Bytes of the smallest unit; a line end is one or two units. */
  readonly unit: 1 | 2;
  /** Byte order mark at the beginning of the source; empty where there is none. */
  readonly mark: Buffer;
  /** Decodes the beginning of some bytes; absent for UTF-8, whose bytes go through as they are. */
  readonly decode?: Decode;
  /** Decodes with U+FFFD in place of what is not a character. */
  readonly lossy: (bytes: Buffer) => string;
}

/**
 * Decodes as many whole characters as there are.
 *
 * `used` is how many bytes they took; `badAt` is the index of the first byte that begins no character, or a NUL, where there is one, and
 * nothing is decoded then.
 */
export type Decode = (bytes: Buffer) => { readonly text: string; readonly used: number } | { readonly badAt: number };

const marks = {
  utf8: Buffer.from([0xef, 0xbb, 0xbf]),
  utf16le: Buffer.from([0xff, 0xfe]),
  utf16be: Buffer.from([0xfe, 0xff]),
};
const noMark = Buffer.alloc(0);

const wideText = (bytes: Buffer): string => bytes.toString("utf16le");
const utf8: Encoding = { label: "UTF-8", unit: 1, mark: noMark, lossy: (bytes) => bytes.toString() };
const utf16le: Encoding = {
  label: "UTF-16LE",
  unit: 2,
  mark: noMark,
  decode: (bytes) => decodeUtf16(bytes),
  lossy: wideText,
};
const utf16be: Encoding = {
  label: "UTF-16BE",
  unit: 2,
  mark: noMark,
  decode: (bytes) => decodeUtf16(Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16()),
  lossy: (bytes) => wideText(Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16()),
};

/**
 * Returns a source's encoding: by byte order mark, else as the mapping names it, else UTF-8. It is never guessed.
 *
 * @param asked - a name that iconv knows, in any case
 * @returns the encoding, or why there is none
 */
export function encodingOf(
  asked: string | undefined,
  head: Buffer,
): Encoding | { readonly fault: string; readonly hint: string } {
  const marked = markedEncoding(head);
  if (asked === undefined) return marked ?? utf8;
  const wanted = namedEncoding(asked);
  if (wanted === undefined) {
    return {
      fault: `encoding "${asked}" is not known`,
      hint: "Known are utf-8, utf-16, utf-16le, utf-16be, windows-1252 and its kin, iso-8859-1 to -16, koi8-r, macintosh, cp437, cp850, shift_jis, euc-jp, gb18030, gbk, big5, euc-kr.",
    };
  }
  if (wanted === "utf-16" && marked?.unit !== 2) {
    return {
      fault: "is said to be utf-16 and has no byte order mark",
      hint: "Say which: encoding: utf-16le, or utf-16be.",
    };
  }
  if (marked === undefined) return wanted === "utf-16" ? utf16le : wanted;
  if (wanted === "utf-16" || marked.label === wanted.label) return marked;
  return {
    fault: `is ${marked.label} by its byte order mark, and the mapping says encoding: ${asked}`,
    hint: "Take encoding out of the mapping's source; the mark is enough.",
  };
}

function markedEncoding(head: Buffer): Encoding | undefined {
  const has = (mark: Buffer): boolean => head.subarray(0, mark.length).equals(mark);
  if (has(marks.utf8)) return { ...utf8, mark: marks.utf8 };
  if (has(marks.utf16le)) return { ...utf16le, mark: marks.utf16le };
  return has(marks.utf16be) ? { ...utf16be, mark: marks.utf16be } : undefined;
}

/** iconv's names for what is not an encoding of text files, or one whose line ends are not those of ASCII. */
const notText = /^(?:utf7|utf7imap|cesu8|base64|hex|binary|utf32.*)$/;
const ascii = Buffer.from(Array.from({ length: 128 }, (_, byte) => byte));

function namedEncoding(asked: string): Encoding | "utf-16" | undefined {
  const plain = asked.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  if (plain === "utf8") return utf8;
  if (plain === "utf16") return "utf-16";
  if (plain === "utf16le" || plain === "ucs2") return utf16le;
  if (plain === "utf16be") return utf16be;
  if (notText.test(plain) || !iconv.encodingExists(asked)) return undefined;
  if (iconv.decode(ascii, asked) !== ascii.toString("latin1")) return undefined;
  return {
    label: asked,
    unit: 1,
    mark: noMark,
    decode: (bytes) => decodeNamed(bytes, asked),
    lossy: (bytes) => iconv.decode(bytes, asked, { stripBOM: false }),
  };
}

function decodeUtf16(bytes: Buffer): ReturnType<Decode> {
  const last = bytes.length >= 2 ? bytes.readUInt16LE((bytes.length & ~1) - 2) & 0xfc00 : 0;
  const used = (bytes.length & ~1) - (last === 0xd800 ? 2 : 0);
  const text = bytes.toString("utf16le", 0, used);
  const bad = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.exec(text);
  return bad === null ? { text, used } : { badAt: 2 * bad.index };
}

function decodeNamed(bytes: Buffer, label: string): ReturnType<Decode> {
  const nulAt = bytes.indexOf(0);
  const decoder = iconv.getDecoder(label, { stripBOM: false });
  const text = decoder.write(bytes);
  const badAt = text.includes("\ufffd") ? badByteOf(bytes, label) : undefined;
  if (badAt !== undefined || nulAt !== -1)
    return { badAt: Math.min(badAt ?? bytes.length, nulAt === -1 ? bytes.length : nulAt) };
  if ((decoder.end() ?? "") === "") return { text, used: bytes.length };
  // The last character is not complete; the decoder does not say how many of its bytes are there.
  for (let open = 1; open < Math.min(maxCharacterBytes, bytes.length); open++) {
    const whole = iconv.getDecoder(label, { stripBOM: false });
    const again = whole.write(bytes.subarray(0, bytes.length - open));
    if ((whole.end() ?? "") === "" && again === text) return { text, used: bytes.length - open };
  }
  return { text: "", used: 0 };
}

/** Most bytes of a character, in GB18030. */
const maxCharacterBytes = 4;
/** U+FFFD as GB18030 writes it: a character like any other. */
const gb18030Replacement = Buffer.from([0x84, 0x31, 0xa4, 0x37]);

/** Index of the first byte that begins no character, or undefined if every U+FFFD is in the source. */
function badByteOf(bytes: Buffer, label: string): number | undefined {
  const decoder = iconv.getDecoder(label, { stripBOM: false });
  let begin = 0;
  for (let at = 0; at < bytes.length; at++) {
    const text = decoder.write(bytes.subarray(at, at + 1));
    if (text === "") continue;
    if (text.includes("\ufffd") && !bytes.subarray(begin, at + 1).equals(gb18030Replacement)) return begin;
    begin = at + 1;
  }
  return undefined;
}

/**
 * Turns places in decoded text (bytes of UTF-8) into those in the source, for the beginnings and ends of lines: a record begins and ends at one.
 *
 * In every encoding read here the n-th line end of the source is the n-th one of the text. Memory holds the line ends from the last place asked for on.
 */
export class LineOffsets {
  readonly #unit: number;
  #text: number[] = [];
  #source: number[] = [];
  #next = 0;
  #start: { text: number; source: number };
  #end: { text: number; source: number };
  #isWanted = true;

  /**
   * @param unit - bytes of a line feed in the source
   * @param start - offset in the source where the text begins
   */
  constructor(unit: number, start: number) {
    this.#unit = unit;
    this.#start = { text: 0, source: start };
    this.#end = this.#start;
  }

  /** Adds the source's next bytes, whole characters, and the text they became. */
  add(source: Buffer, text: Buffer, lineFeed: (bytes: Buffer) => readonly number[]): void {
    const { text: textAt, source: sourceAt } = this.#end;
    this.#end = { text: textAt + text.length, source: sourceAt + source.length };
    if (!this.#isWanted) return;
    const inSource = lineFeed(source);
    const inText = lineEndsOf(text);
    if (inSource.length !== inText.length) throw new InternalError("decoding changed the number of line ends");
    for (let i = 0; i < inText.length; i++) {
      this.#text.push(textAt + (inText[i] as number));
      this.#source.push(sourceAt + (inSource[i] as number));
    }
  }

  /** Keeps no more line ends: the format has no spans. */
  stop(): void {
    this.#isWanted = false;
    this.#text = [];
    this.#source = [];
  }

  /** A span in the source. Spans must not go back. */
  span({ start, end }: Span): Span {
    return { start: this.at(start), end: this.at(end) };
  }

  /** The place in the source where a line begins or ends. Places must not go back. */
  at(place: number): number {
    if (place === this.#start.text) return this.#start.source;
    if (place === this.#end.text) return this.#end.source;
    while ((this.#text[this.#next + 1] ?? Number.POSITIVE_INFINITY) <= place) this.#next++;
    const text = this.#text[this.#next];
    const source = this.#source[this.#next] ?? 0;
    if (this.#next > 4096) this.#forget();
    if (text === place) return source;
    if (text === place - 1) return source + this.#unit;
    throw new InternalError(`no line begins or ends at byte ${place} of the decoded text`);
  }

  #forget(): void {
    this.#text = this.#text.slice(this.#next);
    this.#source = this.#source.slice(this.#next);
    this.#next = 0;
  }
}

/** Where LF and CR are in bytes of an encoding in which no other character holds these bytes. */
export function lineEndsOf(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 10 || byte === 13) found.push(at);
  }
  return found;
}

/** Where LF and CR are in UTF-16. */
export function wideLineEndsOf(bytes: Buffer, isBigEndian: boolean): number[] {
  const found: number[] = [];
  const low = isBigEndian ? 1 : 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const byte = bytes[at + low];
    if ((byte === 10 || byte === 13) && bytes[at + 1 - low] === 0) found.push(at);
  }
  return found;
}
