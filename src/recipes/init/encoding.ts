import type { BoundSource } from "../../read/bind.js";
import { openUnpacked } from "../../read/open.js";
import type { SourceOptions } from "../../source-options.js";

/** Bytes that are looked at for their encoding: at most, and at least where the sample is short. */
const maxLookedBytes = 64 * 1024 * 1024;
const minLookedBytes = 4 * 1024 * 1024;

/** What is not UTF-8 is read as windows-1252; where both occur, that is a question. */
export async function encodingOf(
  bound: BoundSource,
  limit: number,
  io: { readonly signal?: AbortSignal },
): Promise<{ readonly source: SourceOptions; readonly questions: readonly string[] }> {
  const { bytes } = await openUnpacked(bound, io.signal === undefined ? {} : { signal: io.signal });
  const counts = { sequences: 0, bad: 0, lines: 1, firstBad: 0 };
  let rest: Buffer = Buffer.alloc(0);
  let looked = 0;
  for await (const block of bytes) {
    if (
      looked === 0 &&
      (/^(?:\xff\xfe|\xfe\xff|\xef\xbb\xbf)/.test(block.toString("latin1", 0, 3)) || block.includes(0))
    )
      return { source: {}, questions: [] };
    rest = countSequences(Buffer.concat([rest, block]), counts);
    looked += block.length;
    // A record may have several lines, and the reader decodes blocks ahead; what lies far behind the sample is not read for its bytes.
    if (looked > maxLookedBytes || (looked > minLookedBytes && counts.lines > 2 * limit)) break;
  }
  // At the end a byte that begins a sequence may be left, with others behind it that do not continue it.
  if (rest.length > 0 && !isPartial(rest) && counts.bad++ === 0) counts.firstBad = counts.lines;
  if (counts.bad === 0) return { source: {}, questions: [] };
  const encoding = "windows-1252";
  if (counts.sequences === 0)
    return {
      source: { encoding },
      questions: [`line ${counts.firstBad} is not UTF-8, so the source is read as ${encoding}; is that right?`],
    };
  const seen = `${counts.sequences} characters are UTF-8, and ${counts.bad} ${counts.bad === 1 ? "byte is" : "bytes are"} not, the first in line ${counts.firstBad}`;
  if (counts.sequences < counts.bad)
    return {
      source: { encoding },
      questions: [`which encoding is it? ${seen}; as ${encoding}, written here, the UTF-8 characters are wrong`],
    };
  return {
    source: { badText: "reject" },
    questions: [
      `which encoding is it? ${seen}; badText: reject, written here, rejects the records of these bytes, and encoding: ${encoding} reads them but spoils the UTF-8 characters`,
    ],
  };
}

/** Counts the UTF-8 sequences of several bytes, and the bytes beyond ASCII that are in none; gives back what may go on in the next block. */
function countSequences(
  bytes: Buffer,
  counts: { sequences: number; bad: number; lines: number; firstBad: number },
): Buffer {
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] as number;
    if (byte < 0x80) {
      if (byte === 0x0a) counts.lines++;
      at++;
      continue;
    }
    const size = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0;
    if (size > 0 && at + size > bytes.length) return bytes.subarray(at);
    const isSequence = size > 0 && isContinued(bytes, at, size);
    if (isSequence) counts.sequences++;
    else if (counts.bad++ === 0) counts.firstBad = counts.lines;
    at += isSequence ? size : 1;
  }
  return bytes.subarray(bytes.length);
}

function isContinued(bytes: Buffer, at: number, size: number): boolean {
  for (let index = 1; index < size; index++) if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return false;
  return true;
}

/** True for the beginning of a sequence that may go on. */
function isPartial(bytes: Buffer): boolean {
  return bytes.subarray(1).every((byte) => (byte & 0xc0) === 0x80);
}
