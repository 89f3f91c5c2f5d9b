import { countFindings, lintForms } from "../lint/codes.js";
import type { lintOptions } from "../options/authoring.js";
import { lint as lintFiles } from "../recipes/lint.js";
import type { Run } from "./command.js";
import { print, say } from "./terminal.js";

/** `portload lint`: everything that is wrong with a mapping, offline. */
export const lint: Run<typeof lintOptions> = async (options, terminal, { output, quiet }) => {
  const findings = await lintFiles(options);
  const shown = quiet ? findings.filter(({ severity }) => severity === "error") : findings;
  await print(terminal, lintForms[output](shown));
  const { error, warning, note } = countFindings(findings);
  const counts = `${plural(error, "error")}, ${plural(warning, "warning")}, ${plural(note, "note")}`;
  if (!quiet) await say(terminal, `${plural(options.mappings.length, "file")}: ${counts}\n`);
  return error > 0 ? 3 : 0;
};

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
