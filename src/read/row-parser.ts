import { type CsvError, Parser } from "csv-parse";

/** How the rows of a CSV are written. */
export interface Dialect {
  readonly delimiter: string;
  /** Null where no cell is quoted. A quote within quotes is doubled. */
  readonly quote: string | null;
}

/**
 * csv-parse without its stream machinery: bytes in, rows out at once, each with the offset after its line end.
 *
 * M: `info: true` makes an object of a dozen fields for each row and costs a third of the speed; `info.bytes` read while the row is
 * pushed says the same for nothing. `record_delimiter` is explicit because discovery merges the rows of mixed line ends.
 */
export class RowParser extends Parser {
  readonly #onRow: (cells: string[], next: number) => void;

  /**
   * @param lfOnly - whether the bytes hold no CR
   * @param onRow - takes a row's cells and how many of the bytes fed it and the rows before it take, line end included
   */
  constructor(dialect: Dialect, lfOnly: boolean, onRow: (cells: string[], next: number) => void) {
    super({
      delimiter: dialect.delimiter,
      quote: dialect.quote,
      escape: dialect.quote,
      record_delimiter: lfOnly ? ["\n"] : ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
    });
    this.#onRow = onRow;
  }

  /** Parses the next bytes; gives the fault at which it stopped for good, if any. */
  feed(block: Buffer): CsvError | undefined {
    let fault: Error | null | undefined;
    this._transform(block, "utf8", (error) => {
      fault = error;
    });
    return fault as CsvError | undefined;
  }

  /** Parses what is left as the last row. */
  finish(): CsvError | undefined {
    let fault: Error | null | undefined;
    this._flush((error) => {
      fault = error;
    });
    return fault as CsvError | undefined;
  }

  /** Called by csv-parse with each row; nothing enters the stream's own queue. */
  override push(cells: string[] | null): boolean {
    if (cells !== null) this.#onRow(cells, this.info.bytes);
    return true;
  }
}
