import type { Cell } from "../record.js";
import type { SourceOptions } from "../source-options.js";
import { scanOptions } from "./csv.js";
import type { Text } from "./decode.js";
import { RowScanner } from "./row-scanner.js";

/** A source's beginning. */
export type Head = Pick<Text, "head" | "isWhole" | "start">;

/** A row of a sample. */
export interface SampleRow {
  readonly cells: readonly Cell[];
  readonly line: number;
}

/** The first rows of a table. */
export interface Sample {
  readonly rows: readonly SampleRow[];
  /** Lines between them that are no rows. */
  readonly faults: number;
  /** Whether no further row is looked at. */
  readonly isEnough: boolean;
}

/** Rows that are looked at. */
const mostRows = 20;
const sliceBytes = 64 * 1024;

/** Reads the first rows of a head as the options say; none where the very first line is no row, which is a fault that reading reports. */
export function sampleRows({ head, isWhole, start }: Head, options: SourceOptions): Sample {
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
