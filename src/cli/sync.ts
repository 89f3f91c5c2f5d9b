import { syncOptions } from "../recipes/sync/options.js";
import { runSync } from "../recipes/sync.js";
import type { Command } from "./command.js";
import { tellFinished } from "./finished.js";
import { flagsOf, parseFlags } from "./flags.js";
import { showProgress } from "./progress.js";
import { sourceTalk } from "./source-talk.js";
import { talkFlags, talkOf } from "./talk.js";

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
    const finished = await runSync(options, {
      env: terminal.env,
      stdin: terminal.stdin,
      signal: terminal.signal,
      ...sourceTalk(terminal, talk),
      onStart: progress.start,
    }).finally(progress.stop);
    return tellFinished(finished, terminal, talk);
  },
};
