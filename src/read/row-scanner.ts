import type { Cell } from "../record.js";
import { type Dialect, RowCutter, type RowFault, type RowPlace } from "./row-cutter.js";
import { StrayQuote } from "./stray-quote.js";
import { Finder, Window } from "./window.js";

/** Where and how a {@link RowScanner} begins. */
export interface ScanOptions extends Dialect {
  /** Offset of the first byte fed. */
  readonly start: number;
  /** Physical lines to pass before the first row. */
  readonly skipLines: number;
  readonly maxRecordBytes: number;
  /** Text that begins a line which is not a row. */
  readonly comment?: string;
}

/** Takes the rows in source order, while the scanner is fed: the reader of a CSV. */
export interface RowTaker {
  /** Cells that a row has; undefined before the first one is known. */
  readonly width: number | undefined;
  row(cells: Cell[], place: RowPlace): void;
  bad(fault: RowFault, place: RowPlace): void;
}

interface Line {
  readonly end: number;
  readonly next: number;
}

/**
 * Finds the rows of a CSV with their exact byte ranges and lines, and continues after a fault.
 *
 * A quote in the wrong place, one that never closes or closes over lines that are rows themselves, and a row beyond `maxRecordBytes` cost the physical line
 * on which the row began; reading starts again on the next one. No byte is read more than twice for it: a strict quote meets its end or a fault at the next
 * line that holds one, and where a lenient one found no end, no later line may leave one open.
 */
export class RowScanner {
  readonly #options: ScanOptions;
  readonly #taker: RowTaker;
  readonly #window: Window;
  readonly #cutter: RowCutter;
  readonly #comment: Buffer | undefined;
  /** What makes a line other than plain. */
  readonly #marks: readonly Finder[];
  /** Offset of the row in hand. */
  #start: number;
  /** Offset of the next physical line, which is the row's first one where no cell is open. */
  #next: number;
  /** Offset up to which no line end was found. */
  #searched: number;
  #first: (Line & { readonly cell: number }) | undefined;
  #stray: StrayQuote | undefined;
  /** A line too large to be kept, whose end is still to come. */
  #passed: { readonly start: number; readonly line: number; readonly isComment: boolean } | undefined;
  /** Offset up to which no row may be of several lines. */
  #singleUntil = 0;
  #linesToSkip: number;

  constructor(options: ScanOptions, taker: RowTaker) {
    this.#options = options;
    this.#taker = taker;
    this.#window = new Window(options.start);
    this.#cutter = new RowCutter(options);
    this.#comment = options.comment === undefined ? undefined : Buffer.from(options.comment);
    this.#marks = [options.quote, options.escape].flatMap((mark) => (mark ? [new Finder(Buffer.from(mark))] : []));
    this.#linesToSkip = options.skipLines;
    this.#start = this.#next = this.#searched = options.start;
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

  /** Gives a last row whose line end is a CR, after which a LF could follow. */
  cut(): void {
    if (this.#window.endsWithCr) this.#advance(true);
  }

  #advance(ended: boolean): void {
    while (this.#linesToSkip > 0) {
      const line = this.#nextLine(ended);
      if (line === undefined || line.next === this.#next) {
        this.#dropLine(line);
        return;
      }
      this.#begin(line.next);
      this.#linesToSkip--;
    }
    while (this.#step(ended));
    this.#window.drop(this.#start);
  }

  /** A line of the preamble may be longer than memory. */
  #dropLine(line: Line | undefined): void {
    this.#begin(line?.next ?? this.#lastCr);
    this.#window.drop(this.#start);
  }

  #step(ended: boolean): boolean {
    if (this.#passed !== undefined) return this.#passOn(this.#passed, ended);
    if (!this.#cutter.isOpen) {
      this.#takePlainRows();
      this.#begin(this.#window.skipLineEnds(this.#start));
    }
    const line = this.#nextLine(ended);
    if (line === undefined) {
      if (this.#window.end - this.#start > this.#options.maxRecordBytes) return this.#tooLarge();
      return false;
    }
    if (line.next > this.#next) this.#takeLine(line);
    else if (this.#cutter.isOpen) this.#unclosed();
    else return false;
    return true;
  }

  /** The next physical line; undefined while its end has not come. */
  #nextLine(ended: boolean): Line | undefined {
    const line = this.#window.physicalLine(Math.max(this.#next, this.#searched), ended);
    this.#searched = line?.next ?? this.#window.beforeLineEnd(this.#window.end);
    return line;
  }

  #begin(offset: number): void {
    this.#start = this.#next = offset;
    this.#searched = Math.max(this.#searched, offset);
    this.#first = undefined;
    this.#stray = undefined;
  }

  /**
   * Takes the rows whose lines hold no quote and no escape character: to them a delimiter is a delimiter and a line end a line end. Measured: cutting them so
   * is several times faster than looking at each character.
   */
  #takePlainRows(): void {
    const bytes = this.#window.from(this.#start);
    const from = this.#start;
    const mark = Math.min(...this.#marks.map((finder) => finder.next(this.#window, from)));
    const plain = mark === Number.POSITIVE_INFINITY ? bytes : bytes.subarray(0, mark - from);
    let at = 0;
    for (let lineEnd = plain.indexOf(10); lineEnd !== -1; lineEnd = plain.indexOf(10, at)) {
      const end = lineEnd > at && plain[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd;
      const text = plain.toString("utf8", at, end);
      if (text.includes("\r") || end - at > this.#options.maxRecordBytes) break;
      const start = from + at;
      at = lineEnd + 1;
      this.#start = this.#next = from + at;
      if (text === "" || (this.#comment !== undefined && this.#isComment(start))) continue;
      const place = { start, end: from + end, next: this.#start, line: this.#window.lineAt(start) };
      this.#taker.row(this.#cutter.plain(text), place);
    }
  }

  #takeLine(line: Line): void {
    const fault = this.#faultOf(line);
    if (fault !== undefined) this.#refuse(fault, line);
  }

  /** Takes the row's next line, or gives what is wrong with the row. */
  #faultOf(line: Line): RowFault | undefined {
    const cutter = this.#cutter;
    const isFirst = this.#first === undefined;
    if (isFirst && this.#isComment(this.#start)) {
      this.#begin(line.next);
      return undefined;
    }
    if (line.end - this.#start > this.#options.maxRecordBytes) return { code: "record_too_large" };
    const text = this.#window.text(this.#next, line.end);
    const cut = cutter.line(text);
    // Of a later line only the quote that met it is known to be wrong.
    if (typeof cut === "object") return isFirst ? { code: "bad_quote", cell: cut.fault } : { code: "unclosed_quote" };
    if (cut === "row") {
      this.#stray?.closes(text);
      const cells = cutter.takeRow();
      if (this.#stray?.isLikely(cells.length) === true) return { code: "unclosed_quote", over: this.#stray.lines };
      const place = { start: this.#start, end: line.end, next: line.next, line: this.#window.lineAt(this.#start) };
      this.#begin(line.next);
      this.#taker.row(cells, place);
      return undefined;
    }
    if (isFirst) {
      this.#first = { ...line, cell: cutter.cell };
      this.#stray = new StrayQuote(this.#options, this.#taker.width, text);
    } else this.#stray?.goesOn(text);
    if (this.#start < this.#singleUntil || this.#stray?.isCertain === true) return { code: "unclosed_quote" };
    cutter.lineEnd(this.#window.text(line.end, line.next));
    this.#next = line.next;
    return undefined;
  }

  /** Gives up on the current row, after looking at `line`: its first line is not a row, and scanning starts again on the next one. */
  #refuse(fault: RowFault, line: Line): void {
    const { end, next } = this.#first ?? line;
    const place = { start: this.#start, end, next, line: this.#window.lineAt(this.#start) };
    const cell = fault.cell ?? this.#first?.cell;
    if (this.#options.isLenient && fault.code !== "bad_quote")
      this.#singleUntil = Math.max(this.#singleUntil, line.next);
    this.#cutter.reset();
    this.#begin(next);
    this.#searched = next;
    this.#taker.bad(cell === undefined ? fault : { ...fault, cell }, place);
  }

  #unclosed(): void {
    this.#refuse({ code: "unclosed_quote" }, { end: this.#window.end, next: this.#window.end });
  }

  #tooLarge(): boolean {
    if (this.#first !== undefined) {
      this.#refuse({ code: "record_too_large" }, { end: this.#window.end, next: this.#window.end });
      return true;
    }
    const isComment = this.#isComment(this.#start);
    this.#passed = { start: this.#start, line: this.#window.lineAt(this.#start), isComment };
    return true;
  }

  /** Passes a line that is too large: only a last CR, which a LF may follow, is kept. */
  #passOn({ start, line, isComment }: { start: number; line: number; isComment: boolean }, ended: boolean): boolean {
    const found = this.#nextLine(ended);
    if (found === undefined) {
      this.#begin(this.#lastCr);
      return false;
    }
    this.#passed = undefined;
    this.#begin(found.next);
    if (!isComment) this.#taker.bad({ code: "record_too_large" }, { start, line, ...found });
    return true;
  }

  /** The end, before a CR that a LF may follow. */
  get #lastCr(): number {
    return Math.max(this.#next, this.#window.beforeLineEnd(this.#window.end));
  }

  #isComment(start: number): boolean {
    return this.#comment !== undefined && this.#window.beginsWith(start, this.#comment);
  }
}
