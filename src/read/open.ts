import { once } from "node:events";
import { constants, createReadStream, createWriteStream, fstat, open, readdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { promisify } from "node:util";
import { PortloadError, SourceError, StateError } from "../errors.js";
import type { GivenSource } from "../given-source.js";
import { nearest } from "../nearest.js";
import type { SourceOptions } from "../source-options.js";
import { decodeText, type Text } from "./decode.js";
import { type FetchIo, fetchBytes, isUrl } from "./fetch.js";
import { givenBytes } from "./given.js";
import { type Packing, unpack } from "./unpack.js";

/** How a source is opened. */
export interface OpenIo {
  /** What `-` reads. */
  readonly stdin?: Readable;
  /** Where a source that can be read only once (stdin, a FIFO, an address) is copied byte for byte while it is read; mode 0600. */
  readonly copyTo?: string;
  /** Told of the bytes of a local file as they are read. */
  readonly onBytes?: (bytes: number) => void;
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal;
  /** How addresses are downloaded. */
  readonly fetch?: Omit<FetchIo, "signal">;
}

/** Largest block read at once. */
const blockBytes = 64 * 1024;

/**
 * Opens a source and gives its bytes as they are, block by block, each asked for only when the one before is used up.
 *
 * Closing early closes the file. This is the only place that opens sources.
 *
 * @param source - `path` is a file, a FIFO, an http(s) address or `-` for stdin or what a program gave; `name` is the name in messages
 * @throws SourceError when it cannot be opened or read on
 */
export async function* openBytes(
  source: Omit<OpenSource, "readFrom">,
  io: OpenIo = {},
): AsyncGenerator<Buffer, void, undefined> {
  io.signal?.throwIfAborted();
  try {
    const copyTo = (await isReopenable(source.path)) ? undefined : io.copyTo;
    const stream = streamOf(source, io);
    yield* copyTo === undefined ? stream : copied(stream, copyTo);
  } catch (error) {
    io.signal?.throwIfAborted();
    throw asSourceError(source.name, error);
  }
}

function streamOf({ path, name, given, open }: Omit<OpenSource, "readFrom">, io: OpenIo): AsyncIterable<Buffer> {
  if (open !== undefined) return open(io.signal);
  if (given !== undefined) return givenBytes(given, name, io.signal);
  if (isUrl(path)) return fetchBytes(path, { ...io.fetch, ...(io.signal && { signal: io.signal }) });
  return path === "-" ? withSignal(stdinOf(name, io), io) : fileBytes({ path, name }, io);
}

/** The path from which a source can be read once more: its own, or that of its copy; undefined when there is none. */
export async function reopenablePath(source: { readonly path: string }, io: OpenIo): Promise<string | undefined> {
  return (await isReopenable(source.path)) ? source.path : io.copyTo;
}

async function isReopenable(path: string): Promise<boolean> {
  return !isUrl(path) && path !== "-" && (await stat(path)).isFile();
}

/** What is wrong with a path, in a sentence, and what to do. */
export function asSourceError(name: string, error: unknown): unknown {
  if (error instanceof PortloadError || !(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  const near = code === "ENOENT" ? nearestFile(name) : undefined;
  if (near !== undefined) return new SourceError(name, `no such file; did you mean ${near}?`, { cause: error });
  const known = systemErrors[code];
  if (known === undefined) return new SourceError(name, `cannot be read: ${error.message}`, { cause: error });
  return new SourceError(name, known.message, { hint: known.hint, cause: error });
}

/** The file that a path most likely means: one of its folder. */
export function nearestFile(path: string): string | undefined {
  try {
    const near = nearest(basename(path), readdirSync(dirname(path)));
    return near === undefined ? undefined : join(dirname(path), near);
  } catch {
    return undefined;
  }
}

const systemErrors: Readonly<Record<string, { message: string; hint: string }>> = {
  ENOENT: { message: "no such file or directory", hint: "Check the path; it is taken from the current directory." },
  ENOTDIR: { message: "no such file: a part of its path is not a directory", hint: "Check the path." },
  EACCES: { message: "may not be read by this user", hint: "Give this user the right to read it." },
  EPERM: { message: "may not be read by this user", hint: "Give this user the right to read it." },
  EISDIR: { message: "is a directory", hint: "Name its files, or the directory where sources are listed." },
};

function withSignal(stream: Readable, { signal }: OpenIo): Readable {
  return signal === undefined ? stream : addAbortSignal(signal, stream);
}

const openFile = promisify(open);
const statOpen = promisify(fstat);

/** The bytes of a file, or of a FIFO, which is opened without waiting for its writer: a signal could not end that wait. */
async function* fileBytes(
  { path, name }: { readonly path: string; readonly name: string },
  io: OpenIo,
): AsyncGenerator<Buffer, void, undefined> {
  const fd = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const before = await statOpen(fd);
  if (before.isFIFO() || before.isSocket() || before.isCharacterDevice()) {
    yield* withSignal(new Socket({ fd, readable: true, writable: false }), io);
    return;
  }
  for await (const block of withSignal(createReadStream(path, { fd, highWaterMark: blockBytes }), io)) {
    io.onBytes?.((block as Buffer).length);
    yield block as Buffer;
  }
  const after = await stat(path).catch(() => undefined);
  // A file renamed into its place leaves the one that was read whole.
  const isSame = after?.ino === before.ino && before.size > 0;
  if (isSame && (after.size !== before.size || after.mtimeMs !== before.mtimeMs)) throw changed(name);
}

function changed(name: string): SourceError {
  return new SourceError(name, "changed while it was read: what came of it may be half an export", {
    hint: "Read it again once its writer is done; a writer that renames the finished file into place cannot do this.",
  });
}

function stdinOf(name: string, io: OpenIo): Readable {
  if (io.stdin === undefined) throw new SourceError(name, "there is no standard input to read");
  return io.stdin;
}

async function* copied(stream: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer, void, undefined> {
  const copy = createWriteStream(path, { mode: 0o600 });
  const closed = finished(copy).catch((error: Error) => {
    throw new StateError(`${path}: the copy of the source cannot be written: ${error.message}`, { cause: error });
  });
  // The failure is thrown where it is awaited; without a handler here it would end the process first.
  closed.catch(() => undefined);
  try {
    for await (const block of stream) {
      if (!copy.write(block)) await Promise.race([closed, once(copy, "drain")]);
      yield block;
    }
  } finally {
    copy.end();
    await closed;
  }
}

/** A source to open: `path` gives its extension, `name` is the name in messages, `readFrom` is read in its place (the copy of a stdin or a URL). */
export interface OpenSource {
  readonly path: string;
  readonly name: string;
  readonly readFrom?: string;
  /** What a program gave, which is read in place of a path. */
  readonly given?: GivenSource;
  /** Opens it in another way. */
  readonly open?: (signal: AbortSignal | undefined) => AsyncIterable<Buffer>;
}

/** The bytes of a source, unpacked. @throws SourceError when it cannot be opened, read on or unpacked */
export async function openUnpacked(
  source: OpenSource,
  io: OpenIo = {},
): Promise<{ readonly bytes: AsyncIterable<Buffer>; readonly packing?: Packing }> {
  const { name, readFrom } = source;
  return unpack(source, openBytes(readFrom === undefined ? source : { path: readFrom, name }, io));
}

/** The text of a source, unpacked and decoded. @throws SourceError as {@link openUnpacked} and {@link decodeText} do */
export async function openText(
  source: OpenSource,
  options: SourceOptions,
  io: OpenIo = {},
): Promise<Text & { readonly packing?: Packing }> {
  const { bytes, packing } = await openUnpacked(source, io);
  const text = await decodeText(source.name, bytes, options);
  return packing === undefined ? text : { ...text, packing };
}
