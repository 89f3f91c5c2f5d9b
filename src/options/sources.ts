import { gone, type RecordStream, type Source, type Sources, type TextStream } from "../given-source.js";
import type { MappingObject } from "../mapping-object.js";
import { listOf, orList, text, textOrObject, wholeNumber } from "./kinds.js";
import { group, type Kind, optional, type ReadValue, required, type SchemaOf, withDefault } from "./option.js";

const formats = ["csv", "tsv", "json", "ndjson", "yaml", "xlsx"] as const;
const paths = { placeholder: "<source>", choices: [], isList: true };
const byKind = "give them by their kind: { <kind>: rows }";

/** The sources of a run: a list, or by kind. On the command line each is a path. */
export const sources: Kind<Sources, readonly Source[]> = {
  ...paths,
  read(given) {
    if (Array.isArray(given)) return readList(given);
    if (isIterable(given)) return { must: `must say of which kind its records are: ${byKind}` };
    if (!isRecord(given)) return { must: "must be a list, or an object with a key for each kind" };
    return readKinds(given);
  },
};

/** Some sources, none by default. */
export const someSources: Kind<readonly Source[], readonly Source[]> = {
  ...paths,
  read: (given) =>
    Array.isArray(given) && given.length === 0
      ? { value: [] }
      : Array.isArray(given)
        ? readList(given)
        : { must: "must be a list" },
};

/** One source. */
export const oneSource: Kind<Source, Source> = { ...paths, isList: false, read: readOne };

function readList(given: readonly unknown[]): ReadValue<readonly Source[]> {
  if (given.length === 0) return { must: "must be given at least once" };
  const args: Source[] = [];
  for (const [index, each] of given.entries()) {
    const read = readOne(each);
    if ("must" in read) return { must: `${given.length === 1 ? "" : `(number ${index + 1}) `}${read.must}` };
    args.push(read.value);
  }
  return { value: args };
}

function readKinds(given: Readonly<Record<string, unknown>>): ReadValue<readonly Source[]> {
  const args: Source[] = [];
  for (const [kind, value] of Object.entries(given)) {
    const found = ofKind(kind, value);
    if ("must" in found) return { must: `(${kind}) ${found.must}` };
    args.push(...found.value);
  }
  return args.length === 0 ? { must: "must be given at least once" } : { value: args };
}

function ofKind(kind: string, value: unknown): ReadValue<readonly Source[]> {
  if (isText(value)) return { value: [{ kind, path: value }] };
  if (Array.isArray(value) && value.length > 0 && value.every(isText))
    return { value: value.map((path) => ({ kind, path })) };
  const isSource = isRecord(value) && !isIterable(value);
  const read = isSource ? readOne({ kind, ...value }) : readOne({ kind, records: value });
  return "must" in read ? read : { value: [read.value] };
}

function readOne(given: unknown): ReadValue<Source> {
  if (typeof given === "string") return given === "" ? { must: "must not be empty" } : { value: given };
  if (!isRecord(given)) return { must: "must be a path, { path }, { records } or { text, format }" };
  const { kind, name, columns, records, text, format, path } = given;
  for (const [key, value] of Object.entries({ kind, name }))
    if (value !== undefined && !isText(value)) return { must: `must have a text as its ${key}` };
  if (columns !== undefined && !(Array.isArray(columns) && columns.every(isText)))
    return { must: "must have a list of names as its columns" };
  const named = {
    ...(isText(kind) && { kind }),
    ...(isText(name) && { name }),
    ...(columns !== undefined && { columns }),
  };
  const known = formats.find((each) => each === format);
  if (format !== undefined && known === undefined) return { must: `must have ${orList(formats)} as its format` };
  if (isText(path)) return { value: { path, ...(isText(kind) && { kind }), ...(known && { format: known }) } };
  if (records !== undefined) return readRecords(records, named);
  if (text !== undefined) return readText(text, format, named);
  return {
    must: `must be a path, { path }, { records } or { text, format }; where these are the records themselves, ${byKind}`,
  };
}

interface Named {
  readonly kind?: string;
  readonly name?: string;
}

function readRecords(records: unknown, named: Named): ReadValue<Source> {
  if (records === null) return { value: { ...named, records: gone } };
  if (records instanceof Uint8Array || typeof records === "string") return { must: mustSayFormat };
  if (!isIterable(records)) return { must: "must have an array or an iterable of objects as its records" };
  return { value: { ...named, records: records as RecordStream } };
}

function readText(text: unknown, format: unknown, named: Named): ReadValue<Source> {
  const known = formats.find((each) => each === format);
  if (known === undefined) return { must: `must say the format of its text: ${orList(formats)}` };
  if (text === null) return { value: { ...named, format: known, text: gone } };
  if (typeof text !== "string" && !isIterable(text))
    return { must: "must have text, bytes or chunks of them as its text" };
  return { value: { ...named, format: known, text: text as TextStream } };
}

const mustSayFormat = 'must be records, and this is text; name its format: { text, format: "csv" }';

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isIterable(value: unknown): boolean {
  return isRecord(value) && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** What is read, and through which mapping. */
export interface SourceGroup {
  /**
   * What is read, at least one. A list of paths (files, directories, globs, http(s) addresses, `-` for stdin; `<kind>=<path>` binds one to a kind of the
   * mapping), `{ records }` or `{ text, format }`; or an object by kind, such as `{ servers: rows, teams: "teams.csv" }`, where rows are an array or an
   * (async) iterable of objects.
   */
  readonly sources: Sources;
  /** The mapping: path of its file, YAML or JSON, or what the file would hold, as an object. */
  readonly mapping: string | MappingObject;
  /** Folder of blueprint files. Default: blueprints come from the API. */
  readonly blueprints?: string | undefined;
  /** Globs of files that folders and patterns among the sources leave out; one without a slash fits a name in any folder. Default: none. */
  readonly ignore?: readonly string[] | undefined;
  /** Kinds or blueprints to take. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** Take only this many records of each source. Default: all. A prune is refused beside it. */
  readonly limit?: number | undefined;
}

/** See {@link SourceGroup}. */
export const sourceGroup = group("Sources", {
  sources: required(sources, "files, directories, globs, addresses, or - for stdin; <kind>=<path> binds one to a kind"),
  mapping: required(textOrObject<MappingObject>("<file>"), "mapping file (YAML or JSON)", { short: "m", common: true }),
  blueprints: optional(text("<folder>"), "folder of blueprint files; without it blueprints come from the API", {
    short: "b",
  }),
  ignore: withDefault(
    listOf(text("<glob>")),
    [],
    "files of folders and patterns to leave out (repeatable); none by default",
  ),
  only: withDefault(listOf(text("<kind|blueprint>")), [], "kind or blueprint to take (repeatable); all by default"),
  limit: optional(wholeNumber(0), "only the first <n> records of each source", { short: "n", common: true }),
} satisfies SchemaOf<SourceGroup>);
