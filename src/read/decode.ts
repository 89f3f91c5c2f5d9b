import { isUtf8 } from "node:buffer";
import { SourceError } from "../errors.js";

/** A source's text: valid UTF-8 without its byte order mark. */
export interface Text {
  /** Offset of the first byte of the first block: 3 after a byte order mark, else 0. */
  readonly start: number;
  /** The first bytes, for telling the format. */
  readonly head: Buffer;
  /** Blocks of whole characters. */
  readonly blocks: AsyncIterable<Buffer>;
}

/** Bytes looked at to tell the format; fewer where the source is shorter. */
const headBytes = 64 * 1024;

/**
 * Takes bytes as UTF-8 and refuses what is not text.
 *
 * All characters before a bad byte are given before the error is thrown, whatever the size of the blocks. A U+FFFD that stands in the source is a character like any other.
 *
 * @param encoding - as the mapping names it; only UTF-8 so far
 * @throws SourceError for an empty source, another encoding, an archive, a byte that is not UTF-8 (with offset and line), a NUL byte
 */
export async function decodeText(name: string, bytes: AsyncIterable<Buffer>, encoding?: string): Promise<Text> {
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
    throw new SourceError(name, `encoding "${encoding}" cannot be read; only UTF-8 can`, {
      hint: `Convert it first: iconv -f ${encoding} -t UTF-8`,
    });
  }
  const iterator = bytes[Symbol.asyncIterator]();
  const { blocks, failure } = await firstBlocks(iterator);
  const raw = Buffer.concat(blocks);
  const start = raw.subarray(0, 3).equals(utf8Mark) ? 3 : 0;
  try {
    if (raw.length === start) {
      throw failure === undefined ? emptySource(name, start) : failure.error;
    }
    refuseOtherKinds(name, raw);
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
  return { start, head: raw.subarray(start), blocks: wholeCharacters(name, start, chained(blocks, failure, iterator)) };
}

/** An error that came while the first blocks were read; it waits until the records before it are given. */
type Failure = { readonly error: unknown } | undefined;

async function firstBlocks(iterator: AsyncIterator<Buffer>): Promise<{ blocks: Buffer[]; failure: Failure }> {
  const blocks: Buffer[] = [];
  try {
    for (let length = 0; length < headBytes; ) {
      const { done, value } = await iterator.next();
      if (done === true) break;
      blocks.push(value);
      length += value.length;
    }
  } catch (error) {
    return { blocks, failure: { error } };
  }
  return { blocks, failure: undefined };
}

function emptySource(name: string, start: number): SourceError {
  const message = start === 0 ? "is empty: it has no byte" : "is empty: it holds only a byte order mark";
  return new SourceError(name, message, { hint: "Was the export interrupted?" });
}

const utf8Mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Beginnings of files that are no text, with what to do. */
const otherKinds: readonly { readonly mark: readonly number[]; readonly is: string; readonly hint: string }[] = [
  { mark: [0x1f, 0x8b], is: "is packed by gzip", hint: "Unpack it first, or pipe it: gzip -dc … | portload import -" },
  { mark: [0x28, 0xb5, 0x2f, 0xfd], is: "is packed by zstd", hint: "Unpack it first, or pipe it." },
  {
    mark: [0x50, 0x4b, 0x03, 0x04],
    is: "is a zip archive or a spreadsheet (.xlsx)",
    hint: "Save the sheet as CSV UTF-8.",
  },
  { mark: [0xff, 0xfe], is: "is UTF-16", hint: "Convert it first: iconv -f UTF-16 -t UTF-8" },
  { mark: [0xfe, 0xff], is: "is UTF-16", hint: "Convert it first: iconv -f UTF-16 -t UTF-8" },
  { mark: [0x00, 0x00, 0xfe, 0xff], is: "is UTF-32", hint: "Convert it first: iconv -f UTF-32 -t UTF-8" },
];

function refuseOtherKinds(name: string, head: Buffer): void {
  for (const { mark, is, hint } of otherKinds) {
    if (head.subarray(0, mark.length).equals(Buffer.from(mark))) throw new SourceError(name, is, { hint });
  }
}

async function* chained(
  first: readonly Buffer[],
  failure: Failure,
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* first;
    if (failure !== undefined) throw failure.error;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* wholeCharacters(
  name: string,
  start: number,
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let offset = start;
  let line = 1;
  let afterCr = false;
  let open = Buffer.alloc(0);
  let markBytes = start;
  const passed = (block: Buffer): void => {
    if (block.length === 0) return;
    line += lineEnds(block, afterCr);
    afterCr = block[block.length - 1] === 13;
    offset += block.length;
  };
  for await (const bytesRead of bytes) {
    const block = bytesRead.subarray(markBytes);
    markBytes -= bytesRead.length - block.length;
    const joined = open.length === 0 ? block : Buffer.concat([open, block]);
    const cut = joined.length - openCharacterBytes(joined);
    const whole = joined.subarray(0, cut);
    const bad = firstBad(whole);
    if (bad !== -1) {
      const good = joined.subarray(0, bad);
      if (good.length > 0) yield good;
      passed(good);
      throw badByte(name, joined[bad] ?? 0, offset, line);
    }
    open = Buffer.from(joined.subarray(cut));
    if (whole.length > 0) yield whole;
    passed(whole);
  }
  if (open.length > 0) throw badByte(name, open[0] ?? 0, offset, line);
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

function badByte(name: string, byte: number, offset: number, line: number): SourceError {
  const hex = `0x${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  if (byte === 0) {
    return new SourceError(name, `is not text: a NUL byte at offset ${offset}, line ${line}`, {
      hint: "Is it the right file? Sources are CSV, TSV, JSON or NDJSON.",
      offset,
      line,
    });
  }
  return new SourceError(name, `is not UTF-8: byte ${hex} at offset ${offset}, line ${line}`, {
    hint: "Convert it first, for example: iconv -f WINDOWS-1252 -t UTF-8",
    offset,
    line,
  });
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
