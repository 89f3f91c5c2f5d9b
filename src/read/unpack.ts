import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { Decompress, ZstdErrorCode } from "fzstd";
import { SourceError } from "../errors.js";
import { peek } from "./peek.js";

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
 * @param source - `path` tells the extension
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
