/** The library's public surface: docs/library.md tells how it is used, docs/library-api.md holds all of it. */
export type { Blueprint, Property, Relation } from "./blueprint.js";
export { type Emulator, type EmulatorOptions, type EmulatorStats, startEmulator } from "./emulator/emulator.js";
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
export type { LintFinding } from "./lint/codes.js";
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
export type { Budget, Duration, Share } from "./options/kinds.js";
export type {
  ApplyOptions,
  ImportOptions,
  PlanOptions,
  ResumeOptions,
  RetryOptions,
  SyncOptions,
  UndoOptions,
} from "./options/run.js";
export { runApply } from "./recipes/apply.js";
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
export { runSync } from "./recipes/sync.js";
export { type PlannedUndo, runUndo as undo, type UndoContext, type Undone } from "./recipes/undo.js";
export { type RejectCode, rejectCodes } from "./reject.js";
export type { Progress, ProgressWait } from "./report/progress.js";
export type { Report } from "./report/report.js";
export { type Warning, type WarningCode, warningCodes } from "./warning.js";
