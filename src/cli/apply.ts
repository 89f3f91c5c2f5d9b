import { runApply } from "../recipes/apply.js";
import { applyOptions } from "../recipes/sync/options.js";
import type { Command } from "./command.js";
import { tellFinished } from "./finished.js";
import { flagsOf, parseFlags } from "./flags.js";
import { showProgress } from "./progress.js";
import { talkFlags, talkOf } from "./talk.js";

/** `portload apply`: exactly what a plan says, or nothing. */
export const applyCommand: Command = {
  name: "apply <plan>",
  describe: "Do exactly what a plan says; refused when anything drifted since",
  build: (parser) =>
    parser
      .positional("plan", { type: "string", describe: applyOptions.shape.plan.description ?? "" })
      .options(flagsOf(applyOptions.shape, ["plan"]))
      .options(talkFlags)
      .example("$0 apply tonight.plan", "a plan that portload plan --out tonight.plan made"),
  async run(args, terminal) {
    const options = parseFlags(applyOptions, args);
    const talk = talkOf(args, terminal);
    const progress = showProgress(terminal, talk);
    const finished = await runApply(options, {
      env: terminal.env,
      signal: terminal.signal,
      onStart: progress.start,
    }).finally(progress.stop);
    return tellFinished(finished, terminal, talk);
  },
};
