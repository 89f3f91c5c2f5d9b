import { stringify } from "yaml";
import { InternalError, SourceError } from "../errors.js";
import type { Span } from "../record.js";
import type { SourceOptions } from "../source-options.js";
import type { BoundSource } from "./bind.js";
import { defaultMaxRecordBytes } from "./chunk-sink.js";
import { scanOptions } from "./csv.js";
import type { Text } from "./decode.js";
import { encoded, extractSpans, linesIn } from "./extract-spans.js";
import { extensionOf, extensions, formatOfSource } from "./format.js";
import { type Element, JsonFrame, recordsAt } from "./json-frame.js";
import { JsonSyntaxFault } from "./json-text.js";
import { openText, openUnpacked } from "./open.js";
import { RowScanner } from "./row-scanner.js";
import { unpackedName } from "./unpack.js";
import { isWorkbook } from "./xlsx/open-sheet.js";
import { extractRows } from "./xlsx/xlsx.js";
import { itemsOf, YamlDocuments } from "./yaml.js";

/** A record to extract: its span where its format has spans. */
export interface Wanted {
  readonly position: number;
  readonly span?: Span;
}

/**
 * Gives the bytes of a file that holds some records of a source and nothing else, unpacked, in the source's own form, so that the same options read it.
 *
 * CSV, TSV and NDJSON: byte for byte, all that precedes the first record (byte order mark, preamble, header) and then each record with its own
 * line end; a last one without gets one. JSON: an array (a map where records have keys), at the same path of keys, of the records' own texts; characters
 * beyond ASCII are escaped where the source is not UTF-8. Opens the source again and holds no more than a block of it.
 *
 * @param options - those that the source was read with, its dialect settled
 * @param wanted - records of this source, in any order; each is given once, by position
 * @param io - `path` is read in the source's place: the copy of a stdin or a URL
 * @throws SourceError as reading does
 */
export async function* extractRecords(
  source: BoundSource,
  options: SourceOptions,
  wanted: readonly Wanted[],
  io: {
    readonly path?: string;
    /** Receives the line on which each record begins in what is given, where a line is known. */
    readonly onLine?: (position: number, line: number) => void;
  } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { path, name } = source;
  const opened = { ...source, ...(io.path !== undefined && { readFrom: io.path }) };
  if (await isWorkbook(opened, options)) {
    yield* extractRows(opened, options, new Set(wanted.map(({ position }) => position)));
    return;
  }
  const text = await openText(opened, options);
  const { encoding } = text;
  try {
    const format = formatOfSource(path, text.head, options);
    const sorted = [...new Map(wanted.map((one) => [one.position, one])).values()].sort(
      (a, b) => a.position - b.position,
    );
    if (format === "json") {
      yield encoding.mark;
      const positions = new Set(sorted.map(({ position }) => position));
      const from = { name, start: text.start, onLine: io.onLine };
      for await (const piece of extractJson(from, text.blocks, options, positions)) {
        yield encoding.decode === undefined ? piece : encoded(asciiOf(piece.toString()), encoding);
      }
      return;
    }
    if (format === "yaml") {
      yield* extractYaml(text, options, new Set(sorted.map(({ position }) => position)));
      return;
    }
    const spans = sorted.map(({ position, span }) => span ?? noSpan(name, position));
    const prelude = format === "ndjson" ? encoding.mark.length : await csvPrelude(text, { ...options, format });
    const { bytes } = await openUnpacked(opened);
    const { onLine } = io;
    const onRecord = onLine && ((index: number, line: number) => onLine(sorted[index]?.position ?? 0, line));
    yield* extractSpans(bytes, { prelude, spans, encoding, ...(onRecord && { onRecord }) });
  } finally {
    await text.blocks.return();
  }
}

/** Offset in the source where the first record of a CSV begins, or where it ends without one. */
async function csvPrelude({ blocks, start, offsets }: Text, options: SourceOptions): Promise<number> {
  const hasHeader = options.csv?.header ?? true;
  let found: number | undefined;
  let end = start;
  const scanner = new RowScanner(scanOptions(options, start), {
    width: undefined,
    row: (_cells, place) => {
      found ??= hasHeader ? place.next : place.start;
    },
    bad: (_fault, place) => {
      found ??= place.start;
    },
  });
  for await (const block of blocks) {
    end += block.length;
    scanner.feed(block);
    if (found !== undefined) break;
  }
  if (found === undefined) scanner.end();
  const at = found ?? end;
  return offsets?.at(at) ?? at;
}

/** JSON text in ASCII alone: what another encoding may lack is escaped. */
function asciiOf(text: string): string {
  return text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function noSpan(name: string, position: number): never {
  throw new InternalError(`${name}: record ${position} has no span to be extracted by`);
}

/** What a source's rejected records are called and written as: as the source is, unpacked; a sheet of a workbook as CSV. @param copy - of a source read once */
export async function rejectsNameOf(
  source: BoundSource,
  options: SourceOptions,
  copy: string | undefined,
): Promise<{ readonly name: string; readonly extension?: string }> {
  const { path, given } = source;
  const name = unpackedName(source.name);
  const opened = { ...source, ...(copy !== undefined && { readFrom: copy }) };
  if (await isWorkbook(opened, options))
    return { name: `${source.sheet ?? name.replace(/\.xls[xm]$/i, "")}.csv`, extension: "csv" };
  if (copy === undefined) return { name };
  // Stdin has no name of its own.
  const text = await openText(opened, options);
  await text.blocks.return();
  const extension = formatOfSource(path, text.head, options);
  const isNamed = given === undefined || extensions[extensionOf(name)] === extension;
  return { name: isNamed ? name : `${name}.${extension}`, extension };
}

/** Gives the text, piece by piece, of the JSON records at some positions, each as it is, at the same path of keys: an array, or a map of their keys. */
async function* extractJson(
  source: {
    readonly name: string;
    readonly start: number;
    readonly onLine: ((position: number, line: number) => void) | undefined;
  },
  blocks: AsyncIterable<Buffer>,
  options: SourceOptions,
  positions: ReadonlySet<number>,
): AsyncGenerator<Buffer, void, undefined> {
  const at = recordsAt(options);
  let position = 0;
  let line = 1;
  let written = 0;
  let pieces: Buffer[] = [];
  const take = ({ text, key }: Element): void => {
    position++;
    if (text === undefined || !positions.has(position)) return;
    pieces.push(Buffer.from(written === 0 ? "\n" : ",\n"), ...(key === undefined ? [] : [key, Buffer.from(":")]), text);
    written++;
    source.onLine?.(position, line + 1);
    line += 1 + linesIn(text);
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

/** Gives the YAML records at some positions as documents that the same options read: a document that is one record as it is, an element of a list by itself. */
async function* extractYaml(
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
