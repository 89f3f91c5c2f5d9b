import type { Cell } from "../../record.js";
import type { XmlVisitor } from "./package.js";
import { isoDate, type SharedStrings, unescaped, type Workbook } from "./workbook.js";

/** A row of a sheet that holds something. */
export interface SheetRow {
  /** From 1, as the sheet shows it. */
  readonly number: number;
  readonly cells: Cell[];
  /** About the size of its text. */
  readonly bytes: number;
}

/** What a sheet holds that a table does not show. */
export interface SheetFacts {
  hiddenRows: number;
  mergedRanges: number;
  /** Cells such as #N/A, read as null. */
  errorCells: number;
  /** Formulas without the value that a spreadsheet stores beside them. */
  openFormulas: number;
}

/** Columns that a sheet can have. */
const mostColumns = 16_384;

/** Takes a sheet's elements and gives its rows: numbers without the noise of binary fractions, booleans, dates as ISO 8601, errors as null. */
export class SheetRows implements XmlVisitor {
  readonly facts: SheetFacts = { hiddenRows: 0, mergedRanges: 0, errorCells: 0, openFormulas: 0 };
  readonly #workbook: Workbook;
  readonly #strings: SharedStrings;
  readonly #onRow: (row: SheetRow) => void;
  #number = 0;
  #isHidden = false;
  #cells: Cell[] = [];
  #bytes = 0;
  #column = -1;
  #type = "n";
  #style = 0;
  #text = "";
  #isText = false;
  #isFormula = false;
  #hasValue = false;
  #isPhonetic = false;

  constructor(workbook: Workbook, strings: SharedStrings, onRow: (row: SheetRow) => void) {
    this.#workbook = workbook;
    this.#strings = strings;
    this.#onRow = onRow;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    switch (name) {
      case "row":
        this.#number = attributes.r === undefined ? this.#number + 1 : Number(attributes.r);
        this.#isHidden = attributes.hidden === "1" || attributes.hidden === "true";
        this.#cells = [];
        this.#bytes = 0;
        this.#column = -1;
        break;
      case "c":
        this.#column = attributes.r === undefined ? this.#column + 1 : columnOf(attributes.r);
        this.#type = attributes.t ?? "n";
        this.#style = Number(attributes.s ?? 0);
        this.#text = "";
        this.#isFormula = false;
        this.#hasValue = false;
        break;
      case "f":
        this.#isFormula = true;
        break;
      case "v":
      case "t":
        this.#hasValue = true;
        this.#isText = !this.#isPhonetic;
        break;
      case "rPh":
        this.#isPhonetic = true;
        break;
      case "mergeCell":
        this.facts.mergedRanges++;
        break;
    }
  }

  text(text: string): void {
    if (this.#isText) this.#text += text;
  }

  close(name: string): void {
    switch (name) {
      case "v":
      case "t":
        this.#isText = false;
        break;
      case "rPh":
        this.#isPhonetic = false;
        break;
      case "c":
        this.#put();
        break;
      case "row":
        if (this.#cells.every((cell) => cell === null)) break;
        if (this.#isHidden) this.facts.hiddenRows++;
        this.#onRow({ number: this.#number, cells: this.#cells, bytes: this.#bytes });
        break;
    }
  }

  #put(): void {
    if (this.#isFormula && (!this.#hasValue || (this.#type === "n" && this.#text === ""))) this.facts.openFormulas++;
    const value = this.#value();
    if (value === null || this.#column < 0 || this.#column >= mostColumns) return;
    while (this.#cells.length < this.#column) this.#cells.push(null);
    this.#cells[this.#column] = value;
    this.#bytes += this.#text.length + 1;
  }

  #value(): Cell {
    const text = this.#text;
    switch (this.#type) {
      case "s":
        return this.#strings.at(Number(text)) || null;
      case "inlineStr":
      case "str":
        return unescaped(text) || null;
      case "b":
        return text === "1" || text === "true";
      case "d":
        return text || null;
      case "e":
        this.facts.errorCells++;
        return null;
      default:
        return this.#numberOf(text);
    }
  }

  #numberOf(text: string): Cell {
    if (text === "") return null;
    const number = Number(text);
    if (!Number.isFinite(number)) return text;
    const style = this.#workbook.dateStyles[this.#style];
    const date = style === undefined ? undefined : isoDate(number, style, this.#workbook.is1904);
    // A workbook shows 15 digits; what a double holds beyond them is noise.
    return date ?? (Number.isSafeInteger(number) ? number : Number(number.toPrecision(15)));
  }
}

/** Index of the column of a reference such as AB12; -1 where it names none. */
function columnOf(reference: string): number {
  let column = 0;
  for (let at = 0; at < reference.length; at++) {
    const code = reference.charCodeAt(at) & 0xdf;
    if (code < 0x41 || code > 0x5a) break;
    column = column * 26 + code - 0x40;
  }
  return column - 1;
}
