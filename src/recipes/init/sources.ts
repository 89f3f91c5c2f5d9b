import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SourceError, UsageError } from "../../errors.js";
import { recordLists, type Survey, surveyRecords } from "../../init/survey.js";
import { type BoundSource, bindSources } from "../../read/bind.js";
import { mappingLine } from "../../read/doubt.js";
import { isUrl } from "../../read/fetch.js";
import { extensionOf, extensions } from "../../read/format.js";
import { openBytes, openUnpacked } from "../../read/open.js";
import { readSource } from "../../read/read.js";
import { type Ask, settleSource } from "../../read/settle-source.js";
import type { SourceOptions } from "../../source-options.js";

/** A source that was read to the end of the sample. */
export interface Surveyed {
  readonly bound: BoundSource;
  readonly survey: Survey;
  /** What must be said so that the source is read as it was: what was in doubt, and what is not the default. */
  readonly source: SourceOptions;
  readonly name: string;
  /** True when there are more records than were looked at. */
  readonly isPart: boolean;
  readonly questions: readonly string[];
}

/** What sources are opened with. */
export interface SourceIo {
  readonly stdin?: Readable;
  readonly signal?: AbortSignal;
}

/**
 * Binds each source to a kind of its own, named after its file. What can be read only once (stdin, a FIFO, an address) is copied to a private folder first.
 *
 * @param use - called with the sources; the copies are removed behind it
 * @throws {UsageError} when two sources are of one kind
 */
export async function withSources<T>(
  args: readonly string[],
  io: SourceIo,
  use: (sources: readonly BoundSource[]) => Promise<T>,
): Promise<T> {
  const bound = await bindKinds(args);
  const folder = await mkdtemp(join(tmpdir(), "portload-init-"));
  try {
    const sources: BoundSource[] = [];
    for (const source of bound) sources.push(await reopenable(source, folder, io));
    return await use(sources);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bindKinds(args: readonly string[]): Promise<readonly BoundSource[]> {
  const bound: BoundSource[] = [];
  for (const arg of args) {
    const [, named, path] = /^([\w.-]+)=(.+)$/s.exec(arg) ?? [];
    const { sources } = await bindSources([path ?? arg], [named ?? "records"]);
    for (const source of sources) bound.push({ ...source, index: bound.length, kind: named ?? kindOf(source) });
  }
  const twice = bound.find(({ kind }, index) => bound.findIndex((other) => other.kind === kind) < index);
  if (twice !== undefined)
    throw new UsageError(`two sources are of the kind ${twice.kind}`, { hint: "Name their kinds: <kind>=<path>." });
  return bound;
}

function kindOf({ path }: BoundSource): string {
  const last = isUrl(path) ? decodeURIComponent(new URL(path).pathname) : path;
  const base = basename(last).split(".")[0];
  return path === "-" || !base || /^\/(?:dev|proc)\//.test(path) ? "records" : base;
}

async function reopenable(source: BoundSource, folder: string, { stdin, signal }: SourceIo): Promise<BoundSource> {
  if (!isUrl(source.path) && source.path !== "-" && (await stat(source.path)).isFile()) return source;
  const last = isUrl(source.path) ? new URL(source.path).pathname : source.path;
  const known = extensions[extensionOf(last)] === undefined ? "source" : basename(last);
  await mkdir(join(folder, String(source.index)), { mode: 0o700 });
  const path = join(folder, String(source.index), known);
  let bytes = 0;
  const count = new Transform({
    transform(block: Buffer, _, done) {
      bytes += block.length;
      done(null, block);
    },
  });
  await pipeline(
    openBytes(source, { ...(stdin && { stdin }), ...(signal && { signal }) }),
    count,
    createWriteStream(path, { mode: 0o600 }),
  );
  if (bytes === 0) throw new SourceError(source.name, "is empty: it has no byte", { hint: emptyHint(source) });
  return { ...source, path };
}

function emptyHint({ path }: BoundSource): string {
  return path === "-"
    ? "Pipe the data into init: … | portload init -"
    : "It can be read only once; was it read before?";
}

/** Reads a source to the end of the sample, and finds out what must be said so that it is read again the same way. */
export async function surveySource(bound: BoundSource, limit: number, io: SourceIo): Promise<Surveyed> {
  const questions: string[] = [];
  const encoding = await encodingOf(bound, io);
  questions.push(...encoding.questions);
  const { options, receipt } = await settleSource(bound, encoding.source, signalOf(io), likeliest(questions));
  let source: SourceOptions = receipt === undefined ? options : { ...options, ...formatOf(bound, receipt.format) };
  if (receipt?.format === "json") {
    const { json, question } = await recordsOf(bound, source, io);
    if (json !== undefined) source = { ...source, json };
    if (question !== undefined) questions.push(question);
  }
  const survey = await surveyRecords(bound.kind, readSource(bound, source, { limit, ...signalOf(io) }));
  if (survey.records === 0)
    throw new SourceError(bound.name, "holds no record that can be read", {
      hint: "init proposes from values; give it a sample.",
    });
  const isPart = survey.records + survey.refused.length >= limit && (await hasMore(bound, source, limit, io));
  return { bound, survey, source, name: bound.name, isPart, questions };
}

function signalOf({ signal }: SourceIo): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

async function hasMore(bound: BoundSource, source: SourceOptions, limit: number, io: SourceIo): Promise<boolean> {
  let read = 0;
  for await (const { tally } of readSource(bound, source, { limit: limit + 1, ...signalOf(io) })) read += tally.read;
  return read > limit;
}

/** The format is said where the name does not tell it. */
function formatOf({ path }: BoundSource, format: NonNullable<SourceOptions["format"]>): SourceOptions {
  return extensions[extensionOf(path)] === format ? {} : { format };
}

/** Takes the likeliest answer to a doubt, and keeps it as a question. */
function likeliest(questions: string[]): Ask {
  return async (_, { message, answers }) => {
    const [first, ...others] = answers;
    if (first === undefined) return undefined;
    const rest = others.map((answer) => `${mappingLine(answer)} for ${answer.text}`).join("; ");
    questions.push(`${message}: is ${first.text} right, as written under source? Else ${rest}`);
    return first;
  };
}

/** Bytes that are looked at for their encoding. */
const maxLookedBytes = 64 * 1024 * 1024;

/** What is not UTF-8 is read as windows-1252; where both occur, that is a question. */
async function encodingOf(
  bound: BoundSource,
  io: SourceIo,
): Promise<{ readonly source: SourceOptions; readonly questions: readonly string[] }> {
  const { bytes } = await openUnpacked(bound, signalOf(io));
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
    if (looked > maxLookedBytes) break;
  }
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

/** A JSON text that is one object holds its records at some path; several lists are a question. */
async function recordsOf(
  bound: BoundSource,
  source: SourceOptions,
  io: SourceIo,
): Promise<{ readonly json?: SourceOptions["json"]; readonly question?: string }> {
  const values: unknown[] = [];
  for await (const { items } of readSource(bound, source, { limit: 2, ...signalOf(io) }))
    values.push(...items.map(({ value }) => value));
  const [best, ...others] = values.length === 1 ? recordLists(values[0]) : [];
  if (best === undefined) return {};
  const records = best.path.join(".");
  const rest = others.map(({ path, size }) => `"${path.join(".")}" (${size})`).join(", ");
  return {
    json: { records },
    ...(others.length > 0 && {
      question: `the text has lists at "${records}" (${best.size}) and ${rest}; "${records}" is proposed. Are the others wanted? Give each a kind and a source of its own`,
    }),
  };
}
