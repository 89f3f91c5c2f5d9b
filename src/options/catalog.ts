import { emulatorPort } from "../addresses.js";
import { duration, flag, listOf, oneOf, positiveNumber, text, wholeNumber, wordOr } from "./kinds.js";
import { describedAs, group, optional, type Resolved, required, type SchemaOf, withDefault } from "./option.js";
import { type ComparingGroup, comparingGroup, type TargetGroup, targetGroup } from "./writing.js";

const { apiUrl, timeout, requestTimeout, runId } = targetGroup;
type Address = Pick<TargetGroup, "apiUrl" | "timeout" | "requestTimeout">;

/** Options of an export; `out`, `mappingOut` and `blueprintsOut` are the command's, a program takes the text itself. */
export interface ExportOptions extends Omit<TargetGroup, "runId"> {
  /** Blueprints whose entities are exported. At least one, unless `all` is given. */
  readonly blueprints?: readonly string[] | undefined;
  /** Export every blueprint of the catalog but those that only Port writes, relation targets first. Default false. */
  readonly all?: boolean | undefined;
  /** How they are written. Default: as the extension of `out` says, else `ndjson`. */
  readonly format?: "ndjson" | "json" | "csv" | undefined;
  /** File to write. Default: stdout. */
  readonly out?: string | undefined;
  /** Mapping file to write, with which the export imports back. Default none. */
  readonly mappingOut?: string | undefined;
  /** File to write with the blueprints themselves, relation targets first, for `blueprint apply`. Default none. */
  readonly blueprintsOut?: string | undefined;
}
const { runId: _, ...readingTarget } = targetGroup;
/** See {@link ExportOptions}. */
export const exportOptions = {
  ...group("Sources", {
    blueprints: withDefault(listOf(text("<blueprint>")), [], "blueprints whose entities are exported"),
    all: withDefault(flag, false, "export every blueprint but those that only Port writes", { common: true }),
  }),
  ...group("Output", {
    format: optional(
      oneOf("ndjson", "json", "csv"),
      "form of the file; by default as the extension of --out says, else ndjson",
      {
        common: true,
      },
    ),
    out: optional(text("<file>"), "file to write; stdout by default", { common: true, writes: "file" }),
    mappingOut: optional(text("<file>"), "mapping file to write, with which the export imports back", {
      common: true,
      writes: "file",
    }),
    blueprintsOut: optional(text("<file>"), "file to write with the blueprints, for `blueprint apply`", {
      common: true,
      writes: "file",
    }),
  }),
  ...readingTarget,
} satisfies SchemaOf<ExportOptions>;

/** Options of the doctor. */
export interface DoctorOptions extends Pick<TargetGroup, "apiUrl"> {
  /** Mapping whose blueprints are looked at. Default none. */
  readonly mapping?: string | undefined;
  /** Blueprint that is sent requests which are validated and not written, to learn how the API answers. Default none. */
  readonly probe?: string | undefined;
}
/** See {@link DoctorOptions}. */
export const doctorOptions = {
  ...group("Sources", {
    mapping: optional(text("<file>"), "mapping whose blueprints are looked at", { short: "m", common: true }),
    probe: optional(
      text("<blueprint>"),
      "blueprint that is sent requests which are validated and not written, to learn how the API answers",
      { common: true },
    ),
  }),
  apiUrl: { ...apiUrl, isCommon: true },
} satisfies SchemaOf<DoctorOptions>;

interface OneEntity extends Address {
  /** Blueprint of the entity. */
  readonly blueprint: string;
}
const blueprint = required(text("<blueprint>"), "blueprint of the entity");
const pair = (what: string) => text(what, { as: /^[^=]+=/, must: `must be ${what}` });

interface GetOptions extends OneEntity {
  readonly identifier: string;
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly attachTitles?: boolean | undefined;
}
/** Options of reading one entity. */
export const entityGetOptions = {
  ...group("Entity", {
    blueprint,
    identifier: required(text("<identifier>"), "identifier of the entity"),
    include: withDefault(listOf(text("<field>")), [], "field to show, such as properties.version (repeatable)", {
      common: true,
    }),
    exclude: withDefault(listOf(text("<field>")), [], "field to leave out (repeatable)", { common: true }),
    attachTitles: withDefault(flag, false, "show relations with their titles", { common: true }),
  }),
  apiUrl,
  timeout,
  requestTimeout,
} satisfies SchemaOf<GetOptions>;
/** See {@link entityGetOptions}. */
export type EntityGetOptions = Resolved<typeof entityGetOptions>;

interface WriteOptions extends OneEntity, Pick<TargetGroup, "runId"> {
  readonly identifier?: string | undefined;
  readonly title?: string | undefined;
  readonly icon?: string | undefined;
  readonly team?: readonly string[] | undefined;
  readonly property?: readonly string[] | undefined;
  readonly relation?: readonly string[] | undefined;
  readonly clear?: readonly string[] | undefined;
  readonly file?: string | undefined;
  readonly createMissing?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}
const common = { common: true };
/** Options of writing one entity. */
export const entityWriteOptions = {
  ...group("Entity", {
    blueprint,
    identifier: optional(text("<identifier>"), "identifier; without it the body's, else Port makes one up"),
    property: withDefault(
      listOf(pair("<property>=<value>")),
      [],
      "a property, typed by the blueprint; repeated for a list, or JSON text (repeatable)",
      { short: "p", common: true },
    ),
    relation: withDefault(
      listOf(pair("<relation>=<identifier>")),
      [],
      "a relation; repeated for several targets (repeatable)",
      common,
    ),
    title: optional(text("<text>"), "title", common),
    icon: optional(text("<icon>"), "icon"),
    team: withDefault(listOf(text("<team>")), [], "team that owns it (repeatable)", common),
    clear: withDefault(
      listOf(
        text("<field>", {
          as: /^(properties|relations)\../,
          must: "must be properties.<name> or relations.<name>",
        }),
      ),
      [],
      "properties.<name> or relations.<name> to set to null (repeatable)",
    ),
    file: optional(text("<file>"), "JSON file of the entity, - for stdin; flags are laid over it", {
      short: "f",
      common: true,
    }),
    createMissing: withDefault(flag, false, "create relation targets that are missing", common),
    dryRun: withDefault(flag, false, "store nothing; the API says what it would refuse", common),
  }),
  runId,
  apiUrl,
  timeout,
  requestTimeout,
} satisfies SchemaOf<WriteOptions>;
/** See {@link entityWriteOptions}. */
export type EntityWriteOptions = Resolved<typeof entityWriteOptions>;

interface DeleteOptions extends OneEntity, Pick<TargetGroup, "runId">, Pick<ComparingGroup, "maxDelete"> {
  readonly identifiers: readonly string[];
  readonly deleteDependents?: boolean | undefined;
}
/** Options of deleting entities by name. */
export const entityDeleteOptions = {
  ...group("Entity", {
    blueprint,
    identifiers: required(listOf(text("<identifier>"), 1), "identifiers, or - for a list on stdin, one a line"),
    deleteDependents: withDefault(flag, false, "delete what requires them, too", common),
    maxDelete: describedAs(
      comparingGroup.maxDelete,
      "of a list, deletions allowed: a number, a percentage of the blueprint's entities, or both (repeatable) [100 and 10%]",
    ),
  }),
  runId,
  apiUrl,
  timeout,
  requestTimeout,
} satisfies SchemaOf<DeleteOptions>;
/** See {@link entityDeleteOptions}. */
export type EntityDeleteOptions = Resolved<typeof entityDeleteOptions>;

interface DeleteAllOptions extends OneEntity, Pick<TargetGroup, "runId"> {
  readonly deleteBlueprint?: boolean | undefined;
  readonly yes?: boolean | undefined;
}
/** Options of deleting all entities of a blueprint. */
export const entityDeleteAllOptions = {
  ...group("Entity", {
    blueprint,
    deleteBlueprint: withDefault(flag, false, "delete the blueprint, too", common),
    yes: withDefault(flag, false, "delete without asking", { short: "y", common: true }),
  }),
  runId,
  apiUrl,
  timeout,
  requestTimeout,
} satisfies SchemaOf<DeleteAllOptions>;
/** See {@link entityDeleteAllOptions}. */
export type EntityDeleteAllOptions = Resolved<typeof entityDeleteAllOptions>;

/** Options of the command emulator: a catalog on this machine. */
export const emulatorOptions = group("Emulator", {
  port: withDefault(wholeNumber(0, 65_535), emulatorPort, "port to listen on; 0 for any free one", {
    short: "p",
    common: true,
  }),
  host: withDefault(text("<address>"), "127.0.0.1", "address to listen on", { common: true }),
  blueprints: optional(text("<folder>"), "folder of blueprint files to start with", { short: "b", common: true }),
  limits: withDefault(
    wordOr(["port", "off"], positiveNumber),
    "port",
    "rate limits: port (as documented), off, or a scale of them, such as 0.2",
    { common: true },
  ),
  limitPeriod: withDefault(duration, "300s", "period of the limits; limits and bursts change in proportion"),
  latency: withDefault(duration, "0ms", "delay before each answer, such as 80ms", { common: true }),
  snapshot: optional(
    text("<file>"),
    "file that keeps the catalog: read at the start if it is there, written at a clean stop; .gz packs it",
    { common: true },
  ),
  reading: withDefault(
    listOf(text("<reading>=<value>", { as: /^[^=]+=/, must: "must be <reading>=<value>" })),
    [],
    "how to read what no source of Port's behaviour pins down (repeatable); see docs/emulator.md",
  ),
  faults: optional(text("<file>"), "YAML or JSON file of scripted trouble; see docs/reliability.md"),
});
