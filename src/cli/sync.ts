import { runSync } from "../recipes/sync.js";
import { syncOptions } from "../recipes/sync-options.js";
import { formatSummary } from "../report/summary.js";
import type { Command } from "./command.js";
import { describeError, type ExitCode } from "./exit.js";
import { flagsOf, parseFlags } from "./flags.js";
import { showProgress } from "./progress.js";
import { sourceTalk } from "./source-talk.js";
import { talkFlags, talkOf } from "./talk.js";
import { writeOut } from "./terminal.js";

/** The flag that lets deletions happen; it takes no value. */
export const pruneFlag = {
  prune: { type: "boolean", describe: syncOptions.shape.prune.description ?? "" },
} as const;

/** `portload sync`: only differences are written. */
export const syncCommand: Command = {
  name: "sync <sources..>",
  describe: "Write only what differs from the catalog; with --prune delete what is stale",
  build: (parser) =>
    parser
      .positional("sources", { type: "string", array: true, describe: syncOptions.shape.sources.description ?? "" })
      .options(flagsOf(syncOptions.shape, ["sources", "prune"]))
      .options(pruneFlag)
      .options(talkFlags)
      .example("$0 sync services.csv -m services.yaml", "the nightly job")
      .example("$0 sync services.csv -m services.yaml --prune --max-delete 5%", "and what is gone from the file goes"),
  async run(args, terminal) {
    const options = parseFlags(syncOptions, args);
    const talk = talkOf(args, terminal);
    const progress = showProgress(terminal, talk);
    const { report, folder, mode, error } = await runSync(options, {
      env: terminal.env,
      stdin: terminal.stdin,
      signal: terminal.signal,
      ...sourceTalk(terminal, talk),
      onStart: progress.start,
    }).finally(progress.stop);
    if (error !== undefined) await writeOut(terminal.stderr, `${describeError(error)}\n\n`);
    if (talk.output === "json") await writeOut(terminal.stdout, `${JSON.stringify(report)}\n`);
    if (!talk.quiet) await writeOut(terminal.stderr, formatSummary({ report, mode, folder, color: talk.color }));
    return report.exitCode as ExitCode;
  },
};
