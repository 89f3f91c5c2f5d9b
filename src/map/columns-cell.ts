/** Why a cell cannot be read by its column's format; a value, not an exception. */
export class CellFault {
  /** The end of a sentence that begins with the value. */
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Reads the text of a cell, trimmed and not empty, by its column's format; a {@link CellFault} where it does not fit. */
export type ReadCell = (text: string) => unknown;
