import type { CsvError } from "csv-parse";
import type { RejectCode } from "../reject.js";
import { type Dialect, RowParser } from "./row-parser.js";
import { Window } from "./window.js";

/** Where a row stands in its source. */
export interface RowPlace {
  /** Offset of the first byte, after blank lines. */
  readonly start: number;
  /** Offset after the last byte, line end left out. */
  readonly end: number;
  /** Offset after the line end. */
  readonly next: number;
  /** Physical line of the first byte. */
  readonly line: number;
}

/** Why a physical line is no row. */
export interface RowFault {
  readonly code: Extract<RejectCode, "bad_quote" | "unclosed_quote" | "record_too_large">;
  /** Index of the cell, from 0, where known. */
  readonly cell?: number;
}

/** What takes the rows of a {@link RowScanner}, in source order. */
export interface RowSink {
  row(cells: string[], place: RowPlace): void;
  bad(fault: RowFault, place: RowPlace): void;
}

/** Where and how a {@link RowScanner} begins. */
export interface ScanOptions extends Dialect {
  /** Offset of the first byte fed. */
  readonly start: number;
  /** Physical lines to pass before the first row. */
  readonly skipLines: number;
  readonly maxRecordBytes: number;
  /** Text that begins a line which is no row. */
  readonly comment?: string;
}

/**
 * Finds the rows of a CSV with their exact byte ranges and lines, and goes on after a fault.
 *
 * A quote in the wrong place, one that never closes and a row beyond `maxRecordBytes` cost the physical line on which the row began; parsing begins
 * anew on the next one. No byte is parsed more than twice for it: a line that leaves a quote open holds an odd number of quotes, and the next
 * such line either closes it or is where it fails.
 */
export class RowScanner {
  readonly #options: ScanOptions;
  readonly #sink: RowSink;
  readonly #window: Window;
  readonly #comment: Buffer | undefined;
  readonly #quote: Buffer | undefined;
  /** Absent where the bytes from the start on have not been given to one. */
  #parser: RowParser | undefined;
  #fed: number;
  #start: number;
  #fault: RowFault | undefined;
  /** Where the line with the fault begins, when its end is still to come. */
  #open: { start: number; line: number; isComment: boolean } | undefined;
  #linesToSkip: number;
  /** True while no CR has come. M: csv-parse tries every line end at every byte, so that knowing only LF makes it a tenth faster. */
  #lfOnly = true;

  constructor(options: ScanOptions, sink: RowSink) {
    this.#options = options;
    this.#sink = sink;
    this.#window = new Window(options.start);
    this.#comment = options.comment === undefined ? undefined : Buffer.from(options.comment);
    this.#linesToSkip = options.skipLines;
    this.#start = options.start;
    this.#fed = options.start;
    this.#quote = options.quote === null ? undefined : Buffer.from(options.quote);
  }

  /** Lines of the preamble that have not come yet. */
  get linesToSkip(): number {
    return this.#linesToSkip;
  }

  /** Scans the next bytes. */
  feed(block: Buffer): void {
    this.#window.append(block);
    this.#advance(false);
  }

  /** Scans what is left: the last row may lack a line end. */
  end(): void {
    this.#advance(true);
  }

  /** Gives the rows whose line end has come; the parser holds back the last bytes of a block. */
  cut(): void {
    if (this.#fault !== undefined || this.#linesToSkip > 0) return;
    const bytes = this.#window.from(this.#start);
    const lineEnd = Math.max(bytes.lastIndexOf(10), bytes.lastIndexOf(13));
    if (lineEnd === -1) return;
    const parser = this.#parserFrom(this.#start);
    if (parser.feed(bytes.subarray(0, lineEnd + 1)) === undefined) parser.finish();
  }

  #advance(ended: boolean): void {
    while (this.#linesToSkip > 0 && this.#passLine(ended)) this.#linesToSkip--;
    while (this.#linesToSkip === 0) {
      if (this.#fault === undefined) this.#parse(ended);
      if (this.#fault === undefined || !this.#passLine(ended)) break;
    }
    this.#window.drop(this.#start);
  }

  #parse(ended: boolean): void {
    this.#takePlainRows();
    if (this.#fault !== undefined) return;
    const error = this.#needsParser(ended) ? this.#feedParser(ended) : undefined;
    this.#start = this.#window.skipLineEnds(this.#start);
    if (this.#fault !== undefined) return;
    if (error !== undefined) this.#fault = faultOf(error);
    else if (!ended && this.#window.end - this.#start > this.#options.maxRecordBytes) {
      this.#fault = { code: "record_too_large" };
    }
  }

  /**
   * Takes the rows whose lines hold no quote: to them a delimiter is a delimiter and a line end a line end, whatever parses them.
   * M: cutting them so is some five times faster than csv-parse, which looks at each byte; it reads the rest.
   */
  #takePlainRows(): void {
    const bytes = this.#window.from(this.#start);
    const from = this.#start;
    const quoteAt = this.#quote === undefined ? -1 : bytes.indexOf(this.#quote);
    const plain = quoteAt === -1 ? bytes : bytes.subarray(0, quoteAt);
    let at = 0;
    for (
      let lineEnd = plain.indexOf(10);
      lineEnd !== -1 && this.#fault === undefined;
      lineEnd = plain.indexOf(10, at)
    ) {
      const end = lineEnd > at && plain[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd;
      const text = plain.toString("utf8", at, end);
      if (text.includes("\r")) break;
      if (text === "") this.#start = from + lineEnd + 1;
      else this.#take(text.split(this.#options.delimiter), from + lineEnd + 1);
      at = lineEnd + 1;
    }
    if (at > 0) this.#parser = undefined;
  }

  /** Whether what is left holds more than the beginning of a plain row. */
  #needsParser(ended: boolean): boolean {
    if (ended || this.#parser !== undefined) return true;
    const bytes = this.#window.from(this.#start);
    return bytes.includes(13) || (this.#quote !== undefined && bytes.includes(this.#quote));
  }

  #feedParser(ended: boolean): CsvError | undefined {
    let bytes = this.#window.from(this.#parser === undefined ? this.#start : this.#fed);
    const hasFirstCr = this.#lfOnly && bytes.includes(13);
    if (hasFirstCr) this.#lfOnly = false;
    if (hasFirstCr || this.#parser === undefined) {
      this.#parser = this.#parserFrom(this.#start);
      bytes = this.#window.from(this.#start);
    }
    this.#fed = this.#window.end;
    const error = bytes.length > 0 ? this.#parser.feed(bytes) : undefined;
    return ended && error === undefined && this.#fault === undefined ? this.#parser.finish() : error;
  }

  /** Moves to the next physical line; false when its beginning has not come yet. A line that is passed because of a fault is told. */
  #passLine(ended: boolean): boolean {
    const open = this.#open ?? {
      start: this.#start,
      line: this.#window.lineAt(this.#start),
      isComment: this.#isComment(this.#start),
    };
    const found = this.#window.physicalLine(this.#start, ended);
    if (found === undefined) {
      // A line may be longer than memory: only a last CR, which a LF may follow, is kept.
      this.#open = open;
      this.#start = this.#window.beforeLineEnd(this.#window.end);
      return false;
    }
    if (found.next === open.start) return false;
    if (this.#fault !== undefined && !open.isComment) {
      const fault = open.start === this.#start ? this.#faultAlone(found.end) : this.#fault;
      this.#sink.bad(fault ?? this.#fault, { start: open.start, line: open.line, ...found });
    }
    this.#fault = undefined;
    this.#open = undefined;
    this.#start = found.next;
    this.#parser = undefined;
    return true;
  }

  /** What is wrong with the line from the start to `end` by itself: a quote that it leaves open may have met another one only lines later. */
  #faultAlone(end: number): RowFault | undefined {
    if (this.#fault?.code === "record_too_large") return this.#fault;
    const parser = new RowParser(this.#options, this.#lfOnly, () => undefined);
    const error = parser.feed(this.#window.from(this.#start).subarray(0, end - this.#start)) ?? parser.finish();
    return error === undefined ? undefined : faultOf(error);
  }

  #isComment(start: number): boolean {
    return this.#comment !== undefined && this.#window.beginsWith(start, this.#comment);
  }

  #parserFrom(offset: number): RowParser {
    return new RowParser(this.#options, this.#lfOnly, (cells, consumed) => this.#take(cells, offset + consumed));
  }

  #take(cells: string[], next: number): void {
    if (this.#fault !== undefined) return;
    const start = this.#window.skipLineEnds(this.#start);
    const end = this.#window.beforeLineEnd(next);
    this.#start = start;
    if (end - start > this.#options.maxRecordBytes) {
      this.#fault = { code: "record_too_large" };
      return;
    }
    if (this.#isComment(start)) {
      const line = this.#window.physicalLine(start, true);
      // A quote in a comment opens nothing: what follows its line is parsed anew.
      if (line !== undefined && line.next < next) this.#fault = { code: "bad_quote" };
      else this.#start = next;
      return;
    }
    this.#start = next;
    this.#sink.row(cells, { start, end, next, line: this.#window.lineAt(start) });
  }
}

function faultOf(error: CsvError): RowFault {
  const cell = typeof error.column === "number" ? { cell: error.column } : {};
  return error.code === "CSV_QUOTE_NOT_CLOSED" ? { code: "unclosed_quote", ...cell } : { code: "bad_quote", ...cell };
}
