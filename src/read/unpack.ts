import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { Decompress, ZstdErrorCode } from "fzstd";
import { SourceError } from "../errors.js";

/** The beginning of a stream of blocks, looked at without being used up. */
export interface Peeked {
  /** The first bytes; fewer than asked for only where the stream ends or fails. */
  readonly head: Buffer;
  /** Every block from the first one on; an error that came while the head was read is thrown after the blocks before it. */
  readonly blocks: AsyncGenerator<Buffer, void, undefined>;
  /** Whether the stream ended within the head. */
  readonly isWhole: boolean;
  /** The error with which it did. */
  readonly failure?: { readonly error: unknown };
  /** Looks further, until `count` bytes are there; only before `blocks` is begun. */
  grow(count: number): Promise<Peeked>;
}

/** Reads blocks until `count` bytes are there. Closing `blocks` closes the stream, also before its first block was asked for. */
export async function peek(stream: AsyncIterable<Buffer>, count: number): Promise<Peeked> {
  const iterator = stream[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  const state: { isWhole: boolean; failure?: { readonly error: unknown } } = { isWhole: false };
  let length = 0;
  const look = async (wanted: number): Promise<void> => {
    try {
      while (length < wanted && !state.isWhole) {
        const { done, value } = await iterator.next();
        if (done === true) {
          state.isWhole = true;
          break;
        }
        first.push(value);
        length += value.length;
      }
    } catch (error) {
      state.isWhole = true;
      state.failure = { error };
    }
  };
  await look(count);
  const blocks = chained(first, state, iterator);
  // A generator that was never begun runs no `finally`; this one waits before its first block.
  await blocks.next();
  const peeked = (): Peeked => ({
    head: Buffer.concat(first),
    blocks,
    isWhole: state.isWhole && state.failure === undefined,
    ...(state.failure !== undefined && { failure: state.failure }),
    grow: async (wanted) => {
      await look(wanted);
      return peeked();
    },
  });
  return peeked();
}

async function* chained(
  first: readonly Buffer[],
  state: { readonly failure?: { readonly error: unknown } },
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield Buffer.alloc(0);
    yield* first;
    if (state.failure !== undefined) throw state.failure.error;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** What a source is packed by. */
export type Packing = "gzip" | "zstd" | "brotli";

/** A source's bytes, unpacked. */
export interface Unpacked {
  /** Absent where the source is not packed. */
  readonly packing?: Packing;
  readonly bytes: AsyncIterable<Buffer>;
}

/** Extensions that packers add to a name. */
const packedExtensions = /\.(?:gz|br|zst)$/i;

/** A name without the extension that a packer added. */
export function unpackedName(name: string): string {
  return name.replace(packedExtensions, "");
}

/**
 * Unpacks gzip and zstd, both known by their first bytes, and brotli, which has no such mark, by the extension `.br`.
 *
 * @param source - `path` gives the extension
 * @throws SourceError while reading, for packing that is broken
 */
export async function unpack(
  source: { readonly path: string; readonly name: string },
  bytes: AsyncIterable<Buffer>,
): Promise<Unpacked> {
  const { head, blocks } = await peek(bytes, 4);
  const packing = packingOf(source.path, head);
  if (packing === undefined) return { bytes: blocks };
  return { packing, bytes: reported(source.name, packing, unpackers[packing](blocks)) };
}

function packingOf(path: string, head: Buffer): Packing | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) return "zstd";
  const name = /^https?:/i.test(path) ? path.replace(/[?#].*$/s, "") : path;
  return /\.br$/i.test(name) ? "brotli" : undefined;
}

type Unpack = (blocks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

/** Of Node 22.15 and later; unknown to the types of Node 20. */
const nativeZstd = (zlib as { readonly createZstdDecompress?: () => Transform }).createZstdDecompress;

const unpackers: Readonly<Record<Packing, Unpack>> = {
  gzip: (blocks) => piped(blocks, zlib.createGunzip()),
  brotli: (blocks) => piped(blocks, zlib.createBrotliDecompress()),
  zstd: (blocks) => (nativeZstd === undefined ? zstdInJavaScript(blocks) : piped(blocks, nativeZstd())),
};

async function* piped(blocks: AsyncIterable<Buffer>, unpacker: Transform): AsyncGenerator<Buffer, void, undefined> {
  const pumping = pipeline(Readable.from(blocks, { highWaterMark: 1 }), unpacker);
  // Its failure is the unpacker's, which is thrown where that one is read.
  pumping.catch(() => undefined);
  try {
    yield* unpacker;
  } finally {
    unpacker.destroy();
    await pumping.catch(() => undefined);
  }
}

/** Bytes decoded at once: few, because each could unpack to thousands that are held until they are read. */
const sliceBytes = 1024;

async function* zstdInJavaScript(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let ready: Buffer[] = [];
  const decoder = new Decompress((data) => ready.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
  for await (const block of blocks) {
    for (let at = 0; at < block.length; at += sliceBytes) {
      decoder.push(Uint8Array.from(block.subarray(at, at + sliceBytes)));
      yield* ready;
      ready = [];
    }
  }
  decoder.push(new Uint8Array(), true);
  yield* ready;
}

/** The bytes of an unpacker, whose failures become those of the source. */
async function* reported(
  name: string,
  packing: Packing,
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* bytes;
  } catch (error) {
    throw asPackingError(name, packing, error);
  }
}

function asPackingError(name: string, packing: Packing, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : "";
  // The decoder in JavaScript has codes that are numbers.
  if (typeof code !== "number" && !/^(?:Z_|ZSTD_|ERR_(?:_|BROTLI|ZSTD|PADDING|FORMAT))/.test(String(code)))
    return error;
  const isEnd = code === "Z_BUF_ERROR" || code === ZstdErrorCode.UnexpectedEOF;
  return new SourceError(
    name,
    isEnd
      ? `its ${packing} packing ends early`
      : `its ${packing} packing is broken: ${typeof code === "number" && error instanceof Error ? error.message : code}`,
    {
      hint: "Was the download or the export interrupted?",
      cause: error,
    },
  );
}
