import type { SourceOptions } from "../source-options.js";
import { scanOptions } from "./csv.js";
import type { Doubt } from "./doubt.js";
import { type Format, tellFormat } from "./format.js";
import { RowScanner } from "./row-scanner.js";

/** How a source is read, as told by the mapping or found. */
export interface Sniffed {
  readonly format: Format;
  /** Of CSV and TSV. */
  readonly dialect?: {
    readonly delimiter: string;
    readonly quote: string | null;
    /** Absent where the mapping says that there is no header, and where none is seen. */
    readonly header?: { readonly line: number; readonly columns: readonly string[] };
  };
  /** Names of its columns, in order, as records carry them; absent where records have keys of their own, and for a table without a row. */
  readonly columns?: readonly string[];
}

interface Row {
  readonly cells: readonly string[];
  readonly line: number;
}

/** Bytes and rows that are looked at. */
const sampleBytes = 32 * 1024;
const sampleRows = 20;
const delimiters = [",", ";", "\t", "|"];

/**
 * Tells from a source's beginning how it is read, or what is in doubt. Pure. What the mapping says is never doubted.
 *
 * A CSV is in doubt only when (1) its first line is Excel's `sep=…`; (2) its header has one column by the default delimiter and several by another one, as at
 * least half of the rows after it; (3) the default delimiter cuts the first rows to different widths, or to fewer columns, and another one cuts all of them to
 * one width; (4) one to ten lines of one cell, by the default delimiter and by the one found, stand before rows of one greater width; (5) all cells of the
 * header stand in single quotes; (6) a cell of the header is a number other than a year, a date, true or false.
 *
 * @param text - `head` is its beginning in UTF-8, `isWhole` whether that is all
 */
export function sniffSource(
  path: string,
  text: { readonly head: Buffer; readonly isWhole: boolean; readonly start: number },
  options: SourceOptions,
): Sniffed | { readonly doubt: Doubt } {
  const format = tellFormat(path, text.head, options);
  if (format === "json" || format === "ndjson") return { format };
  const settled = { ...options, format };
  const doubt = separatorLine(text.head, settled) ?? doubtOfDelimiter(text, settled) ?? doubtOfHeader(text, settled);
  if (doubt !== undefined) return { doubt };
  const { delimiter, quote } = scanOptions(settled, 0);
  const [first] = rowsOf(text, settled);
  const hasHeader = (options.csv?.header ?? true) && first !== undefined;
  const columns = hasHeader ? first.cells : (options.csv?.columns ?? first?.cells.map((_, at) => `column${at + 1}`));
  return {
    format,
    dialect: { delimiter, quote, ...(hasHeader && { header: { line: first.line, columns: first.cells } }) },
    ...(columns !== undefined && { columns }),
  };
}

function separatorLine(head: Buffer, { csv }: SourceOptions): Doubt | undefined {
  const delimiter = /^"?sep=([^\r\n"]+)"?\r?\n/i.exec(head.toString("utf8", 0, 64))?.[1];
  if (delimiter === undefined || csv?.skipLines !== undefined) return undefined;
  return {
    message: `its first line is ${JSON.stringify(`sep=${delimiter}`)}, which names the delimiter for Excel and is no header`,
    answers: [
      { text: "the header follows it", csv: { ...csv, delimiter: csv?.delimiter ?? delimiter, skipLines: 1 } },
      { text: "it is the header", csv: { ...csv, skipLines: 0 } },
    ],
  };
}

type Sample = Parameters<typeof sniffSource>[1];

function doubtOfDelimiter(text: Sample, options: SourceOptions): Doubt | undefined {
  const { delimiter: own } = scanOptions(options, 0);
  const widthsBy = (delimiter: string): number[] =>
    rowsOf(text, { ...options, csv: { ...options.csv, delimiter } }).map(({ cells }) => cells.length);
  const ownWidths = widthsBy(own);
  const [ownHeader = 0] = ownWidths;
  const others = options.csv?.delimiter === undefined ? delimiters.filter((other) => other !== own) : [];
  const better = others.filter((other) => {
    const widths = widthsBy(other);
    const [header = 0, ...rows] = widths;
    if (header < 2) return false;
    const fitting = rows.filter((width) => width === header).length;
    if (ownHeader < 2) return 2 * fitting >= rows.length;
    return rows.length > 0 && fitting === rows.length && (header > ownHeader || !isEven(ownWidths));
  });
  if (better.length > 0) {
    return {
      message: `by the delimiter ${JSON.stringify(own)} its header has ${columns(ownHeader)}, by ${better.map((other) => `${JSON.stringify(other)} ${columns(widthsBy(other)[0] ?? 0)}`).join(", by ")}`,
      answers: [...better, own].map((delimiter) => ({
        text: columns(widthsBy(delimiter)[0] ?? 0),
        csv: { ...options.csv, delimiter },
      })),
    };
  }
  if (ownHeader !== 1) return undefined;
  return [own, ...others].map((delimiter) => doubtOfPreamble(text, options, delimiter)).find((doubt) => doubt);
}

function doubtOfPreamble(text: Sample, options: SourceOptions, delimiter: string): Doubt | undefined {
  const { csv } = options;
  if (csv?.skipLines !== undefined || csv?.comment !== undefined || csv?.header === false) return undefined;
  const rows = rowsOf(text, { ...options, csv: { ...csv, delimiter } });
  const skipped = rows.findIndex(({ cells }) => cells.length > 1);
  const table = rows.slice(skipped);
  if (skipped < 1 || skipped > 10 || table.length < 2 || !isEven(table.map(({ cells }) => cells.length))) {
    return undefined;
  }
  const [header] = table;
  if (header === undefined) return undefined;
  const named = { ...csv, ...(delimiter !== scanOptions(options, 0).delimiter && { delimiter }) };
  const mark = rows.slice(0, skipped).every(({ cells }) => cells[0]?.startsWith("#"));
  return {
    message: `line ${rows[0]?.line} has 1 cell, and from line ${header.line} on every row has ${header.cells.length}`,
    answers: [
      ...(mark ? [{ text: "lines that begin with # are comments", csv: { ...named, comment: "#" } }] : []),
      { text: `the header is line ${header.line}`, csv: { ...named, skipLines: header.line - 1 } },
      { text: `the header is line ${rows[0]?.line}`, csv: { ...csv, skipLines: 0 } },
    ],
  };
}

function doubtOfHeader(text: Sample, options: SourceOptions): Doubt | undefined {
  const { csv } = options;
  const [header] = rowsOf(text, options);
  if (header === undefined) return undefined;
  if (csv?.quote === undefined && header.cells.every((cell) => /^'.*'$/s.test(cell))) {
    return {
      message: `every cell of its first row stands in single quotes, and the quote is "`,
      answers: [
        { text: "single quotes quote", csv: { ...csv, quote: "'" } },
        { text: "they belong to the text", csv: { ...csv, quote: '"' } },
      ],
    };
  }
  const value = csv?.header === undefined ? header.cells.find(isValue) : undefined;
  if (value === undefined) return undefined;
  return {
    message: `the first row, line ${header.line}, names the columns by default, and one of its cells is the value ${JSON.stringify(value)}`,
    answers: [
      {
        text: "there is no header; columns are column1, column2, … or as columns names them",
        csv: { ...csv, header: false },
      },
      { text: "it is the header", csv: { ...csv, header: true } },
    ],
  };
}

/** True for a number that is no year, a date, true or false: hardly the name of a column. */
function isValue(cell: string): boolean {
  if (/^(?:19|20)\d\d$/.test(cell)) return false;
  return /^(?:[+-]?\d+(?:[.,]\d+)?|\d{4}-\d\d-\d\d(?:[T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|true|false)$/i.test(cell);
}

function isEven(widths: readonly number[]): boolean {
  return widths.every((width) => width === widths[0]);
}

function rowsOf({ head, isWhole, start }: Sample, options: SourceOptions): readonly Row[] {
  const rows: Row[] = [];
  let isBroken = false;
  const scanner = new RowScanner(scanOptions(options, start), {
    row: (cells, { line }) => {
      if (rows.length < sampleRows && !isBroken) rows.push({ cells, line });
    },
    // A header that cannot be read is a fault of its own, which reading tells.
    bad: () => {
      isBroken ||= rows.length === 0;
    },
  });
  scanner.feed(head.subarray(0, sampleBytes));
  if (isWhole && head.length <= sampleBytes) scanner.end();
  return rows;
}

function columns(count: number): string {
  return count === 1 ? "1 column" : `${count} columns`;
}
