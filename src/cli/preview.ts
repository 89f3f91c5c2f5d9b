import { previewOptions } from "../options.js";
import { preview } from "../recipes/preview.js";
import { formatPreview } from "../report/summary.js";
import type { Command } from "./command.js";
import { flagsOf, parseFlags } from "./flags.js";
import { sourceTalk } from "./source-talk.js";
import { talkOf } from "./talk.js";
import { writeOut } from "./terminal.js";

/** `portload preview`: what the mapping makes of the sources, without any API. */
export const previewCommand: Command = {
  name: "preview <sources..>",
  describe: "Show the entities that a mapping makes, one JSON line each; needs no credentials",
  build: (parser) =>
    parser
      .positional("sources", { type: "string", array: true, describe: previewOptions.shape.sources.description ?? "" })
      .options(flagsOf(previewOptions.shape, ["sources"]))
      .example("$0 preview services.csv -m services.yaml --limit 3", "the first three records"),
  async run(args, terminal) {
    const options = parseFlags(previewOptions, args);
    const talk = talkOf(args, terminal);
    const { counts, rejects, warnings } = await preview(options, {
      env: terminal.env,
      stdin: terminal.stdin,
      signal: terminal.signal,
      ...sourceTalk(terminal, talk),
      emit: (line) => writeOut(terminal.stdout, `${line}\n`),
    });
    if (!talk.quiet) await writeOut(terminal.stderr, formatPreview({ counts, rejects, warnings, color: talk.color }));
    if (terminal.signal.aborted) return 4;
    return rejects.length > 0 ? 1 : 0;
  },
};
