import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
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
 * Unpacks gzip and, where this Node can, zstd, both known by their first bytes, and brotli, which has no such mark, by the extension `.br`.
 *
 * @param source - `path` tells the extension
 * @throws SourceError for packing that this Node cannot undo, and while reading for packing that is broken
 */
export async function unpack(
  source: { readonly path: string; readonly name: string },
  bytes: AsyncIterable<Buffer>,
): Promise<Unpacked> {
  const { head, blocks } = await peek(bytes, 4);
  const packing = packingOf(source.path, head);
  if (packing === undefined) return { bytes: blocks };
  const unpacker = unpackers[packing]?.();
  if (unpacker === undefined) {
    await blocks.return();
    throw new SourceError(source.name, `is packed by ${packing}, which Node ${process.version} cannot unpack`, {
      hint: "Unpack it first, or pipe it: zstd -dc … | portload import - (Node 22.15 and later can).",
    });
  }
  return { packing, bytes: unpacked(source.name, packing, blocks, unpacker) };
}

function packingOf(path: string, head: Buffer): Packing | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head.equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) return "zstd";
  const name = /^https?:/i.test(path) ? path.replace(/[?#].*$/s, "") : path;
  return /\.br$/i.test(name) ? "brotli" : undefined;
}

const unpackers: Readonly<Record<Packing, (() => Transform) | undefined>> = {
  gzip: () => zlib.createGunzip(),
  brotli: () => zlib.createBrotliDecompress(),
  // Since Node 22.15; unknown to the types of Node 20.
  zstd: (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress,
};

async function* unpacked(
  name: string,
  packing: Packing,
  blocks: AsyncIterable<Buffer>,
  unpacker: Transform,
): AsyncGenerator<Buffer, void, undefined> {
  const pumping = pipeline(Readable.from(blocks, { highWaterMark: 1 }), unpacker);
  // Its failure is the unpacker's, which is thrown below.
  pumping.catch(() => undefined);
  try {
    yield* unpacker;
  } catch (error) {
    throw asPackingError(name, packing, error);
  } finally {
    unpacker.destroy();
    await pumping.catch(() => undefined);
  }
}

function asPackingError(name: string, packing: Packing, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!/^(?:Z_|ZSTD_|ERR_(?:_|BROTLI|ZSTD|PADDING|FORMAT))/.test(code)) return error;
  const isEnd = code === "Z_BUF_ERROR";
  return new SourceError(
    name,
    isEnd ? `its ${packing} packing ends early` : `its ${packing} packing is broken: ${code}`,
    {
      hint: "Was the download or the export interrupted?",
      cause: error,
    },
  );
}
