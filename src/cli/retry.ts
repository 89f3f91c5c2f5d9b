import { retryOptions } from "../recipes/resume/options.js";
import { retryImport } from "../recipes/retry.js";
import type { Command } from "./command.js";
import { tellFinished } from "./finished.js";
import { flagsOf, parseFlags } from "./flags.js";
import { showProgress } from "./progress.js";
import { sourceTalk } from "./source-talk.js";
import { talkFlags, talkOf } from "./talk.js";

/** `portload retry`: feeds what an import refused, once it is corrected. */
export const retryCommand: Command = {
  name: "retry [import-id]",
  describe: "Feed an import's rejects files as they are now, and what it did not attempt",
  build: (parser) =>
    parser
      .positional("import-id", { type: "string", describe: retryOptions.shape.importId.description ?? "" })
      .options(flagsOf(retryOptions.shape, ["importId", "sources"]))
      .options(talkFlags)
      .example("$0 retry", "the latest import that rejected anything, with its own options"),
  async run(args, terminal) {
    const options = parseFlags(retryOptions, args);
    const talk = talkOf(args, terminal);
    const progress = showProgress(terminal, talk);
    const finished = await retryImport(options, {
      env: terminal.env,
      signal: terminal.signal,
      ...sourceTalk(terminal, talk),
      onStart: progress.start,
    }).finally(progress.stop);
    return tellFinished(finished, terminal, talk);
  },
};
