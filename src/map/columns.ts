import type { Issue } from "../errors.js";
import type { ColumnOptions, SourceOptions } from "../source-options.js";
import { CellFault, dateIssue, dateReader, numberIssue, numberReader, type ReadCell } from "./columns-parse.js";
import { type Mapping, sourceOptionsFor } from "./mapping.js";

/** What a column's text means, ready to read cells. */
export interface ColumnFormat {
  readonly column: string;
  /** Dotted path in the mapping file. */
  readonly path: string;
  /** Reads what a cell or a JSON value holds. Null, absent and empty are no value: null. What already is what the format gives stays as it is. */
  readonly read: (value: unknown) => unknown;
}

/** The column formats of a kind. */
export interface ColumnFormats {
  readonly formats: readonly ColumnFormat[];
  /** True where a source without one of the columns is a fault: the mapping speaks of this kind alone. */
  readonly isOwn: boolean;
  /** Columns that a source may lack. */
  readonly optional: readonly string[];
}

/** The column formats of a kind; undefined when it has none. */
export function columnFormatsOf(mapping: Mapping, kind: string): ColumnFormats | undefined {
  const own = Object.hasOwn(mapping.sources, kind) ? mapping.sources[kind]?.columns : undefined;
  const columns = own ?? mapping.source.columns ?? {};
  const path = own === undefined ? "source.columns" : `sources.${kind}.columns`;
  const formats = Object.entries(columns).map(([column, options]) => ({
    column,
    path: `${path}.${column}`,
    read: withoutBlanks(options.blanks, readerOf(options)),
  }));
  if (formats.length === 0) return undefined;
  const kinds = new Set(mapping.resources.map((resource) => resource.kind));
  const optional = sourceOptionsFor(mapping, kind).optionalColumns ?? [];
  return { formats, isOwn: own !== undefined || kinds.size === 1, optional };
}

/** The formats whose column a table lacks, though the mapping does not call it optional. */
export function lackingFormats(
  { formats, optional }: ColumnFormats,
  columns: readonly string[],
): readonly ColumnFormat[] {
  return formats.filter(({ column }) => !columns.includes(column) && !optional.includes(column));
}

/** The same as faults of the mapping, where it speaks of this kind alone. */
export function lackingIssues(
  given: ColumnFormats | undefined,
  source: string,
  columns: readonly string[],
): readonly Issue[] {
  if (given?.isOwn !== true) return [];
  const has = columns.map((column) => JSON.stringify(column)).join(", ");
  return lackingFormats(given, columns).map(({ path, column }) => {
    const near = columns.find((name) => plainName(name) === plainName(column));
    const hint = near === undefined ? `it has ${has}` : `did you mean ${JSON.stringify(near)}?`;
    return { path, message: `${source} has no such column; ${hint}` };
  });
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\d]/gu, "");
}

/** The faults of column formats that their structure does not show, each with its column. */
export function columnIssues(
  columns: SourceOptions["columns"],
): { readonly column: string; readonly message: string }[] {
  return Object.entries(columns ?? {}).flatMap(([column, options]) => {
    const message = issueOf(options);
    return message === undefined ? [] : [{ column, message }];
  });
}

function issueOf(options: ColumnOptions): string | undefined {
  if ("date" in options) return dateIssue(options);
  if ("number" in options) return numberIssue(options.number);
  if (!("true" in options)) return undefined;
  const words = wordsOf(options.false);
  const both = wordsOf(options.true).find((word) => words.includes(word));
  return both === undefined ? undefined : `has ${JSON.stringify(both)} both as true and as false`;
}

function readerOf(options: ColumnOptions): (value: unknown) => unknown {
  if ("date" in options) return cellReader(dateReader(options), "date", () => false);
  if ("number" in options)
    return cellReader(numberReader(options.number), "number", (value) => typeof value === "number");
  if ("split" in options) return cellReader(listReader(options.split), "list", Array.isArray);
  if (!("true" in options)) return (value) => value ?? null;
  const read = booleanReader(options.true, options.false);
  return cellReader(
    read,
    "word",
    (value) => typeof value === "boolean",
    wordsOf(options.true, options.false).includes(""),
  );
}

/** Words for "no value" of one column alone, which are values in others. */
function withoutBlanks(
  blanks: readonly string[] | undefined,
  read: (value: unknown) => unknown,
): (value: unknown) => unknown {
  if (blanks === undefined) return read;
  const texts = new Set(blanks.map((text) => text.trim()));
  return (value) => (typeof value === "string" && texts.has(value.trim()) ? null : read(value));
}

function cellReader(
  read: ReadCell,
  kind: string,
  isDone: (value: unknown) => boolean,
  readsEmpty = false,
): (value: unknown) => unknown {
  return (value) => {
    if (value === null || value === undefined || isDone(value)) return value ?? null;
    if (typeof value !== "string") return new CellFault(`is not the text of a ${kind}`);
    const text = value.trim();
    return text === "" && !readsEmpty ? null : read(text);
  };
}

/** Parts without the white space around them; parts with nothing in them, as after a last separator, are none. */
function listReader(separator: string): ReadCell {
  return (text) =>
    text
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== "");
}

type Words = Extract<ColumnOptions, { true: unknown }>["true"];

/** The lists are closed; case does not count, as in the blueprint's own booleans. */
function booleanReader(yes: Words, no: Words): ReadCell {
  const words = new Map([
    ...wordsOf(yes).map((w) => [w, true] as const),
    ...wordsOf(no).map((w) => [w, false] as const),
  ]);
  const list = [...words.keys()].map((word) => JSON.stringify(word)).join(", ");
  return (text) => words.get(text.toLowerCase()) ?? new CellFault(`is none of ${list}`);
}

function wordsOf(...lists: readonly Words[]): string[] {
  return lists.flat().map((word) => String(word).trim().toLowerCase());
}
