/** The library's public surface. */
export type { Blueprint, Property, Relation } from "./blueprint.js";
export { type Emulator, type EmulatorOptions, type EmulatorStats, startEmulator } from "./emulator/emulator.js";
export type { Mode } from "./entity.js";
export {
  ApiError,
  AuthError,
  BlueprintError,
  CredentialsError,
  EnvironmentError,
  ExpressionError,
  GuardError,
  InternalError,
  type Issue,
  MappingError,
  PortloadError,
  SourceError,
  StateError,
  UsageError,
} from "./errors.js";
export type { LintFinding } from "./lint/codes.js";
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
export type { Outcome } from "./outcome.js";
export { runApply } from "./recipes/apply.js";
export { type AppliedBlueprint, applyBlueprintFiles } from "./recipes/apply-blueprints.js";
export { type ExplainContext, explain } from "./recipes/explain.js";
export { type ExportContext, type Exported, exportEntities } from "./recipes/export.js";
export { runImport } from "./recipes/import.js";
export { type InitContext, type Proposed, proposeMapping } from "./recipes/init.js";
export { lint } from "./recipes/lint.js";
export { type Planned, runPlan } from "./recipes/plan.js";
export { type Preview, type PreviewContext, preview } from "./recipes/preview.js";
export { resumeImport as resume } from "./recipes/resume.js";
export { retryImport as retry } from "./recipes/retry.js";
export { loadBlueprintFiles, loadBlueprintFolder } from "./recipes/run/blueprints.js";
export type { ImportContext } from "./recipes/run/connect.js";
export type { Finished } from "./recipes/run/finish.js";
export { runSync } from "./recipes/sync.js";
export { type PlannedUndo, runUndo as undo, type UndoContext, type Undone } from "./recipes/undo.js";
export { type Reject, type RejectCode, rejectCodes } from "./reject.js";
export type { Report } from "./report/report.js";
export { type Warning, type WarningCode, warningCodes } from "./warning.js";
