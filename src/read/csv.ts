import { SourceError } from "../errors.js";
import type { Cell } from "../record.js";
import type { Finding } from "../reject.js";
import type { SourceOptions } from "../source-options.js";
import { type ChunkSink, defaultMaxRecordBytes, type Reader, type ReaderInput } from "./chunk-sink.js";
import {
  type Columns,
  delimiterOf,
  headerColumns,
  namedColumns,
  numberedColumns,
  quoteOf,
  repeatedColumnsHint,
} from "./csv-header.js";
import type { RowFault, RowPlace } from "./row-cutter.js";
import { RowScanner, type RowTaker, type ScanOptions } from "./row-scanner.js";

/**
 * Reads CSV and TSV: a record is an array of cells beside the source's one array of columns, with span and line.
 *
 * A row with more or fewer cells than the header and a fault of quoting are rejects; the rows after them are read.
 * Feeding throws a SourceError when the header cannot be read, names no column, or one column twice against the options.
 */
export class CsvReader implements Reader, RowTaker {
  readonly #name: string;
  readonly #sink: ChunkSink;
  readonly #scanner: RowScanner;
  readonly #maxRecordBytes: number;
  readonly #hasHeader: boolean;
  readonly #options: SourceOptions;
  #columns: Columns | undefined;

  constructor(input: ReaderInput) {
    const { csv } = input.options;
    this.#name = input.name;
    this.#sink = input.sink;
    this.#options = input.options;
    this.#hasHeader = csv?.header ?? true;
    this.#columns = this.#hasHeader || csv?.columns === undefined ? undefined : namedColumns(csv.columns);
    const scan = scanOptions(input.options, input.start);
    this.#maxRecordBytes = scan.maxRecordBytes;
    this.#scanner = new RowScanner(scan, this);
  }

  /** Cells of a row, once the header is known. */
  get width(): number | undefined {
    return this.#columns?.cells.length;
  }

  /** The scanner cuts the block into rows, and gives each to `row` below. */
  feed(block: Buffer): void {
    this.#scanner.feed(block);
  }

  end(): void {
    this.#scanner.end();
    if (this.#scanner.linesToSkip > 0) {
      throw new SourceError(this.#name, "has fewer lines than csv.skipLines says to skip", {
        hint: "Lower csv.skipLines in the mapping's source.",
      });
    }
    if (this.#hasHeader && this.#columns === undefined) {
      throw new SourceError(this.#name, "has no header: it holds only blank lines or comments", {
        hint: "Give it a first line that names the columns, or set csv.header: false.",
      });
    }
  }

  cut(): void {
    this.#scanner.cut();
  }

  /** Makes a record, or a reject, of a row. */
  row(cells: Cell[], place: RowPlace): void {
    const { start, end, line } = place;
    if (this.#columns === undefined) {
      this.#columns = this.#hasHeader ? this.#header(cells, place) : numberedColumns(cells.length);
      if (this.#hasHeader) return;
    }
    // least: cells up to the last named column. gather: columns of one name become one column with a list of their cells (`repeatedColumns: list`).
    const { names, least, gather } = this.#columns;
    const width = this.#columns.cells.length;
    const at = this.#sink.place(line);
    if (cells.length !== width) this.#fit(cells, width, least);
    if (cells.length === width) {
      const row = gather === undefined ? cells : gather(cells);
      // Part of the next chunk, which the sink closes at its most records or bytes.
      this.#sink.add({ at, span: { start, end }, columns: names, cells: row }, end - start);
    } else {
      this.#sink.refuse(raggedRow(cells.length, width), at, end - start, { start, end });
    }
  }

  /** Leaves out cells after the last column, and fills a short row up, where that loses nothing or the options say so. */
  #fit(cells: Cell[], width: number, least: number): void {
    const { longRows, shortRows } = this.#options.csv ?? {};
    const isEmptyBehind = cells.slice(width).every((cell) => cell === "");
    if (cells.length > width && (longRows === "drop" || isEmptyBehind)) cells.length = width;
    const isPadded = cells.length >= least || shortRows === "pad";
    while (cells.length < width && isPadded) cells.push("");
  }

  /** Takes a physical line that is not a row. */
  bad(fault: RowFault, place: RowPlace): void {
    const { start, end, line } = place;
    if (this.#columns === undefined && this.#hasHeader) {
      throw new SourceError(
        this.#name,
        `the header in line ${line} cannot be read: ${messageOf(fault, undefined, this.#maxRecordBytes)}`,
        {
          hint: "Correct the header's quotes, or name the delimiter and the quote under source.csv in the mapping.",
          offset: start,
          line,
        },
      );
    }
    const column =
      fault.cell === undefined ? undefined : (this.#columns?.cells[fault.cell] ?? `column${fault.cell + 1}`);
    const finding: Finding = {
      code: fault.code,
      message: messageOf(fault, column, this.#maxRecordBytes),
      ...(column === undefined ? {} : { path: column }),
    };
    this.#sink.refuse(finding, this.#sink.place(line), Math.min(end - start, this.#maxRecordBytes), { start, end });
  }

  #header(cells: Cell[], { start, end, line }: RowPlace): Columns {
    const bad = this.#sink.badTextIn({ start, end });
    if (bad !== undefined)
      throw new SourceError(this.#name, `the header in line ${line} cannot be read: ${bad.message}`, {
        hint: "Name its encoding under source in the mapping, or correct the header.",
        line,
      });
    const columns = headerColumns(cells, this.#options);
    if (!("fault" in columns)) return columns;
    throw new SourceError(this.#name, `the header in line ${line} is ambiguous: ${columns.fault}`, {
      hint: columns.fault.includes("names the columns")
        ? repeatedColumnsHint
        : "Name the line of the header: csv.skipLines is the number of lines before it; csv.header: false says that there is none.",
      line,
    });
  }
}

/** How the rows of a CSV or TSV source are found. */
export function scanOptions(options: SourceOptions, start: number): ScanOptions {
  const { csv } = options;
  return {
    delimiter: delimiterOf(options),
    quote: quoteOf(csv),
    isLenient: csv?.quotes === "lenient",
    isTrimmed: csv?.trim ?? false,
    start,
    skipLines: csv?.skipLines ?? 0,
    maxRecordBytes: options.maxRecordBytes ?? defaultMaxRecordBytes,
    ...(csv?.escape !== undefined && { escape: csv.escape }),
    ...(csv?.comment !== undefined && { comment: csv.comment }),
  };
}

function raggedRow(cells: number, columns: number): Finding {
  const setting = cells < columns ? "csv.shortRows: pad fills it up" : "csv.longRows: drop leaves out the rest";
  return {
    code: "ragged_row",
    message: `the row has ${count(cells)} where ${count(columns)} are expected; quote a cell that holds the delimiter or a line end; ${setting}`,
    value: `${cells} instead of ${columns}`,
  };
}

function count(cells: number): string {
  return cells === 1 ? "1 cell" : `${cells} cells`;
}

function messageOf(fault: RowFault, column: string | undefined, maxRecordBytes: number): string {
  const where = column === undefined ? "" : ` in column "${column}"`;
  switch (fault.code) {
    case "unclosed_quote":
      return fault.over === undefined
        ? `a quote opens${where} and never closes; the lines after this one were read on their own`
        : `a quote opens${where} and closes only ${fault.over - 1} lines later, over lines that are rows themselves; they were read on their own`;
    case "bad_quote":
      return `a quote is in the middle of a quoted cell${where}, or one that opened there is not closed before the delimiter; double a quote that belongs to the text, or set csv.quotes: lenient (csv.escape where a backslash precedes it)`;
    case "record_too_large":
      return `the row is larger than ${maxRecordBytes} bytes; a quote may be left open, else raise maxRecordBytes`;
  }
}
