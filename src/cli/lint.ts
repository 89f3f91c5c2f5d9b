import { z } from "zod";
import { countFindings, lintForms } from "../lint/forms.js";
import { lintOptions } from "../options.js";
import { lint } from "../recipes/lint.js";
import type { Command } from "./command.js";
import { flagsOf, parseFlags } from "./flags.js";
import { writeOut } from "./terminal.js";

const lintTalk = z.strictObject({
  output: z.enum(["text", "json", "github"]).default("text"),
  quiet: z.boolean().default(false),
});

/** `portload lint`: everything that is wrong with a mapping, offline. */
export const lintCommand: Command = {
  name: "lint <mappings..>",
  describe: "Check mapping files offline, all faults at once; needs no credentials",
  build: (parser) =>
    parser
      .positional("mappings", { type: "string", array: true, describe: lintOptions.shape.mappings.description ?? "" })
      .options(flagsOf(lintOptions.shape, ["mappings"]))
      .options({
        output: { type: "string", requiresArg: true, describe: "text, json, or github for annotations [text]" },
      })
      .example("$0 lint mappings/*.yaml --blueprints samples/blueprints", "names and types, too")
      .example("$0 lint services.yaml --source services.csv --output github", "columns, too; for a check in GitHub"),
  async run(args, terminal) {
    const options = parseFlags(lintOptions, args);
    const { output, quiet } = parseFlags(lintTalk, args);
    const findings = await lint(options);
    const shown = quiet ? findings.filter(({ severity }) => severity === "error") : findings;
    await writeOut(terminal.stdout, lintForms[output](shown));
    const { error, warning, note } = countFindings(findings);
    const files = options.mappings.length;
    if (!quiet)
      await writeOut(
        terminal.stderr,
        `${files} ${files === 1 ? "file" : "files"}: ${plural(error, "error")}, ${plural(warning, "warning")}, ${plural(note, "note")}\n`,
      );
    return error > 0 ? 3 : 0;
  },
};

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
