import { z } from "zod";
import { apiOptions } from "../options.js";
import { applyBlueprintFiles } from "../recipes/apply-blueprints.js";
import type { Command } from "./command.js";
import { flagsOf, parseFlags } from "./flags.js";
import { talkFlags, talkOf } from "./talk.js";
import { writeOut } from "./terminal.js";

const applyOptions = z.strictObject({
  files: z.array(z.string().min(1)).min(1).describe("JSON or YAML files, or folders of them"),
  apiUrl: apiOptions.apiUrl,
});

/** `portload blueprint apply`: creates or updates blueprints. */
export const blueprintCommand: Command = {
  name: "blueprint <verb> <files..>",
  describe: "Create or update blueprints from files: blueprint apply <file…>",
  build: (parser) =>
    parser
      .positional("verb", { type: "string", choices: ["apply"], describe: "what to do" })
      .positional("files", { type: "string", array: true, describe: applyOptions.shape.files.description ?? "" })
      .options(flagsOf(applyOptions.shape, ["files"]))
      .options({ output: talkFlags.output })
      .example("$0 blueprint apply samples/blueprints", "every blueprint of a folder"),
  async run(args, terminal) {
    const { files, apiUrl } = parseFlags(applyOptions, args);
    const talk = talkOf(args, terminal);
    const applied = await applyBlueprintFiles(files, { env: terminal.env, ...(apiUrl !== undefined && { apiUrl }) });
    if (talk.output === "json") await writeOut(terminal.stdout, `${JSON.stringify(applied)}\n`);
    else if (!talk.quiet)
      await writeOut(terminal.stderr, applied.map(({ identifier, is }) => `blueprint ${identifier}: ${is}\n`).join(""));
    return 0;
  },
};
