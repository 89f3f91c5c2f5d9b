import type { SourceOptions } from "../source-options.js";
import { decodeText, type Text } from "./decode.js";
import { type OpenIo, openBytes } from "./open.js";
import { type Packing, unpack } from "./unpack.js";

/** A source to open: `path` tells its extension, `name` stands in messages, `readFrom` is read in its place (the copy of a stdin or a URL). */
export interface OpenSource {
  readonly path: string;
  readonly name: string;
  readonly readFrom?: string;
}

/** The bytes of a source, unpacked. @throws SourceError when it cannot be opened, read on or unpacked */
export async function openUnpacked(
  source: OpenSource,
  io: OpenIo = {},
): Promise<{ readonly bytes: AsyncIterable<Buffer>; readonly packing?: Packing }> {
  return unpack(source, openBytes({ path: source.readFrom ?? source.path, name: source.name }, io));
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
