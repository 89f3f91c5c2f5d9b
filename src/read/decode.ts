import { SourceError } from "../errors.js";
import { type Decode, type Encoding, encodingOf } from "./encoding.js";
import { LineOffsets, lineEndsOf, wideLineEndsOf } from "./line-offsets.js";
import { markBytes, refuseOtherKinds } from "./other-kinds.js";
import { peek } from "./peek.js";
import { badByte, TextPlace, wholeUtf8 } from "./utf8.js";

/** A source's text: valid UTF-8 without a byte order mark. */
export interface Text {
  readonly encoding: Encoding;
  /** Offset of the first byte of the first block: 3 after a byte order mark of UTF-8, else 0. */
  readonly start: number;
  /** The first bytes, for telling format and dialect. */
  readonly head: Buffer;
  /** Whether `head` is all there is. */
  readonly isWhole: boolean;
  /** Blocks of whole characters. */
  readonly blocks: AsyncGenerator<Buffer, void, undefined>;
  /** Turns offsets of the text into those of the unpacked source; absent for UTF-8, where they are the same. */
  readonly offsets?: LineOffsets;
}

/** Bytes looked at to tell the format; fewer where the source is shorter. */
const headBytes = 64 * 1024;

/**
 * Takes bytes as text and refuses what is none.
 *
 * All characters before a bad byte are given before the error is thrown, whatever the size of the blocks. A U+FFFD that stands in the source is a character like any other.
 *
 * @param encoding - as the mapping names it; else a byte order mark tells it, else it is UTF-8
 * @throws SourceError for an empty source, an unknown encoding, an archive, a byte that begins no character (with offset and line), a NUL
 */
export async function decodeText(name: string, bytes: AsyncIterable<Buffer>, asked?: string): Promise<Text> {
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
    if (decode === undefined) return await textOf(encoding, mark, wholeUtf8(name, mark, rest));
    const offsets = new LineOffsets(encoding.unit, mark);
    return { ...(await textOf(encoding, 0, transcoded(name, { ...encoding, decode }, rest, offsets))), offsets };
  } catch (error) {
    await raw.blocks.return();
    throw error;
  }
}

async function textOf(encoding: Encoding, start: number, decoded: AsyncIterable<Buffer>): Promise<Text> {
  const { head, blocks, failure } = await peek(decoded, headBytes);
  if (head.length > 0 || failure === undefined) {
    return { encoding, start, head, isWhole: head.length < headBytes && failure === undefined, blocks };
  }
  await blocks.return();
  throw failure.error;
}

function emptySource(name: string, mark: number): SourceError {
  const message = mark === 0 ? "is empty: it has no byte" : "is empty: it holds only a byte order mark";
  return new SourceError(name, message, { hint: "Was the export interrupted?" });
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
  { decode, label, unit, mark }: Encoding & { readonly decode: Decode },
  bytes: AsyncIterable<Buffer>,
  offsets: LineOffsets,
): AsyncGenerator<Buffer, void, undefined> {
  const find = unit === 1 ? lineEndsOf : (wide: Buffer) => wideLineEndsOf(wide, label === "UTF-16BE");
  const place = new TextPlace(mark.length);
  let open: Buffer = Buffer.alloc(0);
  for await (const block of bytes) {
    const joined = open.length === 0 ? block : Buffer.concat([open, block]);
    const first = decode(joined);
    // Up to a bad byte all is good.
    const { text, used } = "badAt" in first ? wholeOf(decode(joined.subarray(0, first.badAt))) : first;
    const decoded = Buffer.from(text);
    offsets.add(joined.subarray(0, used), decoded, find);
    if (decoded.length > 0) yield decoded;
    place.pass(decoded, used);
    open = joined.subarray(used);
    if ("badAt" in first) throw badByte(name, label, open, place);
  }
  if (open.length > 0) throw badByte(name, label, open, place);
}

function wholeOf(decoded: ReturnType<Decode>): { readonly text: string; readonly used: number } {
  return "badAt" in decoded ? { text: "", used: 0 } : decoded;
}
