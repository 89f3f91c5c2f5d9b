import { type TargetGroup, targetGroup } from "./groups.js";
import { flag, listOf, text } from "./kinds.js";
import { group, required, type SchemaOf, withDefault } from "./option.js";

const { apiUrl } = targetGroup;

/** Options of applying blueprints. */
export interface BlueprintApplyOptions extends Pick<TargetGroup, "apiUrl"> {
  /** JSON or YAML files, or folders of them. At least one. */
  readonly files: readonly string[];
  /** Take away what the files lack, with the values that entities hold there. Default false. */
  readonly allowRemoval?: boolean | undefined;
}
/** See {@link BlueprintApplyOptions}. */
export const blueprintApplyOptions = {
  ...group("Sources", { files: required(listOf(text("<file>"), 1), "JSON or YAML files, or folders of them") }),
  ...group("Writing", {
    allowRemoval: withDefault(
      flag,
      false,
      "take away what the files lack (properties, relations, …), with the values that entities hold there",
      { common: true },
    ),
  }),
  apiUrl: { ...apiUrl, isCommon: true },
} satisfies SchemaOf<BlueprintApplyOptions>;

/** Options of comparing blueprints of files with the catalog's. */
export interface BlueprintDiffOptions extends Pick<TargetGroup, "apiUrl"> {
  /** JSON or YAML files, or folders of them. At least one. */
  readonly files: readonly string[];
  /** Exit code 10 where something is different; of the command line alone. Default false. */
  readonly detailedExitcode?: boolean | undefined;
}
/** See {@link BlueprintDiffOptions}. */
export const blueprintDiffOptions = {
  ...group("Sources", { files: required(listOf(text("<file>"), 1), "JSON or YAML files, or folders of them") }),
  ...group("Output", {
    detailedExitcode: withDefault(flag, false, "exit with 10 where something is different", { common: true }),
  }),
  apiUrl: { ...apiUrl, isCommon: true },
} satisfies SchemaOf<BlueprintDiffOptions>;

/** Options of reading blueprints. */
export interface BlueprintGetOptions extends Pick<TargetGroup, "apiUrl"> {
  /** Blueprints to read. Default: all. */
  readonly identifiers?: readonly string[] | undefined;
}
/** See {@link BlueprintGetOptions}. */
export const blueprintGetOptions = {
  ...group("Blueprint", {
    identifiers: withDefault(listOf(text("<identifier>")), [], "blueprints to read; by default all"),
  }),
  apiUrl: { ...apiUrl, isCommon: true },
} satisfies SchemaOf<BlueprintGetOptions>;

/** Options of deleting a blueprint. */
export interface BlueprintDeleteOptions extends Pick<TargetGroup, "apiUrl"> {
  /** Blueprint to delete. */
  readonly identifier: string;
  /** Delete without asking. Default false. */
  readonly yes?: boolean | undefined;
}
/** See {@link BlueprintDeleteOptions}. */
export const blueprintDeleteOptions = {
  ...group("Blueprint", {
    identifier: required(text("<identifier>"), "blueprint to delete; it may have no entities"),
    yes: withDefault(flag, false, "delete without asking", { short: "y", common: true }),
  }),
  apiUrl: { ...apiUrl, isCommon: true },
} satisfies SchemaOf<BlueprintDeleteOptions>;
