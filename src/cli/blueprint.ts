import type { blueprintApplyOptions } from "../options/catalog.js";
import { applyBlueprintFiles } from "../recipes/apply-blueprints.js";
import type { Run } from "./command.js";
import { printJson, say } from "./terminal.js";

/** `portload blueprint apply`: creates or updates blueprints. */
export const apply: Run<typeof blueprintApplyOptions> = async ({ files, apiUrl }, terminal, { quiet, output }) => {
  const { env, signal } = terminal;
  const applied = await applyBlueprintFiles(files, { env, signal, ...(apiUrl !== undefined && { apiUrl }) });
  if (output === "json") await printJson(terminal, `${JSON.stringify(applied)}\n`);
  else if (!quiet)
    await say(terminal, applied.map(({ identifier, is }) => `blueprint ${identifier}: ${is}\n`).join(""));
  return 0;
};
