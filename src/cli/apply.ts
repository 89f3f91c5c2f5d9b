import { runApply } from "../recipes/apply.js";
import { applyOptions } from "../recipes/sync-options.js";
import { formatSummary } from "../report/summary.js";
import type { Command } from "./command.js";
import { describeError, type ExitCode } from "./exit.js";
import { flagsOf, parseFlags } from "./flags.js";
import { showProgress } from "./progress.js";
import { talkFlags, talkOf } from "./talk.js";
import { writeOut } from "./terminal.js";

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
    const { report, folder, mode, error } = await runApply(options, {
      env: terminal.env,
      signal: terminal.signal,
      onStart: progress.start,
    }).finally(progress.stop);
    if (error !== undefined) await writeOut(terminal.stderr, `${describeError(error)}\n\n`);
    if (talk.output === "json") await writeOut(terminal.stdout, `${JSON.stringify(report)}\n`);
    if (!talk.quiet) await writeOut(terminal.stderr, formatSummary({ report, mode, folder, color: talk.color }));
    return report.exitCode as ExitCode;
  },
};
