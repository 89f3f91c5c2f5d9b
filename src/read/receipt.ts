import type { SourceOptions } from "../source-options.js";
import type { BoundSource } from "./bind.js";
import type { Text } from "./decode.js";
import type { Format } from "./format.js";
import type { JsonShape, Sniffed } from "./sniff.js";
import type { Packing } from "./unpack.js";

/** How a source is read: as the mapping says, or as found where that leaves no doubt. */
export interface Receipt extends Omit<Sniffed, "format"> {
  readonly format: Format;
  readonly source: number;
  readonly name: string;
  readonly encoding: string;
  readonly hasMark: boolean;
  readonly packing?: Packing;
  /** Keys, dotted, that lead to the records of a JSON source. */
  readonly records?: string;
  /** Of a workbook. */
  readonly sheet?: string;
  readonly headerRow?: number;
  /** Name of the key of each record, where the records are the values of an object. */
  readonly keyed?: string;
}

/** Columns that a receipt names. */
const namedColumns = 6;

/** Makes the receipt of a source. */
export function receiptOf(
  source: BoundSource,
  { encoding, packing }: Pick<Text, "encoding"> & { readonly packing?: Packing },
  sniffed: Sniffed,
  { json }: SourceOptions,
): Receipt {
  return {
    ...sniffed,
    source: source.index,
    name: source.name,
    encoding: encoding.label,
    hasMark: encoding.mark.length > 0,
    ...(packing !== undefined && { packing }),
    ...(sniffed.format === "json" && json?.records !== undefined && { records: json.records }),
    ...(sniffed.format === "json" && json?.keyed !== undefined && { keyed: json.keyed }),
  };
}

/** A receipt in one line: `services.csv: CSV, UTF-8, delimiter ",", quote "\"", header in line 1: id, name (2 columns)`. */
export function receiptText(receipt: Receipt): string {
  const {
    name,
    format,
    encoding,
    hasMark,
    packing,
    dialect,
    records,
    keyed,
    isByContent,
    shape,
    sheet,
    headerRow,
    columns = [],
  } = receipt;
  const parts = [
    `${format.toUpperCase()}${isByContent ? " by its content" : ""}${packing === undefined ? "" : ` packed by ${packing}`}`,
  ];
  if (sheet === undefined) parts.push(encoding + (hasMark ? " with byte order mark" : ""));
  else {
    parts.push(`sheet ${JSON.stringify(sheet)}`);
    parts.push(headerRow === undefined ? "no header" : `header in row ${headerRow}: ${listed(columns)}`);
  }
  if (records !== undefined) parts.push(`records at ${records}`);
  if (keyed !== undefined) parts.push(`records by their key, as ${keyed}`);
  if (shape !== undefined) parts.push(`one object${shapeText(shape)}`);
  if (dialect !== undefined) {
    const { delimiter, quote, header } = dialect;
    parts.push(`delimiter ${JSON.stringify(delimiter)}`, quote === null ? "no quote" : `quote ${quote}`);
    parts.push(header === undefined ? "no header" : `header in line ${header.line}: ${listed(header.columns)}`);
  }
  return `${name}: ${parts.join(", ")}`;
}

function shapeText({ lists, isMap }: JsonShape): string {
  if (isMap) return ", whose values are alike (json.keyed makes a record of each)";
  return `, with ${lists.length === 1 ? "a list" : "lists"} at ${lists.slice(0, 5).join(", ")} (json.records makes records of ${lists.length === 1 ? "it" : "one"})`;
}

function listed(columns: readonly string[]): string {
  const shown = columns
    .slice(0, namedColumns)
    .map((column) => (/^[\p{L}\p{N}_. -]+$/u.test(column) ? column : JSON.stringify(column)));
  if (columns.length > namedColumns) shown.push("…");
  return `${shown.join(", ")} (${columns.length === 1 ? "1 column" : `${columns.length} columns`})`;
}
