import { UsageError } from "../errors.js";
import type {
  blueprintApplyOptions,
  blueprintDeleteOptions,
  blueprintDiffOptions,
  blueprintGetOptions,
} from "../options/blueprint.js";
import {
  applyBlueprintFiles,
  type BlueprintDifference,
  type BlueprintIo,
  deleteBlueprint,
  diffBlueprintFiles,
  getBlueprints,
} from "../recipes/apply-blueprints.js";
import type { BlueprintChange } from "../recipes/check-blueprints.js";
import { shownValue } from "../reject.js";
import type { Run } from "./command.js";
import { print, printJson, question, say, type Terminal } from "./terminal.js";

/** `portload blueprint apply`: creates or updates blueprints. */
export const apply: Run<typeof blueprintApplyOptions> = async (options, terminal, { quiet, output }) => {
  const { files, allowRemoval, apiUrl } = options;
  const applied = await applyBlueprintFiles(files, { ...ioOf(terminal, apiUrl), allowRemoval });
  if (output === "json") await printJson(terminal, `${JSON.stringify(applied)}\n`);
  else if (!quiet)
    await say(terminal, applied.map(({ identifier, is }) => `blueprint ${identifier}: ${is}\n`).join(""));
  return 0;
};

/** `portload blueprint get`: one as an object, several as a list. */
export const get: Run<typeof blueprintGetOptions> = async ({ identifiers, apiUrl }, terminal) => {
  const found = await getBlueprints(identifiers, ioOf(terminal, apiUrl));
  await printJson(terminal, `${JSON.stringify(identifiers.length === 1 ? found[0] : found, null, 2)}\n`);
  return 0;
};

/** `portload blueprint diff`: a line for each member that differs. */
export const diff: Run<typeof blueprintDiffOptions> = async (options, terminal, { output }) => {
  const differences = await diffBlueprintFiles(options.files, ioOf(terminal, options.apiUrl));
  if (output === "json") await printJson(terminal, `${JSON.stringify(differences)}\n`);
  else await print(terminal, differences.map(differenceText).join(""));
  return options.detailedExitcode && differences.some(({ is }) => is !== "same") ? 10 : 0;
};

/** `portload blueprint delete`. */
export const remove: Run<typeof blueprintDeleteOptions> = async ({ identifier, yes, apiUrl }, terminal, { quiet }) => {
  const ask = async (): Promise<boolean> => {
    if (yes) return true;
    if (terminal.stdin.isTTY !== true || terminal.stderr.isTTY !== true)
      throw new UsageError(`would delete the blueprint ${identifier}, and there is no terminal to ask at`, {
        hint: "Give --yes.",
      });
    return (await question(terminal, `Delete the blueprint ${identifier}? Type its identifier: `)) === identifier;
  };
  const isDeleted = await deleteBlueprint(identifier, ioOf(terminal, apiUrl), ask);
  if (!quiet) await say(terminal, `blueprint ${identifier}: ${isDeleted ? "deleted" : "not deleted"}\n`);
  return 0;
};

function ioOf({ env, signal }: Terminal, apiUrl: string | undefined): BlueprintIo {
  return { env, signal, ...(apiUrl !== undefined && { apiUrl }) };
}

function differenceText({ identifier, is, changes }: BlueprintDifference): string {
  return `blueprint ${identifier}: ${is}\n${changes.map((change) => `  ${changeText(change)}\n`).join("")}`;
}

const signs = { added: "+", removed: "-", changed: "~" } as const;

function changeText({ is, path, before, after }: BlueprintChange): string {
  const values = is === "changed" ? `${shown(before)} → ${shown(after)}` : shown(is === "added" ? after : before);
  return `${signs[is]} ${path}: ${values}`;
}

function shown(value: unknown): string {
  const text = shownValue(value) ?? "";
  return typeof value === "string" ? JSON.stringify(text) : text;
}
