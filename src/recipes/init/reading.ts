import { SourceError } from "../../errors.js";
import { areAlike, type RecordPlace, recordPlaces } from "../../init/survey.js";
import type { BoundSource } from "../../read/bind.js";
import { encodingOf as encodingByName } from "../../read/encoding.js";
import { openUnpacked } from "../../read/open.js";
import { readSource } from "../../read/read.js";
import type { SourceOptions } from "../../source-options.js";

/** Bytes that are looked at for their encoding: at most, and at least where the sample is short. */
const maxLookedBytes = 64 * 1024 * 1024;
const minLookedBytes = 4 * 1024 * 1024;

/** Bytes that an encoding is guessed from. */
const maxGuessedBytes = 1024 * 1024;

/** What is not UTF-8 is read as windows-1252, or as what gives likelier words; where both occur, that is a question. */
export async function encodingOf(
  bound: BoundSource,
  limit: number,
  io: { readonly signal?: AbortSignal },
): Promise<{ readonly source: SourceOptions; readonly questions: readonly string[] }> {
  const { bytes } = await openUnpacked(bound, signalOf(io));
  const counts = { sequences: 0, bad: 0, lines: 1, firstBad: 0 };
  let rest: Buffer = Buffer.alloc(0);
  let looked = 0;
  const beyond: Buffer[] = [];
  for await (const block of bytes) {
    if (
      looked === 0 &&
      (/^(?:\xff\xfe|\xfe\xff|\xef\xbb\xbf)/.test(block.toString("latin1", 0, 3)) || block.includes(0))
    )
      return { source: {}, questions: [] };
    rest = countSequences(Buffer.concat([rest, block]), counts);
    if (counts.bad > 0 && looked < maxGuessedBytes) beyond.push(block);
    looked += block.length;
    // A record may have several lines, and the reader decodes blocks ahead; what is far beyond the sample is not read for its bytes.
    if (looked > maxLookedBytes || (looked > minLookedBytes && counts.lines > 2 * limit)) break;
  }
  // At the end a byte that begins a sequence may be left, with others after it that do not continue it.
  if (rest.length > 0 && !isPartial(rest) && counts.bad++ === 0) counts.firstBad = counts.lines;
  if (counts.bad === 0) return { source: {}, questions: [] };
  const guessed = guessEncoding(Buffer.concat(beyond));
  const { encoding } = guessed;
  // Bytes of another encoding may be a sequence of UTF-8 by chance.
  if (counts.sequences === 0 || (encoding !== usual && 4 * counts.sequences <= counts.bad))
    return {
      source: { encoding },
      questions: [
        `line ${counts.firstBad} is not UTF-8, so the source is read as ${encoding}${guessed.shown}; is that right?`,
      ],
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

/** Counts the UTF-8 sequences of several bytes, and the bytes beyond ASCII that are in none; returns what may continue in the next block. */
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

/** True for the beginning of a sequence that may continue. */
function isPartial(bytes: Buffer): boolean {
  return bytes.subarray(1).every((byte) => (byte & 0xc0) === 0x80);
}

/** The encoding that is taken where no other one gives likelier words. */
const usual = "windows-1252";
/** Encodings of exports by their frequency. */
const guesses = [
  usual,
  "windows-1250",
  "windows-1251",
  "shift_jis",
  "euc-kr",
  "gb18030",
  "big5",
  "windows-1253",
  "macintosh",
  "cp850",
];
/** How much likelier another encoding must be, by letters beyond ASCII. */
const margin = 0.1;

/** The likeliest encoding of bytes that are not UTF-8, with a word of theirs as it and as others read it. */
function guessEncoding(bytes: Buffer): { readonly encoding: string; readonly shown: string } {
  const read = guesses.flatMap((encoding) => {
    const found = encodingByName(encoding, Buffer.alloc(0));
    const decoded = "fault" in found ? undefined : found.decode?.(bytes);
    return decoded === undefined || !("text" in decoded) ? [] : [{ encoding, ...oddness(decoded.text) }];
  });
  const [first] = read;
  if (first === undefined) return { encoding: usual, shown: "" };
  const least = Math.min(...read.map(({ odd }) => odd));
  const best = read.find(({ odd }) => odd <= least) ?? first;
  const chosen = first.encoding === usual && first.odd - best.odd < margin ? first : best;
  const others = read.filter(
    ({ encoding, odd, word }) => encoding !== chosen.encoding && odd < 0.5 && word !== chosen.word,
  );
  const elsewise = others.slice(0, 3).map(({ encoding, word }) => `, ${JSON.stringify(word)} as ${encoding}`);
  return { encoding: chosen.encoding, shown: ` (${JSON.stringify(chosen.word)}${elsewise.join("")})` };
}

/** How unlikely the words of a text are, by their letters beyond ASCII, and the first word that has one. */
function oddness(text: string): { readonly odd: number; readonly word: string } {
  let odd = (text.match(/[\u0080-\u009f]/g) ?? []).length * 3;
  let beyond = 0;
  let first = "";
  for (const [word] of text.matchAll(/[\p{L}\p{M}\p{S}\p{No}]*[\u0080-\u{10ffff}][\p{L}\p{M}\p{S}\p{No}]*/gu)) {
    first ||= word;
    beyond += word.length - (word.match(/\p{ASCII}/gu) ?? []).length;
    // Signs, and letters of other scripts, within a word of Latin letters.
    if (/\p{L}[\u0080-\u{10ffff}](?<=[\p{S}\p{No}])\p{L}/u.test(word)) odd += 2;
    if (/\p{Script=Latin}[^\p{Script=Latin}\p{ASCII}\p{S}\p{No}\p{M}]/u.test(word)) odd += 2;
    if (/(?=\P{ASCII})\p{Script=Latin}{3}(?<=\P{ASCII}{3})/u.test(word)) odd += 2;
    if (/\p{Script=Han}/u.test(word) && /\p{Script=Hangul}/u.test(word)) odd += 2;
    if (/\p{Ll}\p{Lu}|^\p{Lu}{2,}\p{Ll}/u.test(word)) odd += 1;
    // Rare in texts: half-width signs, and letters of no modern alphabet.
    odd += (word.match(/[\uff61-\uff9f\ue000-\uf8ff\u0400-\u040f\u0450-\u045f\u0490-\u04ff]/g) ?? []).length / 2;
  }
  return { odd: odd / Math.max(1, beyond), word: first };
}

/** A JSON text that is one object holds its records in a list or as the values of an object; where there are several, that is a question. */
export async function recordsOf(
  bound: BoundSource,
  source: SourceOptions,
  io: { readonly signal?: AbortSignal },
): Promise<{ readonly json?: SourceOptions["json"]; readonly question?: string }> {
  const values: unknown[] = [];
  let refused = 0;
  for await (const { items, rejects } of readSource(bound, source, { limit: 2, ...signalOf(io) })) {
    values.push(...items.map(({ value }) => value));
    refused += rejects.length;
  }
  if (values.length === 0 && refused === 1) return await asMap(bound, source, io);
  const [best, ...others] = values.length === 1 ? recordPlaces(values[0]) : [];
  if (best === undefined) return {};
  const shown = ({ path }: RecordPlace): string => JSON.stringify(path.length === 0 ? "." : path.join("."));
  const rest = others.map((other) => `${shown(other)} (${other.size})`).join(", ");
  const json = {
    ...(best.path.length > 0 && { records: best.path.join(".") }),
    ...(best.keyed !== undefined && { keyed: best.keyed }),
  };
  // A text that is a list of one record has no such place, though the record has.
  if (!(await holdsRecord(bound, { ...source, json }, io))) return {};
  return {
    json,
    ...(others.length > 0 && {
      question: `the text has lists at ${shown(best)} (${best.size}) and ${rest}; ${shown(best)} is proposed. Are the others wanted? Give each a kind and a source of its own`,
    }),
  };
}

async function holdsRecord(
  bound: BoundSource,
  source: SourceOptions,
  io: { readonly signal?: AbortSignal },
): Promise<boolean> {
  try {
    for await (const { items } of readSource(bound, source, { limit: 1, ...signalOf(io) }))
      if (items.length > 0) return true;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
  }
  return false;
}

/** The signal alone, where there is one. */
export function signalOf({ signal }: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** One record that is larger than a record may be can be a map of records. */
async function asMap(
  bound: BoundSource,
  source: SourceOptions,
  io: { readonly signal?: AbortSignal },
): Promise<{ readonly json?: SourceOptions["json"] }> {
  const json = { keyed: "key" };
  const values: unknown[] = [];
  for await (const { items } of readSource(bound, { ...source, json }, { limit: 20, ...signalOf(io) }))
    values.push(...items.map(({ value }) => value));
  return areAlike(values) ? { json } : {};
}
