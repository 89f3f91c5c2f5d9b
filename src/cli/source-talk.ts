import { createInterface } from "node:readline/promises";
import { type Answer, type Doubt, mappingLine, receiptText, type SourceTalk } from "../recipes/run/settle-sources.js";
import type { Talk } from "./talk.js";
import type { Terminal } from "./terminal.js";

/** Prints on stderr how each source is read, and asks what is in doubt where a person sits at a terminal. */
export function sourceTalk(terminal: Terminal, { quiet, yes }: Pick<Talk, "quiet" | "yes">): SourceTalk {
  const isPerson = !yes && terminal.stdin.isTTY === true && terminal.stderr.isTTY === true;
  return {
    onReceipt: (receipt) => {
      if (!quiet) terminal.stderr.write(`${receiptText(receipt)}\n`);
    },
    ...(isPerson && { ask: (source: string, doubt: Doubt) => askAbout(terminal, source, doubt) }),
  };
}

/** The answer that a person picks by its number; undefined for anything else. */
async function askAbout(terminal: Terminal, source: string, { message, answers }: Doubt): Promise<Answer | undefined> {
  const choices = answers.map((answer, index) => `  ${index + 1}  ${answer.text}   ${mappingLine(answer)}\n`);
  terminal.stderr.write(`${source}: ${message}\n${choices.join("")}`);
  const asking = createInterface({ input: terminal.stdin, output: terminal.stderr });
  try {
    const typed = await asking.question(`Which? 1 to ${answers.length}, anything else stops: `, {
      signal: terminal.signal,
    });
    const answer = /^\d+$/.test(typed.trim()) ? answers[Number(typed) - 1] : undefined;
    if (answer !== undefined)
      terminal.stderr.write("The line beside it, under source in the mapping, settles it for good.\n");
    return answer;
  } catch (error) {
    if (terminal.signal.aborted) return undefined;
    throw error;
  } finally {
    asking.close();
  }
}
