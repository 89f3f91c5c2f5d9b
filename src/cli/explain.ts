import { formatExplanation } from "../authoring/explanation.js";
import { explainOptions } from "../options.js";
import { explain } from "../recipes/explain.js";
import type { Command } from "./command.js";
import { flagsOf, parseFlags } from "./flags.js";
import { sourceTalk } from "./source-talk.js";
import { talkOf } from "./talk.js";
import { writeOut } from "./terminal.js";

/** `portload explain`: what becomes of one record, step by step. */
export const explainCommand: Command = {
  name: "explain <source>",
  describe: "Show what becomes of one record: cells, expressions, types, payload, what the catalog holds",
  build: (parser) =>
    parser
      .positional("source", { type: "string", describe: explainOptions.shape.source.description ?? "" })
      .options(flagsOf(explainOptions.shape, ["source"]))
      .options({
        output: { type: "string", requiresArg: true, describe: "text, or json [text]" },
      })
      .example("$0 explain services.csv -m services.yaml --record 12", "the twelfth record"),
  async run(args, terminal) {
    const options = parseFlags(explainOptions, args);
    const talk = talkOf(args, terminal);
    const explanation = await explain(options, {
      env: terminal.env,
      stdin: terminal.stdin,
      signal: terminal.signal,
      ...sourceTalk(terminal, talk),
    });
    const text = talk.output === "json" ? `${JSON.stringify(explanation)}\n` : formatExplanation(explanation);
    await writeOut(terminal.stdout, text);
    const isRejected =
      explanation.unread !== undefined || explanation.candidates.some(({ fate }) => fate === "rejected");
    return isRejected ? 1 : 0;
  },
};
