import type { SourceOptions } from "../options.js";
import { decodeText } from "./decode.js";
import { type Format, tellFormat } from "./format.js";
import { openBytes } from "./open.js";

/** Tells the format of a source that was copied while it was read, as its reader told it. */
export async function formatOfCopy(
  source: { readonly path: string; readonly name: string },
  copy: string,
  options: SourceOptions,
): Promise<Format> {
  const text = await decodeText(source.name, openBytes({ path: copy, name: source.name }), options.encoding);
  for await (const _ of text.blocks) break;
  return tellFormat(source.path, text.head, options);
}
