import { importCommandOptions as importOptions } from "../options.js";
import { runImport } from "../recipes/import.js";
import type { Command } from "./command.js";
import { tellFinished } from "./finished.js";
import { flagsOf, parseFlags } from "./flags.js";
import { showProgress } from "./progress.js";
import { sourceTalk } from "./source-talk.js";
import { talkFlags, talkOf } from "./talk.js";

/** `portload import`: every record is written. */
export const importCommand: Command = {
  name: "import <sources..>",
  describe: "Write every record of the sources to the catalog",
  build: (parser) =>
    parser
      .positional("sources", { type: "string", array: true, describe: importOptions.shape.sources.description ?? "" })
      .options(flagsOf(importOptions.shape, ["sources", "dryRun"]))
      .options({ "dry-run": { type: "boolean", describe: importOptions.shape.dryRun.description ?? "" } })
      .options(talkFlags)
      .example("$0 import services.csv -m services.yaml", "one file")
      .example(
        "$0 import exports/ -m inventory.yaml --mode override",
        "a folder; entities become exactly what was sent",
      ),
  async run(args, terminal) {
    const options = parseFlags(importOptions, args);
    const talk = talkOf(args, terminal);
    const progress = showProgress(terminal, talk);
    const finished = await runImport(options, {
      env: terminal.env,
      stdin: terminal.stdin,
      signal: terminal.signal,
      ...sourceTalk(terminal, talk),
      onStart: progress.start,
    }).finally(progress.stop);
    return tellFinished(finished, terminal, talk);
  },
};
