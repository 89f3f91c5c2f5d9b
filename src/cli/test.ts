import { countResults, formatResults } from "../mapping-test/results.js";
import { testOptions } from "../options.js";
import { testMappings } from "../recipes/mapping-test.js";
import type { Command } from "./command.js";
import { flagsOf, parseFlags } from "./flags.js";
import { talkOf } from "./talk.js";
import { writeOut } from "./terminal.js";

/** `portload test`: the tests beside the mappings. */
export const testCommand: Command = {
  name: "test <files..>",
  describe: "Run mapping tests (*.test.yaml): records in, entities or reject codes out; offline",
  build: (parser) =>
    parser
      .positional("files", { type: "string", array: true, describe: testOptions.shape.files.description ?? "" })
      .options(flagsOf(testOptions.shape, ["files", "update"]))
      .options({
        update: { type: "boolean", describe: testOptions.shape.update.description ?? "" },
        output: { type: "string", requiresArg: true, describe: "text, or json [text]" },
      })
      .example("$0 test mappings/*.test.yaml --junit results.xml", "every test, for a CI system")
      .example("$0 test services.test.yaml --update", "rewrite what tests that fail expect, and show it"),
  async run(args, terminal) {
    const options = parseFlags(testOptions, args);
    const talk = talkOf(args, terminal);
    const files = await testMappings(options);
    const { passed, failed, updated } = countResults(files);
    if (talk.output === "json")
      await writeOut(terminal.stdout, `${JSON.stringify({ schemaVersion: 1, passed, failed, updated, files })}\n`);
    else if (!talk.quiet || failed > 0) await writeOut(terminal.stdout, formatResults(files));
    const rewritten = updated === 0 ? "" : `, ${updated} rewritten`;
    if (!talk.quiet)
      await writeOut(
        terminal.stderr,
        `${passed + failed + updated} tests: ${passed} passed, ${failed} failed${rewritten}\n`,
      );
    return failed > 0 ? 1 : 0;
  },
};
