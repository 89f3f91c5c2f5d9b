import type { SourceOptions } from "../source-options.js";
import { type Format, tellFormat } from "./format.js";
import { openText } from "./open-text.js";

/** Tells the format of a source that was copied while it was read, as its reader told it. */
export async function formatOfCopy(
  source: { readonly path: string; readonly name: string },
  copy: string,
  options: SourceOptions,
): Promise<Format> {
  const { path, name } = source;
  const text = await openText({ path, name, readFrom: copy }, options);
  await text.blocks.return();
  return tellFormat(source.path, text.head, options);
}
