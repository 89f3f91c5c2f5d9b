import type { Cell } from "../record.js";

/** Cells of a row. */
export function widthOf({ cells }: { readonly cells: readonly Cell[] }): number {
  return cells.length;
}

/** Whether all rows have one width. */
export function isEven(widths: readonly number[]): boolean {
  return widths.every((width) => width === widths[0]);
}

/** True for a number that is no year, a date, true or false: hardly the name of a column. */
export function isValue(cell: string): boolean {
  if (/^(?:19|20)\d\d$/.test(cell)) return false;
  return /^(?:[+-]?\d+(?:[.,]\d+)?|\d{4}-\d\d-\d\d(?:[T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|true|false)$/i.test(cell);
}

/** `1 column`, `2 columns`. */
export function columnCount(count: number): string {
  return count === 1 ? "1 column" : `${count} columns`;
}
