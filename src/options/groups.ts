import {
  type Budget,
  budget,
  type Duration,
  duration,
  flag,
  listOf,
  oneOf,
  orFalse,
  orList,
  positiveNumber,
  type Share,
  share,
  text,
  wholeNumber,
  wordOr,
} from "./kinds.js";
import { group, optional, type SchemaOf, withDefault } from "./option.js";

/** How the API is reached, and how fast. */
export interface TargetGroup {
  /** Address of the API; `/v1` is added when the path is empty. Default: `PORT_API_URL` or `PORT_BASE_URL`, else by `PORT_REGION` (`eu` or `us`), else the EU's. */
  readonly apiUrl?: string | undefined;
  /** Bulk requests per second: `auto` follows the quota, `off` never waits, a number above 0 is kept. Default `auto`. */
  readonly rate?: "auto" | "off" | number | undefined;
  /** Share of the organisation's quota to use, such as `50%` or 0.5; the rest is left to others. Default: all. */
  readonly quotaShare?: Share | undefined;
  /** Address of a Redis (`redis://host:6379`) through which several jobs share one quota; needs the package ioredis. Default `PORTLOAD_PACE`. */
  readonly pace?: string | undefined;
  /** Share of the quota to continue with alone when that Redis is lost. Default: the import stops. */
  readonly paceFallback?: Share | undefined;
  /** Longest wait for the answer to one attempt: `30s`, or milliseconds. Default `30s`. */
  readonly timeout?: Duration | undefined;
  /** Longest time for one request with all its attempts and waits: `15m`, or milliseconds. Default `15m`. */
  readonly requestTimeout?: Duration | undefined;
  /** Action run that the writes are recorded under in Port's audit log. */
  readonly runId?: string | undefined;
}

/** See {@link TargetGroup}. */
export const targetGroup = group("Target", {
  apiUrl: optional(
    text("<url>"),
    "address of the API; /v1 is added when the path is empty [PORT_API_URL, PORT_BASE_URL, or PORT_REGION eu|us]",
  ),
  rate: withDefault(
    wordOr(["auto", "off"], positiveNumber),
    "auto",
    "bulk requests per second: auto follows the quota, off never waits",
  ),
  quotaShare: optional(share, "share of the organisation's quota to use, such as 50%; the rest is left to others"),
  pace: optional(
    text("<redis url>"),
    "redis://host:6379, through which several jobs share one quota; needs ioredis [PORTLOAD_PACE]",
  ),
  paceFallback: optional(
    share,
    "share of the quota to continue with alone when that Redis is lost; without it the import stops",
  ),
  timeout: withDefault(duration, "30s", "longest wait for the answer to one attempt"),
  requestTimeout: withDefault(duration, "15m", "longest time for one request with all its attempts and waits"),
  runId: optional(text("<run id>"), "action run that the writes are recorded under in the audit log"),
} satisfies SchemaOf<TargetGroup>);

/** How entities are written, and what ends a run early. */
export interface WritingGroup {
  /**
   * How an entity meets one that exists: `merge` changes the mapped fields, `override` replaces it, `create` refuses it. Default: as the mapping's
   * `enableMergeEntity` says, else `merge`.
   */
  readonly mode?: "merge" | "override" | "create" | undefined;
  /** Write only what the catalog has already; what it lacks is rejected, and no relation target is made. Default false. */
  readonly updateOnly?: boolean | undefined;
  /** Rejects allowed before the run stops: a number, or a share such as `5%`, judged from 1,000 records on. Default: any number. */
  readonly maxErrors?: Budget | undefined;
  /** Requests in flight, 1 to 256; `auto` grows while latency holds and halves on trouble. Default `auto`. */
  readonly concurrency?: "auto" | number | undefined;
  /**
   * Let the run empty a field of more than a tenth of the entities that have a value in it, or `entityDeletionThreshold` of the mapping; else it is refused.
   * Default false.
   */
  readonly allowEmptying?: boolean | undefined;
  /** File of known rejects, such as an earlier `reasons.ndjson`: they count, and do not set exit code 1. */
  readonly allowRejects?: string | undefined;
}

/** See {@link WritingGroup}. */
export const writingGroup = group("Writing", {
  mode: optional(
    oneOf("merge", "override", "create"),
    "how an entity meets one that exists; by default as the mapping's enableMergeEntity says, else merge",
    { common: true },
  ),
  updateOnly: withDefault(flag, false, "write only what the catalog has already; what it lacks is rejected", {
    common: true,
  }),
  maxErrors: optional(
    // A number, or a share of the records read; held by `openControl` (recipes/run/control.ts).
    budget,
    "rejects allowed before the import stops: a number, or a percentage judged from 1,000 records on",
    { common: true },
  ),
  concurrency: withDefault(
    wordOr(["auto"], wholeNumber(1, 256)),
    "auto",
    "requests in flight, 1 to 256; auto grows while latency holds and halves on trouble",
  ),
  allowEmptying: withDefault(
    flag,
    false,
    "let the run empty a property or relation of more than 10% of the entities that have a value in it",
  ),
  allowRejects: optional(
    text("<file>"),
    "file of known rejects, such as an earlier reasons.ndjson: they count, and do not set exit code 1",
  ),
} satisfies SchemaOf<WritingGroup>);

/** How a sync compares, and what it may delete. */
export interface ComparingGroup {
  /** What is compared and written: `merge` the mapped fields, `override` all. Default: as the mapping says. */
  readonly mode?: "merge" | "override" | undefined;
  /** Delete what the mapping owns and the sources no longer have. Default false. */
  readonly prune?: boolean | undefined;
  /** Deletions allowed per blueprint: numbers, shares of those that the mapping owns, or both; the last of each counts. Default 100 and `10%`. */
  readonly maxDelete?: readonly Budget[] | undefined;
}

/** See {@link ComparingGroup}. */
export const comparingGroup = group("Writing", {
  mode: optional(
    oneOf("merge", "override"),
    "what is compared and written: merge the mapped fields, override all; by default as the mapping says",
    { common: true },
  ),
  prune: withDefault(flag, false, "delete what the mapping owns and the sources no longer have", { common: true }),
  maxDelete: withDefault(
    listOf(budget),
    [],
    "deletions allowed per blueprint: a number, a percentage of those it owns, or both (repeatable) [100 and 10%]",
    { common: true },
  ),
} satisfies SchemaOf<ComparingGroup>);

/** What a run leaves behind, and where earlier ones are found. */
export interface OutputGroup {
  /** Further report files; the extension says the form: `.json`, `.md`, `.html`, `.xml` (JUnit), `.prom` (Prometheus). Default none. */
  readonly report?: readonly string[] | undefined;
  /** Folder of import folders. Default `PORTLOAD_STATE`, else `./.portload`. */
  readonly stateDir?: string | undefined;
  /** Finished import folders to keep, the newest first; at least 1. Default 30. */
  readonly keep?: number | undefined;
}

/** Extensions of report files; each names a form. */
export const reportExtensions = [".json", ".md", ".html", ".xml", ".prom"] as const;

const reportFile = text("<file>", {
  as: new RegExp(`\\.(?:${reportExtensions.map((extension) => extension.slice(1)).join("|")})$`, "i"),
  must: `must be a file that ends with ${orList(reportExtensions)}`,
});

/** See {@link OutputGroup}. */
export const outputGroup = group("Output", {
  report: withDefault(listOf(reportFile), [], "further report file (repeatable): .json .md .html .xml .prom", {
    short: "r",
    common: true,
    writes: "file",
  }),
  stateDir: optional(text("<folder>"), "folder of import folders, ./.portload by default [PORTLOAD_STATE]"),
  keep: withDefault(wholeNumber(1), 30, "finished import folders to keep, the newest first"),
} satisfies SchemaOf<OutputGroup>);

/** What a run leaves behind that may leave nothing. */
export interface RunOutputGroup extends Omit<OutputGroup, "stateDir"> {
  /**
   * Folder of import folders. Default `PORTLOAD_STATE`, else `./.portload`. False keeps nothing on disk: no journal, no rejects files, nothing to resume,
   * retry or undo, and no lock against a second run of the same mapping. What has to wait for a later step of the run waits in a folder of its own under the
   * system's folder for temporary files, which is removed when the run ends, however it ends.
   */
  readonly stateDir?: string | false | undefined;
}

/** See {@link RunOutputGroup}. */
export const runOutputGroup = group("Output", {
  ...outputGroup,
  stateDir: optional(orFalse(text("<folder>")), outputGroup.stateDir.describe),
} satisfies SchemaOf<RunOutputGroup>);

/** What every command of the terminal takes; the library has no part in it. */
export const terminalGroup = group("Terminal", {
  quiet: withDefault(flag, false, "print nothing but errors", { short: "q", common: true }),
  color: withDefault(flag, true, "colours on a terminal; --no-color or NO_COLOR for none"),
  yes: withDefault(flag, false, "answer every question of a yes with yes", { short: "y" }),
});

/** What goes to stdout, for commands that answer in either form. */
export const formGroup = group("Output", {
  output: withDefault(oneOf("text", "json"), "text", "text for people, or one JSON document on stdout", {
    short: "o",
    common: true,
  }),
});

/** The moving line of commands that take long. */
export const progressGroup = group("Terminal", {
  progress: withDefault(
    oneOf("auto", "plain", "none"),
    "auto",
    "progress on stderr: auto draws a bar on a terminal, plain prints a line every 10 s",
  ),
});
