/** Where a record is. Source is its index on the command line, position its ordinal from 1 (no headers, blanks or comments). */
export interface Place {
  readonly source: number;
  readonly position: number;
  /** Physical line of the record's first character, from 1, where the format has lines. */
  readonly line?: number;
}

/** Byte range of a record's text in the unpacked source: `start` inclusive, `end` exclusive, without the record's line end. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A cell as its format has it: text in CSV (null where it says so), also a number or a boolean in a spreadsheet; a list gathers columns of one name. */
export type Cell = string | number | boolean | null | readonly string[];

/** One record as read: nothing renamed, nothing coerced. CSV has `cells` beside the source's one shared `columns`, JSON has `value`. */
export interface SourceRecord {
  readonly at: Place;
  /** Absent where the format does not allow one (elements of a JSON array). */
  readonly span?: Span;
  /** The same array object for all records of a source. */
  readonly columns?: readonly string[];
  readonly cells?: readonly Cell[];
  readonly value?: unknown;
}
