import {
  type ComparingGroup,
  comparingGroup,
  type OutputGroup,
  outputGroup,
  type RunOutputGroup,
  runOutputGroup,
  type TargetGroup,
  targetGroup,
  type WritingGroup,
  writingGroup,
} from "./groups.js";
import { type Budget, flag, text } from "./kinds.js";
import {
  describedAs,
  group,
  optional,
  type Resolved,
  required,
  type SchemaOf,
  withDefault,
  withoutDefaults,
} from "./option.js";
import { type SourceGroup, sourceGroup } from "./sources.js";

/** Options of every command that writes what it reads through a mapping. */
export interface RunOptions extends SourceGroup, TargetGroup, WritingGroup, RunOutputGroup {}
/** See {@link RunOptions}. */
export const runOptions = {
  ...sourceGroup,
  ...writingGroup,
  ...runOutputGroup,
  ...targetGroup,
} satisfies SchemaOf<RunOptions>;
/** {@link RunOptions} as the program works with them. */
export type ResolvedRunOptions = Resolved<typeof runOptions>;

/** Options of an import. */
export interface ImportOptions extends RunOptions {
  /** Have the API check every write by `validation_only`, and write nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  /** Look up what every entity holds before it is written, a search per thousand, so that an undo can put it back. Default false. */
  readonly keepBefore?: boolean | undefined;
}
/** See {@link ImportOptions}. */
export const importOptions = {
  ...runOptions,
  ...group("Writing", {
    dryRun: withDefault(flag, false, "have the API check every write, and write nothing", { common: true }),
    keepBefore: withDefault(
      flag,
      false,
      "keep what entities hold before they are written, so that undo can put it back; a search per thousand",
      { common: true },
    ),
  }),
} satisfies SchemaOf<ImportOptions>;

/** Options of a sync: only what differs is written. */
export interface SyncOptions extends Omit<RunOptions, keyof ComparingGroup>, ComparingGroup {}
/** See {@link SyncOptions}. */
export const syncOptions = {
  ...runOptions,
  ...comparingGroup,
  // A schedule says where its folders are.
  stateDir: { ...runOptions.stateDir, isCommon: true },
} satisfies SchemaOf<SyncOptions>;
/** {@link SyncOptions} as the program works with them. */
export type ResolvedSyncOptions = Resolved<typeof syncOptions>;

/** Options of a plan: those of the sync it foretells. */
export interface PlanOptions extends SyncOptions {
  /** Plan file to write, for an apply. Default none. */
  readonly out?: string | undefined;
  /** Exit code 10 when there are changes; of the command line alone. Default false. */
  readonly detailedExitcode?: boolean | undefined;
}
/** See {@link PlanOptions}. */
export const planOptions = {
  ...syncOptions,
  ...group("Output", {
    out: optional(text("<file>"), "plan file to write, for portload apply", { common: true, writes: "file" }),
    detailedExitcode: withDefault(flag, false, "exit with 10 when there are changes", { common: true }),
  }),
} satisfies SchemaOf<PlanOptions>;

/** Options of applying a plan. */
export interface ApplyOptions
  extends TargetGroup,
    Omit<WritingGroup, "mode" | "updateOnly" | "allowEmptying">,
    RunOutputGroup {
  /** Plan file that a plan wrote. */
  readonly plan: string;
}
const { mode: _, updateOnly: __, allowEmptying: ___, ...writingAsPlanned } = writingGroup;
/** See {@link ApplyOptions}. */
export const applyOptions = {
  ...group("Sources", { plan: required(text("<plan>"), "plan file that portload plan --out wrote") }),
  ...writingAsPlanned,
  ...runOutputGroup,
  ...targetGroup,
} satisfies SchemaOf<ApplyOptions>;
/** {@link ApplyOptions} as the program works with them. */
export type ResolvedApplyOptions = Resolved<typeof applyOptions>;

/** Options of an undo. */
export interface UndoOptions
  extends TargetGroup,
    Omit<WritingGroup, "mode" | "updateOnly" | "allowEmptying">,
    OutputGroup {
  /** Import, sync, apply or undo that is taken back. Default: the latest import, sync or apply. */
  readonly importId?: string | undefined;
  /** Plan file to write, for an apply; of the command line alone. Default none. */
  readonly out?: string | undefined;
  /** Deletions allowed per blueprint: numbers, shares of its entities, or both; the last of each counts. Default 100 and `10%`. */
  readonly maxDelete?: readonly Budget[] | undefined;
}
/** See {@link UndoOptions}. */
export const undoOptions = {
  ...group("Sources", {
    importId: optional(
      text("<import id>"),
      "import, sync, apply or undo to take back; by default the latest one that is not an undo",
    ),
  }),
  ...group("Writing", {
    maxDelete: describedAs(
      comparingGroup.maxDelete,
      "deletions allowed per blueprint: a number, a percentage of its entities, or both (repeatable) [100 and 10%]",
    ),
  }),
  ...writingAsPlanned,
  ...group("Output", {
    out: optional(text("<file>"), "plan file to write, for portload apply", { common: true, writes: "file" }),
  }),
  ...outputGroup,
  ...targetGroup,
} satisfies SchemaOf<UndoOptions>;

/** {@link UndoOptions} as the program works with them. */
export type ResolvedUndoOptions = Resolved<typeof undoOptions>;

/** Any option of a run, without its default: what is not given stays as an earlier import had it. */
export type ChangedOptions = { readonly [K in Exclude<keyof RunOptions, "stateDir">]?: RunOptions[K] | undefined };

/** Options of a resume: those of the import it resumes, and any of an import's in their place. */
export interface ResumeOptions extends ChangedOptions, Pick<OutputGroup, "stateDir"> {
  /** Import to resume. Default: the latest that did not finish. */
  readonly importId?: string | undefined;
  /** Resume although sources, mapping, options or target changed; what they changed is sent again. Default false. */
  readonly acceptChanges?: boolean | undefined;
}
/** See {@link ResumeOptions}. */
export const resumeOptions = {
  ...group("Sources", {
    importId: optional(text("<import id>"), "import to resume; by default the latest that did not finish"),
    acceptChanges: withDefault(
      flag,
      false,
      "resume although sources, mapping, options or target changed; what they changed is sent again",
      { common: true },
    ),
  }),
  ...withoutDefaults(runOptions),
  stateDir: outputGroup.stateDir,
} satisfies SchemaOf<ResumeOptions>;

/** Options of a retry: those of the import or sync whose rejects it takes, and any of an import's in their place. */
export interface RetryOptions extends ChangedOptions, Pick<OutputGroup, "stateDir"> {
  /** Import or sync whose rejects are taken. Default: the latest that has any. */
  readonly importId?: string | undefined;
}
/** See {@link RetryOptions}. */
export const retryOptions = {
  ...group("Sources", {
    importId: optional(
      text("<import id>"),
      "import or sync whose rejects are taken; by default the latest that has any",
    ),
  }),
  ...withoutDefaults(runOptions),
  stateDir: outputGroup.stateDir,
} satisfies SchemaOf<RetryOptions>;

/** Options of showing the report of an earlier import. */
export interface ReportOptions extends Pick<OutputGroup, "report" | "stateDir"> {
  /** Import to report on. Default: the latest that has a report. */
  readonly importId?: string | undefined;
}
/** See {@link ReportOptions}. */
export const reportOptions = {
  ...group("Sources", {
    importId: optional(text("<import id>"), "import to report on; by default the latest that has a report"),
  }),
  report: describedAs(outputGroup.report, "file to write the report to (repeatable): .json .md .html .xml .prom"),
  stateDir: outputGroup.stateDir,
} satisfies SchemaOf<ReportOptions>;
