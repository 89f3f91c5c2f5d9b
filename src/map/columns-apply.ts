import { MappingError } from "../errors.js";
import type { RawLeaf } from "../mapping-object.js";
import type { Cell, SourceRecord } from "../record.js";
import { type Finding, shownValue } from "../reject.js";
import type { Warning } from "../warning.js";
import { type ColumnFormat, type ColumnFormats, lackingFormats, lackingIssues } from "./columns.js";
import { CellFault } from "./columns-parse.js";
import { keysRead } from "./keys-read.js";
import { leavesIn, type Resource } from "./mapping.js";
import { plainOf, setOwn } from "./plain.js";
import { type Blanks, isBlank, withoutBlanks } from "./prepare.js";

/** The columns that a resource's expressions read, by what they are for; undefined where they may read all. */
export interface Reads {
  readonly selector: AppliedColumns;
  readonly items: AppliedColumns;
  readonly entity: AppliedColumns;
  /** Of each field of the entity, by its path. */
  readonly fields: ReadonlyMap<string, AppliedColumns>;
}

type AppliedColumns = ReadonlySet<string> | undefined;

/** The unreadable cells that a resource's expressions would have read: those of the selector or items lead, the entity's follow. */
export type Struck = { readonly [K in "selector" | "items" | "entity"]: readonly Finding[] } & {
  /** Paths of the entity's fields that read one of them. */
  readonly fields: ReadonlySet<string>;
};

/** Returns which columns a resource reads. */
export function readsOf({ selector, itemsToParse, entity }: Resource): Reads {
  const { properties, relations, ...head } = entity;
  const fields: readonly (readonly [path: string, leaf: RawLeaf | undefined])[] = [
    ...Object.entries(head),
    ...Object.entries(properties).map(([key, leaf]) => [`properties.${key}`, leaf] as const),
    ...Object.entries(relations).map(([key, leaf]) => [`relations.${key}`, leaf] as const),
  ];
  return {
    selector: readBy(selector),
    items: itemsToParse === undefined ? new Set() : readBy(itemsToParse),
    entity: readBy({ ...entity } as RawLeaf),
    fields: new Map(fields.flatMap(([path, leaf]) => (leaf === undefined ? [] : [[path, readBy(leaf)] as const]))),
  };
}

/** The findings of a record's cells that concern a resource; undefined when none does, so that the record is mapped as if there were none. */
export function struckBy(faults: readonly CellFinding[] | undefined, reads: Reads | undefined): Struck | undefined {
  if (faults === undefined || reads === undefined) return undefined;
  const of = (columns: AppliedColumns): readonly CellFinding[] =>
    faults.filter(({ column }) => columns?.has(column) ?? true);
  const entity = of(reads.entity);
  const leading = (columns: AppliedColumns): readonly Finding[] => {
    const own = of(columns);
    return own.length === 0 ? [] : [...new Set([...own, ...entity])].map(({ finding }) => finding);
  };
  const struck = {
    selector: leading(reads.selector),
    items: leading(reads.items),
    entity: entity.map(({ finding }) => finding),
    fields: new Set([...reads.fields].filter(([, columns]) => of(columns).length > 0).map(([path]) => path)),
  };
  return struck.selector.length + struck.items.length + struck.entity.length > 0 ? struck : undefined;
}

function readBy(value: RawLeaf): AppliedColumns {
  const columns = new Set<string>();
  for (const { value: leaf } of leavesIn(value, "")) {
    if (typeof leaf !== "string") continue;
    const plain = plainOf(leaf);
    const keys = plain === undefined ? keysRead(leaf) : "path" in plain ? firstKey(plain.path) : new Set<string>();
    if (keys === undefined) return undefined;
    for (const key of keys) columns.add(key);
  }
  return columns;
}

function firstKey(path: readonly { readonly key: string | number }[]): AppliedColumns {
  const [first] = path;
  return first === undefined ? undefined : new Set([String(first.key)]);
}

/** A cell that cannot be read by its column's format. */
export interface CellFinding {
  readonly column: string;
  readonly finding: Finding;
}

/** Records with blanks turned to null and columns read. */
interface ReadRecords {
  readonly records: readonly SourceRecord[];
  /** By index of the record: its cells that cannot be read, which are null for the expressions. */
  readonly faults: ReadonlyMap<number, readonly CellFinding[]>;
  readonly warnings: readonly Warning[];
}

/** Reads the columns of records, blanks first. */
type ReadColumns = (records: readonly SourceRecord[]) => ReadRecords;

/**
 * Makes what reads the columns of one source.
 *
 * @param file - of the mapping, for its faults
 * @param source - as people know it, for its faults
 * @throws {MappingError} from the function, when a CSV header lacks a column that has a format
 */
export function columnReader(
  given: ColumnFormats,
  blanks: Blanks | undefined,
  file: string,
  source: string,
): ReadColumns {
  const { formats } = given;
  let header: readonly string[] | undefined;
  let places: readonly (readonly [index: number, format: ColumnFormat])[] = [];
  return (records) => {
    const faults = new Map<number, CellFinding[]>();
    const warnings: Warning[] = [];
    const columns = records[0]?.columns;
    if (columns !== undefined && columns !== header) {
      header = columns;
      places = formats.map((format) => [columns.indexOf(format.column), format] as const);
      const missing = lackingFormats(given, columns);
      const issues = lackingIssues(given, source, columns);
      if (issues.length > 0) throw new MappingError(file, issues);
      warnings.push(...missing.map((format) => missingWarning(format, source)));
      places = places.filter(([index]) => index >= 0);
    }
    const read = records.map((record, index) => {
      const note = (format: ColumnFormat, value: unknown, fault: CellFault): void => {
        const found = { column: format.column, finding: findingOf(format, value, fault) };
        const others = faults.get(index);
        if (others === undefined) faults.set(index, [found]);
        else others.push(found);
      };
      return record.cells === undefined
        ? { ...record, value: readValue(record.value, formats, blanks, note) }
        : { ...record, cells: readCells(record.cells, places, blanks, note) };
    });
    return { records: read, faults, warnings };
  };
}

type Note = (format: ColumnFormat, value: unknown, fault: CellFault) => void;

function readCells(
  cells: readonly Cell[],
  places: readonly (readonly [index: number, format: ColumnFormat])[],
  blanks: Blanks | undefined,
  note: Note,
): readonly Cell[] {
  const row: unknown[] = blanks === undefined ? cells.slice() : cells.map((c) => (isBlank(c, blanks) ? null : c));
  for (const [index, format] of places) row[index] = cellValue(format, row[index], note);
  // Expressions take a cell as it is, and most stay text.
  return row as readonly Cell[];
}

/** Columns of a JSON record are its own keys. */
function readValue(value: unknown, formats: readonly ColumnFormat[], blanks: Blanks | undefined, note: Note): unknown {
  const plain = blanks === undefined ? value : withoutBlanks(value, blanks);
  if (typeof plain !== "object" || plain === null || Array.isArray(plain)) return plain;
  const copy: Record<string, unknown> = { ...plain };
  for (const format of formats)
    if (Object.hasOwn(plain, format.column)) setOwn(copy, format.column, cellValue(format, copy[format.column], note));
  return copy;
}

function cellValue(format: ColumnFormat, cell: unknown, note: Note): unknown {
  const value = format.read(cell);
  if (!(value instanceof CellFault)) return value;
  note(format, cell, value);
  return null;
}

function findingOf({ column, path }: ColumnFormat, cell: unknown, { message }: CellFault): Finding {
  return {
    code: "column_invalid",
    message: `the cell ${message}; correct it, or ${path} in the mapping`,
    path: column,
    value: shownValue(cell, column) ?? "",
    leaf: path,
  };
}

function missingWarning({ path, column }: ColumnFormat, source: string): Warning {
  const message = `${source} has no column ${JSON.stringify(column)}; put the format under sources.<kind>.columns where only one kind has it`;
  return { code: "column_missing", message, path, count: 1 };
}
