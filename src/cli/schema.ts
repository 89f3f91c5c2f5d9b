import { mappingJsonSchema, mappingTestJsonSchema } from "../lint/json-schema.js";
import type { ExitCode } from "../report/exit-code.js";
import { printJson, type Terminal } from "./terminal.js";

/** `portload schema`: what editors complete and check mapping files by. */
export async function schema({ of }: { readonly of: "mapping" | "test" }, terminal: Terminal): Promise<ExitCode> {
  const made = of === "test" ? mappingTestJsonSchema() : mappingJsonSchema();
  await printJson(terminal, `${JSON.stringify(made, null, 2)}\n`);
  return 0;
}
