import type { Stage } from "../chunk.js";
import { type Issue, MappingError } from "../errors.js";
import { type GivenSource, isRecords } from "../given-source.js";
import { nearest } from "../nearest.js";
import type { SourceRecord } from "../record.js";
import type { Warning } from "../warning.js";
import { columnFormatsOf, lackingIssues } from "./columns.js";
import { keysReadBy } from "./keys-read.js";
import { type FoundLeaf, leavesOf, type Mapping, type Resource, sourceOptionsFor, sourcePathOf } from "./mapping.js";
import { leadingPath } from "./plain.js";

/** A leaf that reads a column which a table lacks. */
export interface ColumnFault {
  readonly path: string;
  readonly line?: number;
  /** Behind the name of the source. */
  readonly what: string;
  /** What to write in place of the path; undefined where no column is near. */
  readonly write?: string;
  /** What the table has, where no column is near. */
  readonly has: string;
}

/** A table, as far as its header shows. */
export interface TableHeader {
  /** As people know it. */
  readonly name: string;
  readonly kind: string;
  readonly columns: readonly string[];
}

/** Finds the leaves of a kind that are, or begin with, a column that a table lacks and the mapping does not call optional. What reads it further on may be a fallback. */
export function columnFaults(
  mapping: Mapping,
  resources: readonly Resource[],
  { kind, columns }: Omit<TableHeader, "name">,
): readonly ColumnFault[] {
  const known = new Set([...columns, ...(sourceOptionsFor(mapping, kind).optionalColumns ?? [])]);
  const delimiter = columns.length === 1 ? /[;\t|,]/.exec(columns.join())?.[0] : undefined;
  const listed = `${columns.slice(0, 12).map(pathTo).join(", ")}${columns.length > 12 ? ", …" : ""}`;
  const one = `its header is one column, ${listed}; where ${JSON.stringify(delimiter)} is the delimiter, write ${sourcePathOf(mapping, kind)}.csv.delimiter: ${JSON.stringify(delimiter)}`;
  const has = delimiter === undefined ? `it has ${listed}` : one;
  const ofKind = resources.filter((resource) => resource.kind === kind);
  return ofKind.flatMap((resource) =>
    [...leavesOf(resource)].flatMap(({ path, value }): ColumnFault[] => {
      const number = numberFault(value, columns) ?? unquotedFault(value, columns);
      const key = number === undefined ? lackingColumn(value, path, resource, known) : undefined;
      const line = mapping.lines.get(path);
      const base = { path, has, ...(line !== undefined && { line }) };
      if (number !== undefined) return [{ ...base, ...number }];
      if (key === undefined) return [];
      const near = delimiter === undefined ? meantColumn(path, key, columns, ofKind) : undefined;
      return [{ ...base, what: `has no column "${key}"`, ...(near !== undefined && { write: pathTo(near) }) }];
    }),
  );
}

/** What is wrong where {@link missingColumns} gives issues. */
export const differentSources = "the sources are not as the mapping reads them";

/** As {@link columnFaults}, each as an issue of the mapping; with them columns that have a format of their own. */
export function missingColumns(mapping: Mapping, resources: readonly Resource[], table: TableHeader): readonly Issue[] {
  const read = columnFaults(mapping, resources, table).map(({ path, line, what, write, has }) => {
    const fix = write === undefined ? `${has}.` : write.startsWith("'") ? `write ${write}` : `did you mean ${write}?`;
    const optional = write?.startsWith("'")
      ? ""
      : ` Where some files lack it, name it in ${sourcePathOf(mapping, table.kind)}.optionalColumns`;
    return { path, message: `${table.name} ${what}; ${fix}${optional}`, ...(line !== undefined && { line }) };
  });
  return [...lackingIssues(columnFormatsOf(mapping, table.kind), table.name, table.columns), ...read];
}

/**
 * Lets the records of a source through unless its header lacks a column: for sources that can be read only once, whose header comes with their records.
 *
 * @throws {MappingError} before the first record
 */
export function requireColumns(
  mapping: Mapping,
  resources: readonly Resource[],
  { name, kind, given }: Omit<TableHeader, "columns"> & { readonly given?: GivenSource },
): Stage<SourceRecord, SourceRecord> {
  return async function* (chunks) {
    let isChecked = false;
    for await (const chunk of chunks) {
      if (isChecked || chunk.items.length === 0) {
        yield chunk;
        continue;
      }
      isChecked = true;
      const columns = chunk.items[0]?.columns;
      const issues = columns === undefined ? [] : missingColumns(mapping, resources, { name, kind, columns });
      if (issues.length > 0) throw new MappingError(mapping.file, issues, differentSources);
      const isUnknown = given !== undefined && isRecords(given) && given.columns === undefined;
      const warnings = isUnknown ? lackingKeys(mapping, resources, { name, kind }, chunk.items) : [];
      yield { ...chunk, warnings: [...chunk.warnings, ...warnings] };
    }
  };
}

/** Of records that a program gives without saying which columns they have: keys that are read, and that none of the first ones has. */
function lackingKeys(
  mapping: Mapping,
  resources: readonly Resource[],
  { name, kind }: Omit<TableHeader, "columns">,
  first: readonly SourceRecord[],
): readonly Warning[] {
  const columns = [...new Set(first.flatMap(({ value }) => Object.keys(value as object)))];
  const among = first.length === 1 ? "its first record" : `its first ${first.length} records`;
  return columnFaults(mapping, resources, { kind, columns }).map(({ path, what, write }) => ({
    code: "column_missing",
    path,
    message: `${name} ${what} in ${among}${write === undefined ? "" : `; did you mean ${write}?`}`,
    count: 1,
  }));
}

/** `.2024` is a number to jq, and to YAML where it is not quoted. */
function numberFault(
  value: FoundLeaf["value"],
  columns: readonly string[],
): Pick<ColumnFault, "what" | "write"> | undefined {
  const number = typeof value === "string" ? /^\s*(\.\d+)\b/.exec(value)?.[1] : value;
  const column = columns.find(
    (name) => /^\d+$/.test(name) && number !== undefined && Number(`.${name}`) === Number(number),
  );
  if (column === undefined || typeof number === "boolean" || number === null) return undefined;
  return {
    what: `has a column "${column}", but .${column} is a number to jq`,
    write: `'.${JSON.stringify(column)}'`,
  };
}

/** The column that an expression begins with, where it is not known. */
function lackingColumn(
  expression: FoundLeaf["value"],
  path: string,
  resource: Resource,
  known: ReadonlySet<string>,
): string | undefined {
  const key = typeof expression === "string" ? leadingPath(expression)?.[0]?.key : undefined;
  if (typeof key !== "string" || known.has(key)) return undefined;
  const isItem = resource.itemsToParse !== undefined && !path.endsWith(".port.itemsToParse");
  return isItem && key === resource.itemsToParseName ? undefined : key;
}

/**
 * The column that a leaf most likely means by a key that a source lacks. A column that another leaf reads already is the last guess, and none for an identifier:
 * by another column all entities would be others.
 *
 * @param resources - of the source's kind
 */
export function meantColumn(
  path: string,
  key: string,
  columns: readonly string[],
  resources: readonly Resource[],
): string | undefined {
  const others = resources.flatMap((resource) => [...leavesOf(resource)].filter((leaf) => leaf.path !== path));
  const read = new Set(
    others.flatMap((leaf) => (typeof leaf.value === "string" ? [...(keysReadBy([leaf.value]) ?? [])] : [])),
  );
  const free = columns.filter((column) => !read.has(column));
  const words = wordsOf(key);
  const isPart = (column: string): boolean => {
    const own = wordsOf(column);
    return own.length > 0 && (own.every((word) => words.includes(word)) || words.every((word) => own.includes(word)));
  };
  const isIdentifier = path.endsWith(".mappings.identifier");
  return (
    columns.find((column) => lettersOf(column) === lettersOf(key)) ??
    nearestColumn(key, free) ??
    free.find(isPart) ??
    (isIdentifier ? undefined : nearestColumn(key, columns))
  );
}

/** A column whose name is in an expression without the quotes that it needs: `.Asset Name`. */
function unquotedFault(
  value: FoundLeaf["value"],
  columns: readonly string[],
): Pick<ColumnFault, "what" | "write"> | undefined {
  const text = typeof value === "string" ? value.trim() : "";
  const [column] = columns
    .filter(
      (name) => /^\S+\s.*[^\s]$/.test(name) && text.startsWith(`.${name}`) && !/^\w/.test(text.slice(name.length + 1)),
    )
    .sort((a, b) => b.length - a.length);
  if (column === undefined) return undefined;
  return { what: `has a column "${column}", whose name goes into quotes`, write: `'.${JSON.stringify(column)}'` };
}

function wordsOf(name: string): readonly string[] {
  return name.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** The column that a name most likely means: the same letters, however they are composed, cased, spaced or dotted, else a typing mistake. */
export function nearestColumn(name: string, columns: readonly string[]): string | undefined {
  const same = columns.find((column) => column !== name && lettersOf(column) === lettersOf(name));
  // To jq a dot leads into the cell, a dash subtracts: the column may be named with it.
  const begins = columns.find((column) => column.startsWith(name) && /[^\w]/.test(column.charAt(name.length)));
  return same ?? begins ?? nearest(name, columns);
}

function lettersOf(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]/gu, "");
}

/** The jq path of a key. */
export function pathTo(key: string): string {
  return /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key) ? `.${key}` : `.${JSON.stringify(key)}`;
}
