import type { Cell } from "../record.js";
import type { Doubt, SourceOptions } from "../source-options.js";
import { scanOptions } from "./csv.js";
import { type Columns, headerColumns, namedColumns, numberedColumns } from "./csv-header.js";
import type { Text } from "./decode.js";
import { extensionOf, extensions, formatOfSource, type TextFormat } from "./format.js";
import { isObject, parseJson } from "./json-parse.js";
import { csvDoubt } from "./sniff-csv.js";
import { type SourceHead, sampleRows } from "./sniff-title.js";

/** How a source is read, as the mapping says or as found. */
export interface Sniffed {
  readonly format: TextFormat;
  /** Of CSV and TSV. */
  readonly dialect?: {
    readonly delimiter: string;
    readonly quote: string | null;
    /** Absent where the mapping says that there is no header, and where none is seen. */
    readonly header?: { readonly line: number; readonly columns: readonly string[] };
  };
  /** Names of its columns, in order, as records carry them; absent where records have keys of their own, and for a table without a row. */
  readonly columns?: readonly string[];
  /** Whether its content counted more than its extension. */
  readonly isByContent?: true;
  /** Of JSON whose text is one object. */
  readonly shape?: JsonShape;
}

/** Bytes that are looked at while the sample lacks rows, and while it lacks a header and a row. */
const growth = [1024 * 1024, 16 * 1024 * 1024] as const;

/** As {@link sniffSource}, looking further where the first bytes hold too few rows. */
export async function sniffText(
  path: string,
  text: Text,
  options: SourceOptions,
): Promise<{ readonly text: Text; readonly sniffed: Sniffed | { readonly doubt: Doubt } }> {
  let seen = text;
  const format = formatOfSource(path, seen.head, options);
  for (let bytes = 2 * seen.head.length; format === "csv" || format === "tsv"; bytes *= 2) {
    const { rows, isEnough } = sampleRows(seen, { ...options, format });
    const most = rows.length < 2 ? growth[1] : growth[0];
    if (seen.isWhole || isEnough || seen.head.length >= most) break;
    const grown = await seen.grow(Math.min(bytes, most));
    if (grown.head.length === seen.head.length) break;
    seen = grown;
  }
  return { text: seen, sniffed: sniffSource(path, seen, options) };
}

/**
 * Finds from a source's beginning how it is read, or what is in doubt. Pure. What the mapping says is never doubted.
 *
 * @param text - `head` is its beginning in UTF-8, `isWhole` whether that is all
 */
export function sniffSource(
  path: string,
  text: Pick<Text, "head" | "isWhole" | "start">,
  options: SourceOptions,
): Sniffed | { readonly doubt: Doubt } {
  const format = formatOfSource(path, text.head, options);
  if (format !== "csv" && format !== "tsv") {
    const pages = pagesDoubt(text, format, options);
    if (pages !== undefined) return { doubt: pages };
    const named = extensions[extensionOf(path)];
    const isByContent = options.format === undefined && named !== undefined && named !== format;
    const shape = format === "json" ? jsonShape(text, options) : undefined;
    return { format, ...(isByContent && { isByContent }), ...(shape && { shape }) };
  }
  const settled = { ...options, format };
  const doubt = csvDoubt(text, settled);
  if (doubt !== undefined) return { doubt };
  const { delimiter, quote } = scanOptions(settled, 0);
  const [first] = sampleRows(text, settled).rows;
  const hasHeader = (options.csv?.header ?? true) && first !== undefined;
  const columns = columnsOf(first?.cells, settled);
  return {
    format,
    dialect: {
      delimiter,
      quote,
      ...(hasHeader && { header: { line: first.line, columns: columns?.names ?? first.cells.map(String) } }),
    },
    ...(columns && { columns: columns.names }),
  };
}

/** Undefined where there is no row, or a header that reading refuses. */
function columnsOf(first: readonly Cell[] | undefined, options: SourceOptions): Columns | undefined {
  const { header = true, columns } = options.csv ?? {};
  if (columns !== undefined) return namedColumns(columns);
  if (first === undefined) return undefined;
  if (!header) return numberedColumns(first.length);
  const found = headerColumns(first, options);
  return "fault" in found ? undefined : found;
}

/** What the one object of a JSON text could hold in place of a record. */
export interface JsonShape {
  /** Keys, dotted, that lead to lists of objects. */
  readonly lists: readonly string[];
  /** Whether its values are objects alike, so that it is a map of records by their keys. */
  readonly isMap: boolean;
}

/** What a page of an API has beside the list. */
const pageKeys =
  /^(?:next|prev|previous|cursor|total|count|size|page|pages|limit|offset|links?|meta|has_?more|token|ok|status|kind|etag)|(?:cursor|count|token|page|url|link|total)$/i;

/** Pages of an API one a line: what the mapping leaves open about them. */
function pagesDoubt({ head }: SourceHead, format: TextFormat, options: SourceOptions): Doubt | undefined {
  if (format !== "ndjson" || options.format !== undefined || options.json !== undefined) return undefined;
  const lines = head.toString().split("\n").slice(0, 20);
  const values = lines.flatMap((line) => {
    const parsed = parseJson(line);
    return "value" in parsed ? [parsed.value] : [];
  });
  const [first] = values;
  const list = first === undefined ? undefined : pageListOf(first);
  if (list === undefined || !values.every((value) => pageListOf(value) === list)) return undefined;
  return {
    message: `every line is a page with a list at ${JSON.stringify(list)}`,
    answers: [
      { text: "the list's elements are the records", json: { records: list } },
      { text: "each line is a record", format: "ndjson" },
    ],
  };
}

/** The key of the one list of objects of a page; undefined for other texts. */
function pageListOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  const lists = entries.filter(([, inner]) => isListOfObjects(inner) || (Array.isArray(inner) && inner.length === 0));
  const isPage = entries.length > 1 && entries.every(([key]) => key === lists[0]?.[0] || pageKeys.test(key));
  return lists.length === 1 && isPage ? lists[0]?.[0] : undefined;
}

/** Of a JSON text that is one object: lists of records in it, and whether it is a map of records. Undefined for any other text. */
function jsonShape({ head, isWhole }: SourceHead, options: SourceOptions): JsonShape | undefined {
  if (options.json !== undefined || !isWhole) return undefined;
  const parsed = parseJson(head.toString());
  if (!("value" in parsed) || !isObject(parsed.value)) return undefined;
  const shape = { lists: listsIn(parsed.value, []), isMap: isMapOfRecords(parsed.value) };
  return shape.lists.length > 0 || shape.isMap ? shape : undefined;
}

/** Levels that lists are looked for. */
const levels = 3;

function listsIn(value: object, path: readonly string[]): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === "" || key.includes(".")) return [];
    if (isListOfObjects(inner)) return [[...path, key].join(".")];
    return isObject(inner) && path.length + 1 < levels ? listsIn(inner, [...path, key]) : [];
  });
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

/** At least two values, all of them objects of which each shares a key with the first. */
function isMapOfRecords(value: object): boolean {
  const values = Object.values(value);
  const [first] = values;
  if (values.length < 2 || !values.every(isObject)) return false;
  const keys = Object.keys(first as object);
  return values.every((each) => keys.some((key) => Object.hasOwn(each as object, key)));
}
