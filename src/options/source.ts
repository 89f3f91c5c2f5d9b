import { listOf, text, wholeNumber } from "./kinds.js";
import { group, optional, required, type SchemaOf, withDefault } from "./option.js";

/** What is read, and through which mapping. */
export interface SourceGroup {
  /** Files, directories, globs or http(s) addresses; `-` is stdin; `<kind>=<path>` binds one to a kind of the mapping. At least one. */
  readonly sources: readonly string[];
  /** Path of the mapping file, YAML or JSON. */
  readonly mapping: string;
  /** Folder of blueprint files. Default: blueprints come from the API. */
  readonly blueprints?: string | undefined;
  /** Globs of files that folders and patterns among the sources leave out; one without a slash fits a name in any folder. Default: none. */
  readonly ignore?: readonly string[] | undefined;
  /** Kinds or blueprints to take. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** The first so many records of each source. Default: all. A prune is refused beside it. */
  readonly limit?: number | undefined;
}

/** See {@link SourceGroup}. */
export const sourceGroup = group("Sources", {
  sources: required(
    listOf(text("<source>"), 1),
    "files, directories, globs, addresses, or - for stdin; <kind>=<path> binds one to a kind",
  ),
  mapping: required(text("<file>"), "mapping file (YAML or JSON)", { short: "m", common: true }),
  blueprints: optional(text("<folder>"), "folder of blueprint files; without it blueprints come from the API", {
    short: "b",
  }),
  ignore: withDefault(
    listOf(text("<glob>")),
    [],
    "files of folders and patterns to leave out (repeatable); none by default",
  ),
  only: withDefault(listOf(text("<kind|blueprint>")), [], "kind or blueprint to take (repeatable); all by default"),
  limit: optional(wholeNumber(0), "first so many records of each source", { short: "n", common: true }),
} satisfies SchemaOf<SourceGroup>);
