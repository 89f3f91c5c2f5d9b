import type { SourceRecord } from "../record.js";
import type { SourceOptions } from "../source-options.js";
import type { MappingTest } from "./test-file.js";

/** The records of a test, or why they are none. */
export type TestRecords = { readonly records: readonly SourceRecord[] } | { readonly fault: string };

/** The columns of a kind: all that any record of the file's tests names, in the order they come. */
export function columnsOfKind(
  tests: readonly MappingTest[],
  isOfKind: (test: MappingTest) => boolean,
): readonly string[] {
  const named = tests.filter(isOfKind).flatMap(({ records = [] }) => records.flatMap((record) => Object.keys(record)));
  return [...new Set(named)];
}

/**
 * Makes records of what a test states: rows of cells where the kind is read as CSV, JSON values else.
 *
 * @param named - the columns of the kind; a cell that is left out is empty
 */
export function testRecords(
  stated: NonNullable<MappingTest["records"]>,
  options: SourceOptions,
  named: readonly string[],
): TestRecords {
  const at = (index: number) => ({ source: 0, position: index + 1 });
  if (!isTabular(options)) return { records: stated.map((value, index) => ({ at: at(index), value })) };
  const columns = [...new Set([...named, ...Object.keys(options.columns ?? {})])];
  const records: SourceRecord[] = [];
  for (const [index, record] of stated.entries()) {
    const cells: string[] = [];
    for (const column of columns) {
      const cell = Object.hasOwn(record, column) ? record[column] : "";
      if (typeof cell !== "string")
        return {
          fault: `record ${index + 1}: the cell ${JSON.stringify(column)} is ${JSON.stringify(cell)}, and cells are text; put it in quotes`,
        };
      cells.push(cell);
    }
    records.push({ at: at(index), columns, cells });
  }
  return { records };
}

/** True where the mapping says that the kind is CSV or TSV. */
export function isTabular({ format, csv }: SourceOptions): boolean {
  return format === "csv" || format === "tsv" || (format === undefined && csv !== undefined);
}
