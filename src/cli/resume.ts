import type { Readable } from "node:stream";
import { resumeOptions } from "../recipes/resume/options.js";
import { isImportId, resumeImport } from "../recipes/resume.js";
import type { Command } from "./command.js";
import { tellFinished } from "./finished.js";
import { flagsOf, parseFlags } from "./flags.js";
import { showProgress } from "./progress.js";
import { sourceTalk } from "./source-talk.js";
import { talkFlags, talkOf } from "./talk.js";
import type { Terminal } from "./terminal.js";

/** `portload resume`: goes on where an import stopped. */
export const resumeCommand: Command = {
  name: "resume [args..]",
  describe: "Go on with an import that stopped: resume [id] [source…]",
  build: (parser) =>
    parser
      .positional("args", {
        type: "string",
        array: true,
        describe: "id of the import, by default the latest that did not finish; its sources, where they moved",
      })
      .options(flagsOf(resumeOptions.shape, ["importId", "acceptChanges", "sources"]))
      .option("accept-changes", { type: "boolean", describe: resumeOptions.shape.acceptChanges.description ?? "" })
      .options(talkFlags)
      .example("$0 resume", "the latest import that did not finish, with its own options")
      .example("pg_dump … | $0 resume 20261122T033012417Z-7f3a", "an import whose stdin was cut off, piped again"),
  async run(args, terminal) {
    const options = parseFlags(resumeOptions, { ...args, ...withId(args.args) });
    const talk = talkOf(args, terminal);
    const progress = showProgress(terminal, talk);
    const stdin = pipedStdin(terminal);
    const finished = await resumeImport(options, {
      env: terminal.env,
      ...(stdin && { stdin }),
      signal: terminal.signal,
      ...sourceTalk(terminal, talk),
      onStart: progress.start,
    }).finally(progress.stop);
    return tellFinished(finished, terminal, talk);
  },
};

/** Tells the id of an import from sources among what stands after a command. */
export function withId(args: unknown): { readonly importId?: string; readonly sources?: readonly string[] } {
  const [first, ...rest] = (args ?? []) as readonly string[];
  if (first === undefined) return {};
  const hasId = isImportId(first);
  const sources = hasId ? rest : [first, ...rest];
  return { ...(hasId && { importId: first }), ...(sources.length > 0 && { sources }) };
}

/** Stdin, unless a person types there: nobody pipes a terminal. */
function pipedStdin({ stdin }: Terminal): Readable | undefined {
  return stdin.isTTY === true ? undefined : stdin;
}
