import { mappingJsonSchema, mappingTestJsonSchema } from "../lint/json-schema.js";
import type { Command } from "./command.js";
import { writeOut } from "./terminal.js";

/** `portload schema`: what editors complete and check mapping files by. */
export const schemaCommand: Command = {
  name: "schema [of]",
  describe: "Print the JSON Schema of mapping files, or of their tests, for editors",
  build: (parser) =>
    parser
      .positional("of", { type: "string", choices: ["mapping", "test"], default: "mapping", describe: "which files" })
      .example("$0 schema > mapping.schema.json", "then name it in the file's first line")
      .epilogue("# yaml-language-server: $schema=./mapping.schema.json"),
  async run(args, terminal) {
    const schema = args.of === "test" ? mappingTestJsonSchema() : mappingJsonSchema();
    await writeOut(terminal.stdout, `${JSON.stringify(schema, null, 2)}\n`);
    return 0;
  },
};
