import type { previewOptions } from "../options/authoring.js";
import { preview as previewEntities } from "../recipes/preview.js";
import { formatPreview } from "../report/summary.js";
import type { Run } from "./command.js";
import { sourceQuestions } from "./source-questions.js";
import { mayColor, printJson, say } from "./terminal.js";

/** `portload preview`: what the mapping makes of the sources, without any API. */
export const preview: Run<typeof previewOptions> = async (options, terminal, output) => {
  const { env, stdin, signal } = terminal;
  const { counts, rejects, faults, warnings } = await previewEntities(options, {
    env,
    stdin,
    signal,
    ...sourceQuestions(terminal, output),
    emit: (line) => printJson(terminal, `${line}\n`),
  });
  const color = mayColor(terminal, terminal.stderr, output.color);
  if (!output.quiet) await say(terminal, formatPreview({ counts, rejects, faults, warnings, color }));
  return rejects.length > 0 ? 1 : 0;
};
