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

/** Why a physical line is no row. */
export interface RowFault {
  readonly code: Extract<RejectCode, "bad_quote" | "unclosed_quote" | "record_too_large">;
  /** Index of the cell, from 0, where known. */
  readonly cell?: number;
  /** Lines, this one counted, after which its quote closes over what are rows themselves. */
  readonly over?: number;
}

/** What takes the rows of a scanner, in source order. */
export interface RowSink {
  /** Cells that a row has; undefined before the first one is known. */
  readonly width: number | undefined;
  row(cells: Cell[], place: RowPlace): void;
  bad(fault: RowFault, place: RowPlace): void;
}
