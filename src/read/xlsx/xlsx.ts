import type { Chunk } from "../../chunk.js";
import { SourceError } from "../../errors.js";
import type { Cell, SourceRecord } from "../../record.js";
import { type Doubt, doubtError, type SourceOptions } from "../../source-options.js";
import { ChunkSink, defaultMaxRecordBytes } from "../chunk-sink.js";
import { type Columns, delimiterOf, headerColumns, namedColumns, numberedColumns, quoteOf } from "../csv-header.js";
import type { OpenIo } from "../open.js";
import type { Receipt } from "../receipt.js";
import { repeatedDoubt } from "../sniff-csv.js";
import { titleBefore } from "../sniff-title.js";
import { type OpenSheet, openSheet, type WorkbookSource } from "./open-sheet.js";
import type { SheetRow } from "./rows.js";

/** Rows that are looked at for a title. */
const sampledRows = 20;

/** A workbook among the sources. */
type IndexedWorkbook = WorkbookSource & { readonly index: number };

/** Reads a sheet of a workbook: a record is an array of typed cells beside the sheet's one array of columns, and the number of its row. */
export async function* readWorkbookSource(
  source: IndexedWorkbook,
  options: SourceOptions,
  io: OpenIo & {
    readonly limit?: number;
    readonly chunkRecords?: number;
    readonly onReceipt?: (receipt: Receipt) => void;
  },
): AsyncGenerator<Chunk<SourceRecord>, void, undefined> {
  const opened = await openSheet(source, options, io);
  if ("doubt" in opened) throw doubtError(source.name, opened.doubt);
  try {
    const table = new SheetTable(source, options, opened);
    const sink = new ChunkSink(source.index, io.limit, {}, io.chunkRecords);
    for await (const rows of table.rows()) {
      if ("doubt" in rows) throw doubtError(source.name, rows.doubt);
      if ("receipt" in rows) io.onReceipt?.(rows.receipt);
      else for (const row of rows) take(row, table, sink, options);
      yield* sink.complete();
      io.signal?.throwIfAborted();
      if (sink.isFull) break;
    }
    if (sink.count === 0) sink.warn({ code: "no_records", message: `${source.name} holds no record`, count: 1 });
    for (const warning of factsOf(opened)) sink.warn(warning);
    yield* sink.rest();
  } finally {
    await opened.close();
  }
}

/** How a sheet is read, or what is in doubt about it. */
export async function sniffWorkbook(
  source: IndexedWorkbook,
  options: SourceOptions,
  io: OpenIo,
): Promise<{ readonly receipt: Receipt } | { readonly doubt: Doubt }> {
  const opened = await openSheet(source, options, io);
  if ("doubt" in opened) return opened;
  try {
    for await (const found of new SheetTable(source, options, opened).rows())
      if ("doubt" in found || "receipt" in found) return found;
    throw new SourceError(source.name, "has no header: its sheet holds nothing", {
      hint: "Name another sheet under source.xlsx.sheet.",
    });
  } finally {
    await opened.close();
  }
}

/** Gives the rows at some positions as CSV with the header, in the mapping's delimiter. */
export async function* extractRows(
  source: IndexedWorkbook,
  options: SourceOptions,
  positions: ReadonlySet<number>,
): AsyncGenerator<Buffer, void, undefined> {
  const opened = await openSheet(source, options);
  if ("doubt" in opened) throw doubtError(source.name, opened.doubt);
  try {
    const table = new SheetTable(source, options, opened);
    const line = (cells: readonly Cell[]): Buffer => Buffer.from(csvLine(cells, options));
    let position = 0;
    for await (const rows of table.rows()) {
      if ("doubt" in rows) throw doubtError(source.name, rows.doubt);
      if ("receipt" in rows) yield line(table.columns.cells);
      else {
        for (const { cells } of rows) {
          if (!positions.has(++position)) continue;
          const missing = Math.max(0, table.columns.cells.length - cells.length);
          yield line([...cells, ...new Array<Cell>(missing).fill(null)]);
        }
      }
    }
  } finally {
    await opened.close();
  }
}

/** A sheet as a table: its first rows are looked at before any is given. */
class SheetTable {
  readonly #source: IndexedWorkbook;
  readonly #options: SourceOptions;
  readonly #sheet: OpenSheet;
  #columns: Columns | undefined;

  constructor(source: IndexedWorkbook, options: SourceOptions, sheet: OpenSheet) {
    this.#source = source;
    this.#options = options;
    this.#sheet = sheet;
  }

  /** Known once the receipt is given. */
  get columns(): Columns {
    return this.#columns ?? numberedColumns(0);
  }

  /** Gives a doubt, or first the receipt and then the rows after the header. */
  async *rows(): AsyncGenerator<readonly SheetRow[] | { readonly doubt: Doubt } | { readonly receipt: Receipt }> {
    let first: SheetRow[] | undefined = [];
    for await (const rows of this.#sheet.rows()) {
      if (first === undefined) yield rows;
      else {
        first.push(...rows);
        if (first.length < sampledRows) continue;
        yield* this.#begin(first);
        first = undefined;
      }
    }
    if (first !== undefined) yield* this.#begin(first);
  }

  *#begin(
    all: readonly SheetRow[],
  ): Generator<readonly SheetRow[] | { readonly doubt: Doubt } | { readonly receipt: Receipt }> {
    const { csv, xlsx } = this.#options;
    const rows = xlsx?.headerRow === undefined ? all : all.filter(({ number }) => number >= (xlsx.headerRow ?? 1));
    const doubt = this.#doubt(rows);
    if (doubt !== undefined) {
      yield { doubt };
      return;
    }
    const [header] = rows;
    if (header === undefined) return;
    const hasHeader = csv?.header ?? true;
    this.#columns = hasHeader
      ? this.#header(header)
      : csv?.columns
        ? namedColumns(csv.columns)
        : numberedColumns(header.cells.length);
    const { name, index } = this.#source;
    const columns = this.#columns.names;
    yield {
      receipt: {
        source: index,
        name,
        format: "xlsx",
        encoding: "UTF-8",
        hasMark: false,
        columns,
        sheet: this.#sheet.sheet.name,
        ...(hasHeader && { headerRow: header.number }),
      },
    };
    yield hasHeader ? rows.slice(1) : rows;
  }

  #header({ cells, number }: SheetRow): Columns {
    const columns = headerColumns(cells, this.#options);
    if (!("fault" in columns)) return columns;
    throw new SourceError(this.#source.name, `the header in row ${number} is ambiguous: ${columns.fault}`, {
      hint: "Say under source in the mapping: csv: { repeatedColumns: list } or csv: { repeatedColumns: number }; xlsx: { headerRow: N } names the row of the header.",
      line: number,
    });
  }

  #doubt(rows: readonly SheetRow[]): Doubt | undefined {
    const { xlsx } = this.#options;
    const sample = rows.slice(0, sampledRows);
    const width = Math.max(0, ...sample.map(({ cells }) => cells.length));
    // A sheet's rows end with their last filled cell.
    const even = sample.map(({ cells, number }) => ({
      cells: Array.from({ length: width }, (_, index) => cells[index] ?? ""),
      line: number,
    }));
    const title = xlsx?.headerRow === undefined ? titleBefore(even, {}) : undefined;
    const doubt = title ?? repeatedDoubt({ options: this.#options, rows: even });
    const answers = doubt?.answers.map(({ text, csv }) =>
      csv?.skipLines === undefined
        ? { text, csv }
        : { text, xlsx: { ...xlsx, headerRow: (csv.skipLines || (sample[0]?.number ?? 1) - 1) + 1 } },
    );
    return doubt && answers && { message: doubt.message.replaceAll("line", "row"), answers };
  }
}

function take({ number, cells, bytes }: SheetRow, table: SheetTable, sink: ChunkSink, options: SourceOptions): void {
  const { names, cells: all, gather } = table.columns;
  const at = sink.place(number);
  const max = options.maxRecordBytes ?? defaultMaxRecordBytes;
  if (bytes > max) {
    sink.refuse(
      { code: "record_too_large", message: `the row is larger than ${max} bytes; raise maxRecordBytes` },
      at,
      0,
    );
    return;
  }
  if (cells.length > all.length && options.csv?.longRows === "drop") cells.length = all.length;
  if (cells.length > all.length) {
    const message = `the row has a cell after the last column of the header; name that column, or set csv.longRows: drop`;
    sink.refuse({ code: "ragged_row", message, value: `${cells.length} instead of ${all.length}` }, at, bytes);
    return;
  }
  while (cells.length < all.length) cells.push(null);
  sink.add({ at, columns: names, cells: gather === undefined ? cells : gather(cells) }, bytes);
}

function* factsOf({
  facts,
  sheet,
}: OpenSheet): Generator<{ code: "sheet_noted"; message: string; count: number; path: string }> {
  const { hiddenRows, mergedRanges, errorCells, openFormulas } = facts();
  const note = (message: string, count: number) => ({ code: "sheet_noted", message, count, path: sheet.name }) as const;
  if (hiddenRows > 0) yield note("rows that the sheet hides were read", hiddenRows);
  if (mergedRanges > 0)
    yield note("merged ranges hold their value in their first cell only; the others are blank", mergedRanges);
  if (errorCells > 0) yield note("cells that show an error, such as #N/A, were read as blank", errorCells);
  if (openFormulas > 0)
    yield note(
      "formulas have no stored value and were read as blank; open the workbook in a spreadsheet and save it",
      openFormulas,
    );
}

/** A row as CSV: what is null is empty, and a list is not there, since it was not yet gathered. */
function csvLine(cells: readonly Cell[], options: SourceOptions): string {
  const delimiter = delimiterOf({ ...options, format: "csv" });
  const quote = quoteOf(options.csv) ?? '"';
  const one = (cell: Cell): string => {
    const text = cell === null ? "" : String(cell);
    const isPlain = !text.includes(delimiter) && !text.includes(quote) && !/[\r\n]|^\s|\s$/.test(text);
    return isPlain ? text : quote + text.replaceAll(quote, quote + quote) + quote;
  };
  return `${cells.map(one).join(delimiter)}\n`;
}
