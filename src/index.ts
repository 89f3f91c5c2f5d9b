/** The library's public surface: docs/library.md explains its use, docs/library-api.md holds all of it. */

export type { ExplainedCandidate, Explanation, HeldEntity } from "./authoring/explanation.js";
export type { LeafTrace } from "./authoring/trace-records.js";
export type { Blueprint, Property, Relation } from "./blueprint.js";
export type { PropertyTypes } from "./check/blueprint-file.js";
export type { Tally } from "./chunk.js";
export {
  type Credentials,
  type Emulator,
  type EmulatorOptions,
  type EmulatorStats,
  type FamilyStats,
  type FaultRule,
  type FaultScript,
  type LimitFamily,
  type Readings,
  type Store,
  type StoredBlueprint,
  type StoredEntity,
  startEmulator,
  type Targets,
} from "./emulator/emulator.js";
export type { Mode } from "./entity.js";
export {
  ApiError,
  AuthError,
  BlueprintError,
  CredentialsError,
  EnvironmentError,
  type ErrorCode,
  ExpressionError,
  errorCodes,
  GuardError,
  HookError,
  InternalError,
  type Issue,
  MappingError,
  PaceError,
  PlanError,
  PortloadError,
  SourceError,
  StateError,
  UsageError,
} from "./errors.js";
export type {
  PathSource,
  RecordSource,
  RecordStream,
  Source,
  Sources,
  SourcesByKind,
  TextSource,
  TextStream,
} from "./given-source.js";
export type { LintCode, LintFinding, Severity } from "./lint/codes.js";
export { lintCodes } from "./lint/codes.js";
export type {
  ColumnForm,
  EntityMapping,
  MappingObject,
  MappingResource,
  RawLeaf,
  SourceForm,
} from "./mapping-object.js";
export type { ExplainOptions, InitOptions, LintOptions, PreviewOptions } from "./options/authoring.js";
export type { ExportOptions } from "./options/catalog.js";
export type { ComparingGroup, OutputGroup, RunOutputGroup, TargetGroup, WritingGroup } from "./options/groups.js";
export type { Budget, Duration, Share } from "./options/kinds.js";
export type {
  ApplyOptions,
  ChangedOptions,
  ImportOptions,
  PlanOptions,
  ResumeOptions,
  RetryOptions,
  RunOptions,
  SyncOptions,
  UndoOptions,
} from "./options/run.js";
export type { SourceGroup } from "./options/sources.js";
export type { DeleteLimits, Deletions } from "./plan/guards.js";
export type { GuardFacts } from "./plan/show-plan.js";
export type { Format, TextFormat } from "./read/format.js";
export type { Receipt } from "./read/receipt.js";
export type { JsonShape, Sniffed } from "./read/sniff.js";
export type { Packing } from "./read/unpack.js";
export { runApply } from "./recipes/apply.js";
export type { BlueprintIo } from "./recipes/apply-blueprints.js";
export { type AppliedBlueprint, applyBlueprintFiles } from "./recipes/apply-blueprints.js";
export { type ExplainContext, explain } from "./recipes/explain.js";
export { type ExportContext, type Exported, exportEntities } from "./recipes/export.js";
export { runImport } from "./recipes/import.js";
export { type InitContext, type Proposed, proposeMapping } from "./recipes/init.js";
export { lint } from "./recipes/lint.js";
export { type Planned, runPlan } from "./recipes/plan.js";
export { type Preview, type PreviewContext, type PreviewedEntity, preview } from "./recipes/preview.js";
export { resumeImport as resume } from "./recipes/resume.js";
export { retryImport as retry } from "./recipes/retry.js";
export { loadBlueprintFiles, loadBlueprintFolder } from "./recipes/run/blueprints.js";
export type { ImportContext } from "./recipes/run/connect.js";
export type { Finished } from "./recipes/run/finish.js";
export type { NoticePlace, OutcomeNotice, RejectNotice, RunHooks } from "./recipes/run/hooks.js";
export type { SourceHooks } from "./recipes/run/inventory.js";
export { runSync } from "./recipes/sync.js";
export type { UndoCounts } from "./recipes/undo/make-plan.js";
export { type PlannedUndo, runUndo as undo, type UndoContext, type Undone } from "./recipes/undo.js";
export type { Place, Span } from "./record.js";
export type { Finding, Reject, RejectStage } from "./reject.js";
export { type RejectCode, rejectCodes } from "./reject.js";
export type { CountedRoute, RequestCounts, StatedQuota } from "./reply.js";
export type { Counts, EntityCounts, RecordCounts } from "./report/counts.js";
export type { Ending } from "./report/exit-code.js";
export type { FaultGroup, NamedPlace, RejectGroup, RejectSample, WarningGroup } from "./report/group-causes.js";
export type { Progress, ProgressWait } from "./report/progress.js";
export type { Examples, Kept, NextStep, RejectFile, Report, ReportOrigin, ReportSource } from "./report/report.js";
export type { TimelinePoint } from "./report/timeline.js";

export { type Warning, type WarningCode, warningCodes } from "./warning.js";
