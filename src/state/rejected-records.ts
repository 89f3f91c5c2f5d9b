import type { Place, Span } from "../record.js";

/** A record to go into a rejects file. */
export interface RejectedRecord {
  /** Ordinal in its source, from 1. */
  readonly position: number;
  readonly span?: Span;
}

/** Which records of each source were rejected, at 24 bytes a record. */
export interface RejectedRecords {
  add(at: Place, span: Span | undefined): void;
  /** Each rejected record of a source once, in source order. */
  of(source: number): Iterable<RejectedRecord>;
}

/** Makes an empty set of rejected records. */
export function collectRejectedRecords(): RejectedRecords {
  const bySource = new Map<number, Rows>();
  return {
    add(at, span) {
      const rows = bySource.get(at.source) ?? { cells: new Float64Array(width * 16), count: 0, inOrder: true };
      bySource.set(at.source, rows);
      addRow(rows, at.position, span?.start ?? noSpan, span?.end ?? noSpan);
    },
    *of(source) {
      const rows = bySource.get(source);
      if (rows !== undefined) yield* inSourceOrder(rows);
    },
  };
}

/** Rows of position, start and end, one after the other. */
interface Rows {
  cells: Float64Array;
  count: number;
  inOrder: boolean;
}

const width = 3;
const noSpan = -1;

function addRow(rows: Rows, position: number, start: number, end: number): void {
  const last = (rows.count - 1) * width;
  if (rows.count > 0 && rows.cells[last] === position && (start === noSpan || rows.cells[last + 1] === start)) return;
  if (rows.count > 0 && position <= (rows.cells[last] ?? 0)) rows.inOrder = false;
  if ((rows.count + 1) * width > rows.cells.length) {
    const wider = new Float64Array(width * Math.ceil(rows.count * 1.5));
    wider.set(rows.cells);
    rows.cells = wider;
  }
  rows.cells.set([position, start, end], rows.count * width);
  rows.count += 1;
}

function* inSourceOrder({ cells, count, inOrder }: Rows): Generator<RejectedRecord> {
  const cell = (row: number, column: number): number => cells[row * width + column] ?? 0;
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  // of one record's rows the one with a span comes first
  if (!inOrder) order.sort((a, b) => cell(a, 0) - cell(b, 0) || cell(b, 1) - cell(a, 1));
  let before = 0;
  for (const row of order) {
    const position = cell(row, 0);
    if (position === before) continue;
    before = position;
    const start = cell(row, 1);
    yield start === noSpan ? { position } : { position, span: { start, end: cell(row, 2) } };
  }
}
