import { initOptions } from "../options.js";
import { proposeMapping } from "../recipes/init.js";
import type { Command } from "./command.js";
import { flagsOf, parseFlags } from "./flags.js";
import { writeOut } from "./terminal.js";

/** `portload init`: a mapping to begin with. */
export const initCommand: Command = {
  name: "init <sources..>",
  describe: "Propose a commented mapping, and a blueprint, from the values of sources",
  build: (parser) =>
    parser
      .positional("sources", { type: "string", array: true, describe: initOptions.shape.sources.description ?? "" })
      .options(flagsOf(initOptions.shape, ["sources", "yes", "catalog"]))
      .options({ catalog: { type: "boolean", describe: initOptions.shape.catalog.description ?? "" } })
      .options({ yes: { type: "boolean", describe: initOptions.shape.yes.description ?? "" } })
      .example("$0 init services.csv --out services.yaml --blueprints-out blueprints", "a mapping and a new blueprint")
      .example("$0 init services.csv --blueprint blueprints/service.json", "for a blueprint that exists"),
  async run(args, terminal) {
    const options = parseFlags(initOptions, args);
    const { env, stdin, signal } = terminal;
    const proposed = await proposeMapping(options, { env, stdin, signal }).catch((error: unknown) => {
      if (error !== signal.reason || !signal.aborted) throw error;
      return undefined;
    });
    if (proposed === undefined) {
      if (args.quiet !== true) await writeOut(terminal.stderr, "portload: interrupted; nothing was written\n");
      return 4;
    }
    const { mapping, blueprints, questions, tried, written } = proposed;
    if (options.out === undefined) await writeOut(terminal.stdout, mapping);
    if (args.quiet === true) return 0;
    const lines = [
      ...tried.flatMap(({ source, lines: made }) =>
        made.map((line, index) => (index === 0 ? `${source}: ${line}` : `  ${line}`)),
      ),
      ...written.map((file) => `wrote ${file}`),
      ...questions.map((question) => `? ${question}`),
      ...(options.blueprintsOut === undefined && blueprints.length > 0
        ? ["a blueprint that fits is written with --blueprints-out DIR"]
        : []),
    ];
    await writeOut(terminal.stderr, lines.map((line) => `${line}\n`).join(""));
    return 0;
  },
};
