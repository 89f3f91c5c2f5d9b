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
export type { PreviewOptions } from "./options/authoring.js";
export type { ImportOptions } from "./options/run.js";
export type { Outcome } from "./outcome.js";
export { type AppliedBlueprint, applyBlueprintFiles } from "./recipes/apply-blueprints.js";
export { runImport } from "./recipes/import.js";
export { type Preview, type PreviewContext, preview } from "./recipes/preview.js";
export { loadBlueprintFiles, loadBlueprintFolder } from "./recipes/run/blueprints.js";
export type { ImportContext } from "./recipes/run/context.js";
export type { Finished } from "./recipes/run/finish.js";
export { type Reject, type RejectCode, rejectCodes } from "./reject.js";
export type { Report } from "./report/report.js";
export { type Warning, type WarningCode, warningCodes } from "./warning.js";
