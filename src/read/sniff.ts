import type { Cell } from "../record.js";
import type { SourceOptions } from "../source-options.js";
import { scanOptions } from "./csv.js";
import { type Columns, headerColumns, namedColumns, numberedColumns } from "./csv-header.js";
import type { Text } from "./decode.js";
import type { Doubt } from "./doubt.js";
import { extensionOf, extensions, type TextFormat, tellFormat } from "./format.js";
import { sampleRows } from "./sample-rows.js";
import { csvDoubt } from "./sniff-csv.js";
import { type JsonShape, jsonShape, pagesDoubt } from "./sniff-json.js";

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
  const format = tellFormat(path, seen.head, options);
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
 * Tells from a source's beginning how it is read, or what is in doubt. Pure. What the mapping says is never doubted.
 *
 * @param text - `head` is its beginning in UTF-8, `isWhole` whether that is all
 */
export function sniffSource(
  path: string,
  text: Pick<Text, "head" | "isWhole" | "start">,
  options: SourceOptions,
): Sniffed | { readonly doubt: Doubt } {
  const format = tellFormat(path, text.head, options);
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
