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
      .options(flagsOf(initOptions.shape, ["sources", "yes"]))
      .options({ yes: { type: "boolean", describe: initOptions.shape.yes.description ?? "" } })
      .example("$0 init services.csv --out services.yaml --blueprints-out blueprints", "a mapping and a new blueprint")
      .example("$0 init services.csv --blueprint blueprints/service.json", "for a blueprint that exists"),
  async run(args, terminal) {
    const options = parseFlags(initOptions, args);
    const { mapping, blueprints, questions, written } = await proposeMapping(options, terminal.env);
    if (options.out === undefined) await writeOut(terminal.stdout, mapping);
    if (args.quiet === true) return 0;
    const lines = [
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
