import { type Dialect, RowCutter } from "./row-cutter.js";

/** Lines that must be seen before a quote that is still open counts as stray. */
const certainLines = 1000;
/** Share of the lines within that must be rows. */
const share = 0.8;

/**
 * Judges a quoted cell that holds line ends: does it hold text, or did a stray quote swallow rows?
 *
 * A line is taken for a row where it has as many cells as the header and none of them begins with a space, as prose after a comma does. Of text the first
 * and the last line, which hold other cells, too, cannot both have the width of the lines between, except by chance.
 */
export class StrayQuote {
  readonly #cutter: RowCutter;
  readonly #width: number;
  readonly #firstFits: boolean;
  #lastFits = false;
  #within = 0;
  #fitting = 0;

  /**
   * @param width - cells of a row; undefined where none is known yet
   * @param first - the line that leaves the quote open
   */
  constructor(dialect: Dialect, width: number | undefined, first: string) {
    this.#cutter = new RowCutter(dialect);
    this.#width = width ?? 0;
    this.#firstFits = first.split(dialect.delimiter).length === this.#width;
  }

  /** Lines from the one with the quote to the one that closes it. */
  get lines(): number {
    return this.#within + 2;
  }

  /** Whether the lines so far leave no doubt, wherever the quote closes. */
  get isCertain(): boolean {
    return this.#within >= certainLines && this.#firstFits && this.#holdsRows;
  }

  /** Takes a line within the quotes. */
  goesOn(line: string): void {
    if (this.#width < 2) return;
    this.#within++;
    if (this.#fits(line)) this.#fitting++;
  }

  /** Takes the line in which the quote closes. */
  closes(line: string): void {
    this.#lastFits = this.#fits(line);
  }

  /** Whether a row of so many cells was made of several rows. */
  isLikely(cells: number): boolean {
    if (this.#width < 2 || !this.#holdsRows) return false;
    const fewest = this.#width === 2 ? 4 : 2;
    if (cells !== this.#width) return this.#within >= fewest - 1;
    return this.#within >= fewest && this.#firstFits && this.#lastFits;
  }

  get #holdsRows(): boolean {
    return this.#fitting > 0 && this.#fitting >= share * this.#within;
  }

  #fits(line: string): boolean {
    if (this.#width < 2) return false;
    const isRow = this.#cutter.line(line) === "row";
    const cells = this.#cutter.takeRow();
    this.#cutter.reset();
    if (!isRow || cells.length !== this.#width) return false;
    return cells.every((cell, index) => index === 0 || !String(cell).startsWith(" "));
  }
}
