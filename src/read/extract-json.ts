import { SourceError } from "../errors.js";
import type { SourceOptions } from "../source-options.js";
import { type Element, JsonFrame, recordsAt } from "./json-frame.js";
import { JsonSyntaxFault } from "./json-place.js";

/** Gives the text, piece by piece, of the JSON records at some positions, each as it is, at the same path of keys: an array, or a map of their keys. */
export async function* extractJson(
  source: { readonly name: string; readonly start: number },
  blocks: AsyncIterable<Buffer>,
  options: SourceOptions,
  positions: ReadonlySet<number>,
): AsyncGenerator<Buffer, void, undefined> {
  const at = recordsAt(options);
  let position = 0;
  let written = 0;
  let pieces: Buffer[] = [];
  const take = ({ text, key }: Element): void => {
    position++;
    if (text === undefined || !positions.has(position)) return;
    pieces.push(Buffer.from(written === 0 ? "\n" : ",\n"), ...(key === undefined ? [] : [key, Buffer.from(":")]), text);
    written++;
  };
  const frame = new JsonFrame(source, at, Number.POSITIVE_INFINITY, take);
  const [first, last] = at.isMap ? ["{", "}"] : ["[", "]"];
  yield Buffer.from(at.path.map((key) => `{${JSON.stringify(key)}:`).join("") + first);
  for await (const block of blocks) {
    feed(source.name, frame, block);
    yield Buffer.concat(pieces);
    pieces = [];
    if (written === positions.size) break;
  }
  yield Buffer.from(`\n${last}${"}".repeat(at.path.length)}\n`);
}

function feed(name: string, frame: JsonFrame, block: Buffer): void {
  try {
    frame.feed(block);
  } catch (error) {
    if (!(error instanceof JsonSyntaxFault)) throw error;
    throw new SourceError(name, `is not valid JSON at line ${error.place.line}: ${error.message}`, { cause: error });
  }
}
