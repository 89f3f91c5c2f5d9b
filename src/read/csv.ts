import { SourceError } from "../errors.js";
import type { Finding } from "../reject.js";
import type { SourceOptions } from "../source-options.js";
import type { ChunkSink } from "./chunk-sink.js";
import { defaultMaxRecordBytes, type Reader, type ReaderInput } from "./reader.js";
import { type RowFault, type RowPlace, RowScanner, type RowSink, type ScanOptions } from "./row-scanner.js";

/**
 * Reads CSV and TSV: a record is an array of cells beside the source's one array of columns, with span and line.
 *
 * A row with more or fewer cells than the header and a fault of quoting are rejects; the rows after them are read.
 * Feeding throws a SourceError when the header names a column twice, leaves a name empty or cannot be read.
 */
export class CsvReader implements Reader, RowSink {
  readonly #name: string;
  readonly #sink: ChunkSink;
  readonly #scanner: RowScanner;
  readonly #maxRecordBytes: number;
  readonly #hasHeader: boolean;
  #columns: readonly string[] | undefined;

  constructor(input: ReaderInput) {
    this.#name = input.name;
    this.#sink = input.sink;
    this.#hasHeader = input.options.csv?.header ?? true;
    this.#columns = this.#hasHeader ? undefined : input.options.csv?.columns;
    const scan = scanOptions(input.options, input.start);
    this.#maxRecordBytes = scan.maxRecordBytes;
    this.#scanner = new RowScanner(scan, this);
  }

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

  /** Takes a row from the scanner. */
  row(cells: string[], place: RowPlace): void {
    if (this.#columns === undefined) {
      this.#columns = this.#hasHeader ? checkHeader(this.#name, cells, place.line) : numberColumns(cells);
      if (this.#hasHeader) return;
    }
    const columns = this.#columns;
    const { start, end, line } = place;
    const at = this.#sink.place(line);
    if (cells.length === columns.length) {
      this.#sink.add({ at, span: { start, end }, columns, cells }, end - start);
    } else {
      this.#sink.refuse(raggedRow(cells, columns), at, end - start, { start, end });
    }
  }

  /** Takes a physical line that is no row. */
  bad(fault: RowFault, place: RowPlace): void {
    const { start, end, line } = place;
    if (this.#columns === undefined && this.#hasHeader) {
      throw new SourceError(
        this.#name,
        `the header in line ${line} cannot be read: ${said(fault, undefined, this.#maxRecordBytes)}`,
        {
          hint: "Mend the header's quotes, or name the delimiter and the quote under source.csv in the mapping.",
          offset: start,
          line,
        },
      );
    }
    const column = fault.cell === undefined ? undefined : (this.#columns?.[fault.cell] ?? `column${fault.cell + 1}`);
    const finding: Finding = {
      code: fault.code,
      message: said(fault, column, this.#maxRecordBytes),
      ...(column === undefined ? {} : { path: column }),
    };
    this.#sink.refuse(finding, this.#sink.place(line), Math.min(end - start, this.#maxRecordBytes), { start, end });
  }
}

/** How the rows of a CSV or TSV source are found. */
export function scanOptions(options: SourceOptions, start: number): ScanOptions {
  const quote = options.csv?.quote ?? '"';
  return {
    delimiter: options.csv?.delimiter ?? (options.format === "tsv" ? "\t" : ","),
    quote: quote === false ? null : quote,
    start,
    skipLines: options.csv?.skipLines ?? 0,
    maxRecordBytes: options.maxRecordBytes ?? defaultMaxRecordBytes,
    ...(options.csv?.comment !== undefined && { comment: options.csv.comment }),
  };
}

function checkHeader(name: string, columns: string[], line: number): readonly string[] {
  const empty = columns.flatMap((column, index) => (column.trim() === "" ? [index + 1] : []));
  const twice = [
    ...new Set(columns.filter((column, index) => column.trim() !== "" && columns.indexOf(column) !== index)),
  ];
  const faults = [
    ...(empty.length > 0
      ? [
          `${empty.length === 1 ? "column" : "columns"} ${empty.join(", ")} ${empty.length === 1 ? "has" : "have"} no name`,
        ]
      : []),
    ...twice.map((column) => {
      const places = columns.flatMap((other, index) => (other === column ? [index + 1] : []));
      return `"${column}" names the columns ${places.join(", ")}`;
    }),
  ];
  if (faults.length > 0) {
    throw new SourceError(name, `the header in line ${line} is ambiguous: ${faults.join("; ")}`, {
      hint: "Give every column a name of its own.",
      line,
    });
  }
  return columns;
}

function numberColumns(cells: readonly string[]): readonly string[] {
  return cells.map((_, index) => `column${index + 1}`);
}

function raggedRow(cells: readonly string[], columns: readonly string[]): Finding {
  return {
    code: "ragged_row",
    message: `the row has ${count(cells.length)} where ${count(columns.length)} are expected; quote a cell that holds the delimiter or a line end`,
    value: `${cells.length} instead of ${columns.length}`,
  };
}

function count(cells: number): string {
  return cells === 1 ? "1 cell" : `${cells} cells`;
}

function said(fault: RowFault, column: string | undefined, maxRecordBytes: number): string {
  const where = column === undefined ? "" : ` in column "${column}"`;
  switch (fault.code) {
    case "unclosed_quote":
      return `a quote opens${where} and never closes; the lines after this one were read on their own`;
    case "bad_quote":
      return `a quote stands in the middle of a cell${where}, or one that opened there is not closed before the delimiter; double a quote that belongs to the text`;
    case "record_too_large":
      return `the row is larger than ${maxRecordBytes} bytes; a quote may be left open, else raise maxRecordBytes`;
  }
}
