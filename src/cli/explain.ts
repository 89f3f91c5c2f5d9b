import { formatExplanation } from "../authoring/explanation.js";
import type { explainOptions } from "../options/authoring.js";
import { explain as explainRecord } from "../recipes/explain.js";
import type { Run } from "./command.js";
import { sourceQuestions } from "./source-questions.js";
import { print, printJson } from "./terminal.js";

/** `portload explain`: what becomes of one record, step by step. */
export const explain: Run<typeof explainOptions> = async (options, terminal, output) => {
  const { env, stdin, signal } = terminal;
  const explanation = await explainRecord(options, { env, stdin, signal, ...sourceQuestions(terminal, output) });
  if (output.output === "json") await printJson(terminal, `${JSON.stringify(explanation)}\n`);
  else await print(terminal, formatExplanation(explanation));
  const isRejected = explanation.unread !== undefined || explanation.candidates.some(({ fate }) => fate === "rejected");
  return isRejected ? 1 : 0;
};
