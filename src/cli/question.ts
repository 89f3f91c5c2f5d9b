import { type Answer, type Doubt, mappingLine, receiptText, type SourceQuestions } from "../recipes/run/inventory.js";
import type { OutputOptions } from "./command.js";
import { question, say, type Terminal } from "./terminal.js";

/** Prints on stderr how each source is read, and asks what is in doubt where a person sits at a terminal. */
export function sourceQuestions(
  terminal: Terminal,
  { quiet, yes }: Pick<OutputOptions, "quiet" | "yes">,
): SourceQuestions {
  const isPerson = !yes && terminal.stdin.isTTY === true && terminal.stderr.isTTY === true;
  return {
    onReceipt: (receipt) => {
      if (!quiet) void say(terminal, `${receiptText(receipt)}\n`);
    },
    ...(isPerson && { ask: (source: string, doubt: Doubt) => askAbout(terminal, source, doubt) }),
  };
}

/** The answer that a person picks by its number; undefined for anything else. */
async function askAbout(terminal: Terminal, source: string, { message, answers }: Doubt): Promise<Answer | undefined> {
  const choices = answers.map((answer, index) => `  ${index + 1}  ${answer.text}   ${mappingLine(answer)}\n`);
  await say(terminal, `${source}: ${message}\n${choices.join("")}`);
  const typed = await question(terminal, `Which? 1 to ${answers.length}, anything else stops: `);
  const answer = typed !== undefined && /^\d+$/.test(typed) ? answers[Number(typed) - 1] : undefined;
  if (answer !== undefined)
    await say(terminal, "The line beside it, under source in the mapping, settles it for good.\n");
  return answer;
}
