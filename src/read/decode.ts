import { SourceError } from "../errors.js";
import type { SourceOptions } from "../source-options.js";
import { type Decode, type Encoding, encodingOf, LineOffsets, lineEndsOf, wideLineEndsOf } from "./encoding.js";
import { markBytes, refuseOtherKinds } from "./format.js";
import { type Peeked, peek } from "./unpack.js";
import { BadText, badByte, badTextMessage, TextPlace, wholeUtf8 } from "./utf8.js";

/** A source's text: valid UTF-8 without a byte order mark. */
export interface Text {
  readonly encoding: Encoding;
  /** Offset of the first byte of the first block: 3 after a byte order mark of UTF-8, else 0. */
  readonly start: number;
  /** The first bytes, for telling format and dialect. */
  readonly head: Buffer;
  /** Whether `head` is all there is. */
  readonly isWhole: boolean;
  /** Reads further, until the head has so many bytes or is whole; only before `blocks` is begun. */
  grow(count: number): Promise<Text>;
  /** Blocks of whole characters. */
  readonly blocks: AsyncGenerator<Buffer, void, undefined>;
  /** Turns offsets of the text into those of the unpacked source; absent for UTF-8, where they are the same. */
  readonly offsets?: LineOffsets;
  /** Its undecodable bytes, where they cost a record and not the source. */
  readonly badText?: BadText;
}

/** Bytes looked at to find the format; fewer where the source is shorter. */
const headBytes = 64 * 1024;

/**
 * Takes bytes as text and refuses undecodable ones.
 *
 * All characters before a bad byte are given before the error is thrown, whatever the size of the blocks. A U+FFFD of the source itself is a character like any other.
 *
 * @param encoding - as the mapping names it; else by its byte order mark, else UTF-8
 * @throws SourceError for an empty source, an unknown encoding, an archive, a byte that begins no character (with offset and line), a NUL
 */
export async function decodeText(
  name: string,
  bytes: AsyncIterable<Buffer>,
  { encoding: asked, badText: policy }: Pick<SourceOptions, "encoding" | "badText"> = {},
): Promise<Text> {
  const raw = await peek(bytes, markBytes);
  try {
    if (raw.head.length === 0) throw raw.failure === undefined ? emptySource(name, 0) : raw.failure.error;
    refuseOtherKinds(name, raw.head);
    const encoding = encodingOf(asked, raw.head);
    if ("fault" in encoding) throw new SourceError(name, encoding.fault, { hint: encoding.hint });
    const mark = encoding.mark.length;
    if (raw.head.length === mark && raw.failure === undefined) throw emptySource(name, mark);
    const rest = withoutMark(raw.blocks, mark);
    const { decode } = encoding;
    const badText = policy === "reject" ? new BadText() : undefined;
    const noted = badText && { badText };
    if (decode === undefined)
      return await textOf(wholeUtf8(name, mark, rest, badText), { encoding, start: mark, ...noted });
    const offsets = new LineOffsets(encoding.unit, mark);
    const text = transcoded(name, { ...encoding, decode }, rest, offsets, badText);
    return await textOf(text, { encoding, start: 0, offsets, ...noted });
  } catch (error) {
    await raw.blocks.return();
    throw error;
  }
}

async function textOf(
  decoded: AsyncIterable<Buffer>,
  facts: Pick<Text, "encoding" | "start" | "offsets" | "badText">,
): Promise<Text> {
  const peeked = await peek(decoded, headBytes);
  const { head, failure, blocks } = peeked;
  if (head.length === 0 && failure !== undefined) {
    await blocks.return();
    throw failure.error;
  }
  const asText = ({ head, isWhole, grow }: Peeked): Text => ({
    ...facts,
    head,
    isWhole,
    blocks,
    grow: async (count) => asText(await grow(count)),
  });
  return asText(peeked);
}

function emptySource(name: string, mark: number): SourceError {
  const message = mark === 0 ? "is empty: it has no byte" : "is empty: it holds only a byte order mark";
  return new SourceError(name, message, {
    hint: "Was the export interrupted? Export it again; a file with a header and no rows is no fault.",
  });
}

async function* withoutMark(blocks: AsyncIterable<Buffer>, mark: number): AsyncGenerator<Buffer, void, undefined> {
  let left = mark;
  for await (const block of blocks) {
    const rest = block.subarray(left);
    left -= block.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

async function* transcoded(
  name: string,
  encoding: Encoding & { readonly decode: Decode },
  bytes: AsyncIterable<Buffer>,
  offsets: LineOffsets,
  found: BadText | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const { decode, label, mark } = encoding;
  const find = lineEndFinder(encoding);
  const place = new TextPlace(mark.length);
  let length = 0;
  let open: Buffer = Buffer.alloc(0);
  for await (const block of bytes) {
    const joined = open.length === 0 ? block : Buffer.concat([open, block]);
    const first = decode(joined);
    const isBad = "badAt" in first;
    const { text, used } = !isBad
      ? first
      : found === undefined
        ? // Up to a bad byte all is good.
          wholeOf(decode(joined.subarray(0, first.badAt)))
        : lossyLines(encoding, joined, length, found);
    const decoded = Buffer.from(text);
    offsets.add(joined.subarray(0, used), decoded, find);
    if (decoded.length > 0) yield decoded;
    place.pass(decoded, used);
    length += decoded.length;
    open = joined.subarray(used);
    if (isBad && found === undefined) throw badByte(name, label, open, place);
  }
  if (open.length === 0) return;
  if (found === undefined) throw badByte(name, label, open, place);
  const last = Buffer.from("\ufffd");
  found.add({ start: length, end: length + last.length }, badTextMessage(label, open));
  offsets.add(open, last, find);
  yield last;
}

function lineEndFinder({ unit, label }: Encoding): (bytes: Buffer) => readonly number[] {
  return unit === 1 ? lineEndsOf : (wide) => wideLineEndsOf(wide, label === "UTF-16BE");
}

function wholeOf(decoded: ReturnType<Decode>): { readonly text: string; readonly used: number } {
  return "badAt" in decoded ? { text: "", used: 0 } : decoded;
}

/** Decodes line by line, so that undecodable bytes cost only their line: its text is noted, with U+FFFD in their place. */
function lossyLines(
  encoding: Encoding & { readonly decode: Decode },
  bytes: Buffer,
  textStart: number,
  found: BadText,
): { readonly text: string; readonly used: number } {
  const { decode, lossy, label, unit } = encoding;
  const parts: string[] = [];
  let length = textStart;
  const put = (text: string): void => {
    parts.push(text);
    length += Buffer.byteLength(text);
  };
  let at = 0;
  for (const end of [...lineEndFinder(encoding)(bytes), bytes.length]) {
    const line = bytes.subarray(at, end);
    const read = decode(line);
    const isLast = end === bytes.length;
    if (!("badAt" in read) && (isLast || read.used === line.length)) {
      put(read.text);
      if (isLast) return { text: parts.join(""), used: at + read.used };
    } else {
      const badAt = "badAt" in read ? read.badAt : read.used;
      const start = length;
      put(lossy(line));
      found.add({ start, end: Math.max(length, start + 1) }, badTextMessage(label, line.subarray(badAt)));
    }
    if (isLast) break;
    put(bytes[end] === 10 || bytes[end + 1] === 10 ? "\n" : "\r");
    at = end + unit;
  }
  return { text: parts.join(""), used: bytes.length - ((bytes.length - at) % unit) };
}
