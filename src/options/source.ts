import type { Sources } from "../given-source.js";
import type { MappingObject } from "../mapping-object.js";
import { listOf, text, textOrObject, wholeNumber } from "./kinds.js";
import { group, optional, required, type SchemaOf, withDefault } from "./option.js";
import { sources } from "./sources.js";

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
  /** The first so many records of each source. Default: all. A prune is refused beside it. */
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
  limit: optional(wholeNumber(0), "first so many records of each source", { short: "n", common: true }),
} satisfies SchemaOf<SourceGroup>);
