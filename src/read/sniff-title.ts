import type { Cell } from "../record.js";
import type { Answer, Doubt, SourceOptions } from "../source-options.js";
import { scanOptions } from "./csv.js";
import { placesOf } from "./csv-header.js";
import type { Text } from "./decode.js";
import { RowScanner } from "./row-scanner.js";

/** Cells of a row. */
export function widthOf({ cells }: { readonly cells: readonly Cell[] }): number {
  return cells.length;
}

/** Whether all rows have one width. */
export function isEven(widths: readonly number[]): boolean {
  return widths.every((width) => width === widths[0]);
}

/** Years, and months of years, as names of columns. */
const period = /^(?:19|20)\d\d(?:[-./]?(?:0?[1-9]|1[0-2]))?$|^(?:0?[1-9]|1[0-2])[-./](?:19|20)\d\d$/;

const day = /^(?:\d{4}-\d\d-\d\d(?:[T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4})$/;

/** True for a date. */
export function isDay(cell: string): boolean {
  return day.test(cell);
}

/** True for a number that is not a year or month, a date, true or false: hardly the name of a column. */
export function isValue(cell: string): boolean {
  if (period.test(cell)) return false;
  return isDay(cell) || /^(?:[+-]?\d+(?:[.,]\d+)?|true|false)$/i.test(cell);
}

/** `1 column`, `2 columns`. */
export function columnCount(count: number): string {
  return count === 1 ? "1 column" : `${count} columns`;
}

/** Most lines of a title. */
const mostTitleRows = 10;

/**
 * Whether lines of a title or of comments come before the header: lines of one cell, lines of which only the first cell is filled, as spreadsheets pad them, or
 * lines of fewer cells than all rows after them.
 *
 * @param rows - by the delimiter given, where that is not the one of the options
 */
export function titleBefore(rows: readonly SampleRow[], { csv }: SourceOptions, delimiter?: string): Doubt | undefined {
  if (csv?.skipLines !== undefined || csv?.comment !== undefined || csv?.header === false) return undefined;
  const [first] = rows;
  const at = headerAfterTitle(rows);
  const header = at === undefined ? undefined : rows[at];
  if (first === undefined || header === undefined) return undefined;
  const named = { ...csv, ...(delimiter !== undefined && { delimiter }) };
  const comment: readonly Answer[] = rows.slice(0, at).every(isMarked)
    ? [{ text: "lines that begin with # are comments", csv: { ...named, comment: "#" } }]
    : [];
  const skip: Answer = { text: `the header is line ${header.line}`, csv: { ...named, skipLines: header.line - 1 } };
  // Records may begin with the sign, too.
  const isAmbiguous = rows.slice((at ?? 0) + 1).some((row) => isMarked(row) && widthOf(row) === widthOf(header));
  const answers = isAmbiguous ? [skip, ...comment] : [...comment, skip];
  const isPadded = filledCells(first) < widthOf(first);
  const count = isPadded ? filledCells(first) : widthOf(first);
  const cells = `${isPadded ? "filled " : ""}${count === 1 ? "cell" : "cells"}`;
  return {
    message: `line ${first.line} has ${count} ${cells}, and from line ${header.line} on every row has ${widthOf(header)}`,
    answers: [...answers, { text: `the header is line ${first.line}`, csv: { ...csv, skipLines: 0 } }],
  };
}

/** Index of the header after a title. */
function headerAfterTitle(rows: readonly SampleRow[]): number | undefined {
  const filled = rows.findIndex((row) => filledCells(row) > 1);
  if (filled > 0 && filled <= mostTitleRows) {
    const header = rows[filled];
    // A comment may be among the rows, too.
    const table = rows.slice(filled).filter((row) => !isMarked(row) || row === header || widthOf(row) > 1);
    const isTitle = rows.slice(0, filled).every(({ cells }) => cells.slice(1).every(isEmpty));
    const holdsValue = header?.cells.some((cell) => cell !== null && isValue(String(cell))) ?? true;
    if (isTitle && !holdsValue && table.length > 1 && isEven(table.map(widthOf))) return filled;
  }
  const last = widthOf(rows.at(-1) ?? { cells: [] });
  const wide = rows.findIndex((row) => widthOf(row) === last);
  const table = rows.slice(wide);
  const [header] = table;
  if (wide < 1 || wide > mostTitleRows || table.length < 3 || header === undefined) return undefined;
  const isNarrower = rows.slice(0, wide).every((row) => widthOf(row) < last);
  return isNarrower && isEven(table.map(widthOf)) && isNames(header.cells) ? wide : undefined;
}

/** Whether cells can be the names of columns: each filled, its own, and no value. */
function isNames(cells: readonly Cell[]): boolean {
  return cells.every((cell) => !isEmpty(cell) && !isValue(String(cell))) && placesOf(cells).size === cells.length;
}

function isMarked({ cells }: SampleRow): boolean {
  return String(cells[0] ?? "").startsWith("#");
}

function filledCells({ cells }: SampleRow): number {
  return cells.filter((cell) => !isEmpty(cell)).length;
}

function isEmpty(cell: Cell): boolean {
  return cell === null || String(cell).trim() === "";
}

/** A source's beginning. */
export type SourceHead = Pick<Text, "head" | "isWhole" | "start">;

/** A row of a sample. */
export interface SampleRow {
  readonly cells: readonly Cell[];
  readonly line: number;
}

/** The first rows of a table. */
interface RowSample {
  readonly rows: readonly SampleRow[];
  /** Lines between them that are not rows. */
  readonly faults: number;
  /** Whether no further row is looked at. */
  readonly isEnough: boolean;
}

/** Rows that are looked at. */
const mostRows = 20;
const sliceBytes = 64 * 1024;

/** Reads the first rows of a head as the options say; none where the first line is not a row, which is a fault that reading reports. */
export function sampleRows({ head, isWhole, start }: SourceHead, options: SourceOptions): RowSample {
  const rows: SampleRow[] = [];
  let faults = 0;
  let isBroken = false;
  const scanner = new RowScanner(scanOptions(options, start), {
    get width() {
      return rows[0]?.cells.length;
    },
    row: (cells, { line }) => {
      if (rows.length < mostRows && !isBroken) rows.push({ cells, line });
    },
    bad: () => {
      isBroken ||= rows.length === 0;
      if (rows.length < mostRows) faults++;
    },
  });
  const isEnough = (): boolean => isBroken || rows.length + faults >= mostRows;
  let at = 0;
  for (; at < head.length && !isEnough(); at += sliceBytes) scanner.feed(head.subarray(at, at + sliceBytes));
  if (isWhole && at >= head.length) scanner.end();
  return { rows, faults, isEnough: isEnough() };
}
