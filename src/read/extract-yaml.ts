import { stringify } from "yaml";
import type { SourceOptions } from "../source-options.js";
import type { Text } from "./decode.js";
import { recordsAt } from "./json-frame.js";
import { defaultMaxRecordBytes } from "./reader.js";
import { YamlDocuments } from "./yaml-documents.js";
import { itemsOf } from "./yaml-value.js";

/** Gives the YAML records at some positions as documents that the same options read: a document that is one record as it is, an element of a list by itself. */
export async function* extractYaml(
  { blocks, start }: Pick<Text, "blocks" | "start">,
  options: SourceOptions,
  positions: ReadonlySet<number>,
): AsyncGenerator<Buffer, void, undefined> {
  const { path, isMap } = recordsAt(options);
  let position = 0;
  let pieces: string[] = [];
  const put = (text: string): void => {
    if (positions.has(++position)) pieces.push(`---\n${text.replace(/^ *\n/, "").trimEnd()}\n`);
  };
  const documents = new YamlDocuments(start, options.maxRecordBytes ?? defaultMaxRecordBytes, ({ text = "" }) => {
    const found = itemsOf(text, options);
    if ("fault" in found || found.isWhole) {
      put(text);
      return;
    }
    for (const { value, key } of found.items) {
      const inner: unknown = key === undefined ? (isMap || path.length === 0 ? value : [value]) : { [key]: value };
      put(stringify(path.reduceRight((within: unknown, each) => ({ [each]: within }), inner)));
    }
  });
  for await (const block of blocks) {
    documents.feed(block);
    yield Buffer.from(pieces.join(""));
    pieces = [];
  }
  documents.end();
  yield Buffer.from(pieces.join(""));
}
