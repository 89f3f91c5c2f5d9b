import type { SourceOptions } from "./source-options.js";

/** Objects, read once, each a record: the rows of a query, the items of an API, an array. */
export type RecordStream = AsyncIterable<object> | Iterable<object>;

/** Text or bytes, read once: a string, a buffer, or chunks of either, such as a stream of Node gives. */
export type TextStream = string | Uint8Array | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** Records that a program has, as a source. */
export interface RecordSource {
  /**
   * The records, each an object; they are read as JSON would have them. Dates become ISO 8601, bytes base64, a `Map` an object, a `Set` a list, a `bigint`
   * beyond 2^53 text. Read once, one after the other, and only as fast as they are taken.
   */
  readonly records: RecordStream;
  /** Kind of the mapping that they are of. Default: the mapping's only kind. */
  readonly kind?: string | undefined;
  /** What messages, the report and the rejects file call the source. Default: the kind. */
  readonly name?: string | undefined;
  /**
   * Columns that every record has. A column that the mapping reads and that is not among them stops the run before anything is written, as with a file.
   * Default: the keys of the first records are looked at, and one that none of them has is a warning (`column_missing`).
   */
  readonly columns?: readonly string[] | undefined;
}

/** Text or bytes that a program has, as a source. */
export interface TextSource {
  /** The text. Read once, and only as fast as it is taken. */
  readonly text: TextStream;
  /** What the text is; the mapping's `source` says the rest, such as the delimiter. */
  readonly format: "csv" | "tsv" | "json" | "ndjson" | "yaml" | "xlsx";
  /** Kind of the mapping that its records are of. Default: the mapping's only kind. */
  readonly kind?: string | undefined;
  /** What messages, the report and the rejects file call the source. Default: the kind. */
  readonly name?: string | undefined;
}

/** A path, and the kind of the mapping that its records are of. */
export interface PathSource {
  /** A file, directory, glob, http(s) address, or `-` for stdin. */
  readonly path: string;
  /** Default: as the name of the file says, else the mapping's only kind. */
  readonly kind?: string | undefined;
  /** The format. Default: as the mapping says, else by extension, then by content. */
  readonly format?: TextSource["format"] | undefined;
}

/** One source: a path (`<kind>=<path>` binds it to a kind), records, or text. */
export type Source = string | PathSource | RecordSource | TextSource;

/** Sources by the kind of the mapping that they are of: a path, paths, records, or text with its format. */
export interface SourcesByKind {
  readonly [kind: string]: string | readonly string[] | RecordStream | RecordSource | TextSource;
}

/** The sources of a run: a list, or an object with a key for each kind of the mapping: `{ servers: rows, teams: "teams.csv" }`. */
export type Sources = readonly Source[] | SourcesByKind;

/** A source that a program gave. */
export type GivenSource = RecordSource | TextSource;

/** Represents what an earlier process gave as a source: a journal knows only that it did. */
export const gone: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("it is gone with the process that gave it")) }),
};

/** Whether a source is records; else it is text. */
export function isRecords(given: GivenSource): given is RecordSource {
  return "records" in given;
}

/** Whether what a program gave is not there any more. */
export function isGone(given: GivenSource): boolean {
  return (isRecords(given) ? given.records : given.text) === gone;
}

/** How a source is read: as the mapping says, except for what a program that gave it knows better. */
export function optionsOfSource(
  { given, format }: { readonly given?: GivenSource; readonly format?: TextSource["format"] },
  options: SourceOptions,
): SourceOptions {
  if (given === undefined) return format === undefined ? options : { ...options, format };
  if (!isRecords(given)) return { ...options, format: given.format };
  const { json: _, csv: __, encoding: ___, ...rest } = options;
  return { ...rest, format: "ndjson" };
}

/** A source as a journal keeps it: of what a program gave, only the fact that it did. */
export function keptSource(source: Source): unknown {
  if (typeof source === "string" || "path" in source) return source;
  return isRecords(source) ? { ...source, records: null } : { ...source, text: null };
}

/** What a message calls a source that is bound to no kind. */
export function nameOfSource(source: Source): string {
  if (typeof source === "string") return source;
  return "path" in source ? source.path : (source.name ?? source.kind ?? "that is given");
}
