import type { Cell } from "../record.js";
import type { RejectCode } from "../reject.js";

/** Where a row is in its source. */
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

/** Why a physical line is not a row. */
export interface RowFault {
  readonly code: Extract<RejectCode, "bad_quote" | "unclosed_quote" | "record_too_large">;
  /** Index of the cell, from 0, where known. */
  readonly cell?: number;
  /** Lines, this one included, after which its quote closes over what are rows themselves. */
  readonly over?: number;
}

/** How the rows of a CSV are written. */
export interface Dialect {
  readonly delimiter: string;
  /** Null where no cell is quoted. A quote within quotes is doubled. */
  readonly quote: string | null;
  /** Escapes a quote, a delimiter, a line end or itself after it. */
  readonly escape?: string;
  /** Whether a quote within a quoted cell is text unless a delimiter or line end follows; else it is a fault. */
  readonly isLenient: boolean;
  /** Whether spaces around cells are left out. */
  readonly isTrimmed: boolean;
}

/** The effect of a line on its row: it ended it, left a cell open, or has a quote where none is allowed, in the cell of this index. */
export type Cut = "row" | "open" | { readonly fault: number };

/** Place of a cell that continues in the next line, and of one with a fault. */
const open = -1;
const fault = -2;

/**
 * Cuts a row into cells, line by line: a quoted cell may hold line ends.
 *
 * A quote opens a cell only at its beginning; anywhere else in a cell that is not quoted it is text. `="00123"`, which keeps Excel from reading a number, is
 * the text within.
 */
export class RowCutter {
  readonly #delimiter: string;
  readonly #quote: string | null;
  readonly #escape: string | undefined;
  readonly #isLenient: boolean;
  readonly #isTrimmed: boolean;
  #cells: Cell[] = [];
  /** Text so far of a cell that continues. */
  #text = "";
  #isIn: "nothing" | "quotes" | "bare" = "nothing";

  constructor(dialect: Dialect) {
    this.#delimiter = dialect.delimiter;
    this.#quote = dialect.quote;
    this.#escape = dialect.escape === dialect.quote ? undefined : dialect.escape;
    this.#isLenient = dialect.isLenient;
    this.#isTrimmed = dialect.isTrimmed;
  }

  /** Whether a cell continues in the next line. */
  get isOpen(): boolean {
    return this.#isIn !== "nothing";
  }

  /** Index of the cell in hand. */
  get cell(): number {
    return this.#cells.length;
  }

  /** The row that was just ended; the next line begins another one. */
  takeRow(): Cell[] {
    const cells = this.#cells;
    this.#cells = [];
    return cells;
  }

  /** Forgets the row in hand. */
  reset(): void {
    this.#cells = [];
    this.#text = "";
    this.#isIn = "nothing";
  }

  /** Adds the end of the line that left a cell open. */
  lineEnd(text: string): void {
    this.#text += text;
  }

  /** Cuts the row's next line, given without its line end. */
  line(line: string): Cut {
    let at = 0;
    if (this.#isIn === "quotes") at = this.#quoted(line, 0);
    else if (this.#isIn === "bare") at = this.#bare(line, 0);
    while (at >= 0 && at <= line.length) {
      const quoteAt = this.#isTrimmed ? this.#behindSpaces(line, at) : at;
      at =
        this.#quote !== null && line.startsWith(this.#quote, quoteAt)
          ? this.#quoted(line, quoteAt + this.#quote.length)
          : this.#bare(line, at);
    }
    if (at === open) return "open";
    return at === fault ? { fault: this.#cells.length } : "row";
  }

  /** Cells of a line that holds neither quote nor escape character. */
  plain(line: string): Cell[] {
    const cells = line.split(this.#delimiter);
    return this.#isTrimmed ? cells.map((cell) => this.#trimmed(cell)) : cells;
  }

  /** Continues in a quoted cell; gives where the next cell begins. */
  #quoted(line: string, from: number): number {
    const quote = this.#quote as string;
    let at = from;
    for (;;) {
      const quoteAt = line.indexOf(quote, at);
      const escapeAt = this.#escape === undefined ? -1 : line.indexOf(this.#escape, at);
      if (escapeAt !== -1 && (quoteAt === -1 || escapeAt < quoteAt)) {
        at = this.#escaped(line, at, escapeAt);
        if (at === open) return this.#staysOpen("quotes");
        continue;
      }
      if (quoteAt === -1) {
        this.#text += line.slice(at);
        return this.#staysOpen("quotes");
      }
      const behind = quoteAt + quote.length;
      if (line.startsWith(quote, behind)) {
        this.#text += line.slice(at, behind);
        at = behind + quote.length;
        continue;
      }
      const next = this.#isTrimmed ? this.#behindSpaces(line, behind) : behind;
      if (next >= line.length || line.startsWith(this.#delimiter, next)) {
        this.#put(this.#text + line.slice(at, quoteAt));
        return next >= line.length ? line.length + 1 : next + this.#delimiter.length;
      }
      if (!this.#isLenient) return fault;
      this.#text += line.slice(at, behind);
      at = behind;
    }
  }

  /** Reads on in a cell that is not quoted. */
  #bare(line: string, from: number): number {
    let at = from;
    const isWhole = this.#text === "";
    for (;;) {
      const delimiterAt = line.indexOf(this.#delimiter, at);
      const escapeAt = this.#escape === undefined ? -1 : line.indexOf(this.#escape, at);
      if (escapeAt !== -1 && (delimiterAt === -1 || escapeAt < delimiterAt)) {
        at = this.#escaped(line, at, escapeAt);
        if (at === open) return this.#staysOpen("bare");
        continue;
      }
      const end = delimiterAt === -1 ? line.length : delimiterAt;
      const text = this.#text + line.slice(at, end);
      // `\\N`, a backslash that is escaped, gives the same text, and is not a null.
      const isNull = isWhole && this.#escape === "\\" && this.#whole(line.slice(from, end)) === "\\N";
      this.#put(this.#whole(text), isNull);
      return delimiterAt === -1 ? line.length + 1 : delimiterAt + this.#delimiter.length;
    }
  }

  /** Takes the text up to an escape character and what that one escapes; gives where to continue. Before any other character it is text. */
  #escaped(line: string, from: number, escapeAt: number): number {
    const sign = this.#escape as string;
    const behind = escapeAt + sign.length;
    this.#text += line.slice(from, escapeAt);
    if (behind === line.length) return open;
    const meant = [this.#quote, sign, this.#delimiter].find((text) => text !== null && line.startsWith(text, behind));
    this.#text += meant ?? sign;
    return behind + (meant ?? "").length;
  }

  #staysOpen(where: "quotes" | "bare"): number {
    this.#isIn = where;
    return open;
  }

  #put(text: string, isNull = false): void {
    this.#cells.push(isNull ? null : this.#quote === '"' ? withoutFormula(text) : text);
    this.#text = "";
    this.#isIn = "nothing";
  }

  #whole(text: string): string {
    return this.#isTrimmed ? this.#trimmed(text) : text;
  }

  #trimmed(text: string): string {
    let end = text.length;
    while (end > 0 && this.#isSpace(text[end - 1])) end--;
    return text.slice(Math.min(end, this.#behindSpaces(text, 0)), end);
  }

  #behindSpaces(line: string, from: number): number {
    let at = from;
    while (this.#isSpace(line[at])) at++;
    return at;
  }

  #isSpace(character: string | undefined): boolean {
    return character === " " || (character === "\t" && this.#delimiter !== "\t");
  }
}

/** The text of a formula that is only a text in quotes. */
function withoutFormula(cell: string): string {
  if (!cell.startsWith('="') || !cell.endsWith('"') || cell.length < 3) return cell;
  const text = cell.slice(2, -1);
  return text.includes('"') ? cell : text;
}
