import type { Source, Sources } from "../given-source.js";
import type { MappingObject } from "../mapping-object.js";
import { outputGroup, type TargetGroup, targetGroup, type WritingGroup, writingGroup } from "./groups.js";
import { flag, listOf, text, textOrObject, wholeNumber } from "./kinds.js";
import { describedAs, group, optional, required, type SchemaOf, withDefault } from "./option.js";
import { oneSource, type SourceGroup, someSources, sourceGroup, sources } from "./sources.js";

/** Options of a preview: what reading, mapping and, with blueprints, checking make of the sources. */
export interface PreviewOptions extends Omit<SourceGroup, "blueprints"> {
  /** Folder of blueprint files, by which values are typed. Default: entities are as the expressions gave them. */
  readonly blueprints?: string | undefined;
}
/** See {@link PreviewOptions}. */
export const previewOptions = {
  ...sourceGroup,
  blueprints: {
    ...describedAs(
      sourceGroup.blueprints,
      "folder of blueprint files, by which values are typed; without it entities are as the expressions give them",
    ),
    isCommon: true,
  },
} satisfies SchemaOf<PreviewOptions>;

/** Options of lint. */
export interface LintOptions {
  /** Mappings to check, at least one: paths of files, or what a file would hold, as an object. */
  readonly mappings: readonly (string | MappingObject)[];
  /** Folder of blueprint files. Default: names and types are not checked. */
  readonly blueprints?: string | undefined;
  /** Sources whose columns are compared with the mapping: paths as in an import, `{ records }`, or `{ text, format }`. Default none. */
  readonly source?: readonly Source[] | undefined;
  /** Records of each source to look at; at least 1. Default 10,000. */
  readonly sample?: number | undefined;
}
/** See {@link LintOptions}. */
export const lintOptions = {
  ...group("Sources", {
    mappings: required(listOf(textOrObject<MappingObject>("<mapping>"), 1), "mapping files to check"),
    blueprints: optional(text("<folder>"), "folder of blueprint files; without it names and types are not checked", {
      short: "b",
      common: true,
    }),
    source: withDefault(
      someSources,
      [],
      "source whose columns are compared (repeatable); <kind>=<path> binds it to a kind",
      { short: "s", common: true },
    ),
    sample: withDefault(wholeNumber(1), 10_000, "records of each source to look at", { common: true }),
  }),
} satisfies SchemaOf<LintOptions>;

/** Options of mapping tests. */
export interface TestOptions {
  /** Files of tests, each beside its mapping: `services.test.yaml` for `services.yaml`. At least one. */
  readonly files: readonly string[];
  /** File to write the results to as JUnit XML. Default none. */
  readonly junit?: string | undefined;
  /** Rewrite what failing tests expect. Default false. */
  readonly update?: boolean | undefined;
}
/** See {@link TestOptions}. */
export const testOptions = {
  ...group("Sources", {
    files: required(
      listOf(text("<file>"), 1),
      "files of tests, each beside its mapping: services.test.yaml for services.yaml",
    ),
  }),
  ...group("Output", {
    junit: optional(text("<file>"), "file to write the results to as JUnit XML", { common: true, writes: "file" }),
    update: withDefault(flag, false, "rewrite what failing tests expect, and show each change", { common: true }),
  }),
} satisfies SchemaOf<TestOptions>;

/** Options of the proposal of a mapping. */
export interface InitOptions {
  /** What is proposed from, at least one, each a kind: paths as in an import, `{ records }`, `{ text, format }`, or an object by kind: `{ servers: rows }`. */
  readonly sources: Sources;
  /** Globs of files of folders and patterns to leave out. Default none. */
  readonly ignore?: readonly string[] | undefined;
  /** Blueprint to map to: a file, or its identifier in the catalog. Default: one is proposed. */
  readonly blueprint?: string | undefined;
  /** Identifier of the blueprint that is proposed, for one source. Default: the singular of its kind. */
  readonly blueprintName?: string | undefined;
  /** Look for relations to entities of the catalog, too; needs credentials. Default false. */
  readonly catalog?: boolean | undefined;
  /** Mapping file to write. Default: the text is only returned. */
  readonly out?: string | undefined;
  /** Folder to write the proposed blueprints to. Default none. */
  readonly blueprintsOut?: string | undefined;
  /** Records of each source to look at; at least 1. Default 100,000. */
  readonly limit?: number | undefined;
  /** Overwrite files that exist. Default false. */
  readonly yes?: boolean | undefined;
}
/** See {@link InitOptions}. */
export const initOptions = {
  ...group("Sources", {
    sources: required(sources, "files, addresses, or - for stdin to propose from, each a kind; <kind>=<path> names it"),
    ignore: sourceGroup.ignore,
    blueprint: optional(text("<file|id>"), "blueprint to map to: a file, or its identifier in the catalog", {
      common: true,
    }),
    blueprintName: optional(
      text("<name>", {
        as: /^[\p{L}0-9@_.+:-]+$/u,
        must: "must be made of letters, digits and @ _ . + : -",
      }),
      "identifier of the new blueprint, for one source; the singular of its kind by default",
      { common: true },
    ),
    catalog: withDefault(flag, false, "look for relations to entities of the catalog, too", { common: true }),
    limit: withDefault(wholeNumber(1), 100_000, "records of each source to look at", { short: "n", common: true }),
  }),
  ...group("Output", {
    out: optional(text("<file>"), "mapping file to write; stdout by default", { common: true }),
    blueprintsOut: optional(text("<folder>"), "folder to write the proposed blueprints to", {
      common: true,
      writes: "folder",
    }),
    yes: withDefault(flag, false, "overwrite files that exist", { short: "y", common: true }),
  }),
} satisfies SchemaOf<InitOptions>;

/** Options of an explanation. */
export interface ExplainOptions
  extends Pick<SourceGroup, "mapping" | "blueprints">,
    Pick<WritingGroup, "mode">,
    Pick<TargetGroup, "apiUrl"> {
  /** Path as in an import, which may end in the line of the record (`servers.csv:33`); `{ records }`, or `{ text, format }`. */
  readonly source: Source;
  /** Position of the record in its source, from 1. Default: the record at the line that the source's path ends in. */
  readonly record?: number | undefined;
}
/** See {@link ExplainOptions}. */
export const explainOptions = {
  ...group("Sources", {
    source: required(
      oneSource,
      "file, or - for stdin; <kind>=<path> binds it to a kind, <path>:<line> names the record by its line",
    ),
    mapping: sourceGroup.mapping,
    record: optional(wholeNumber(1), "position of the record in its source, from 1", { common: true }),
    blueprints: { ...sourceGroup.blueprints, isCommon: true },
  }),
  mode: writingGroup.mode,
  apiUrl: targetGroup.apiUrl,
} satisfies SchemaOf<ExplainOptions>;

/** Options of the studio. */
export interface StudioOptions extends Pick<SourceGroup, "blueprints">, Pick<TargetGroup, "apiUrl"> {
  /** Files, directories, globs or http(s) addresses; `<kind>=<path>` binds one to a kind of the mapping. Without any the command looks for them. */
  readonly sources?: readonly string[] | undefined;
  /** Path of the mapping file. Default: one is proposed. */
  readonly mapping?: string | undefined;
  /** Port on 127.0.0.1; 0 takes one that is free. Default 0. */
  readonly port?: number | undefined;
  /** Folder of import folders. Default `./.portload`. */
  readonly stateDir?: string | undefined;
}
/** See {@link StudioOptions}. */
export const studioOptions = {
  ...group("Sources", {
    sources: withDefault(
      listOf(text("<source>")),
      [],
      `${sourceGroup.sources.describe}; without any, those of portload.config.yaml, or the files of this folder to choose among`,
    ),
    mapping: optional(text("<file>"), "mapping file to continue with; without it one is proposed", {
      short: "m",
      common: true,
    }),
    blueprints: { ...sourceGroup.blueprints, isCommon: true },
  }),
  ...group("Output", {
    port: withDefault(wholeNumber(0, 65_535), 0, "port on 127.0.0.1; 0 takes one that is free", { common: true }),
    stateDir: outputGroup.stateDir,
  }),
  apiUrl: targetGroup.apiUrl,
} satisfies SchemaOf<StudioOptions>;
