import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import { EnvironmentError } from "../errors.js";
import { apiOptions } from "../options.js";
import { exportEntities } from "../recipes/export.js";
import type { Command } from "./command.js";
import type { ExitCode } from "./exit.js";
import { flagsOf, parseFlags } from "./flags.js";
import { talkOf } from "./talk.js";
import { type Terminal, writeOut } from "./terminal.js";

const exportOptions = z.strictObject({
  blueprints: z.array(z.string().min(1)).min(1).describe("blueprints whose entities are exported"),
  format: z
    .enum(["ndjson", "json", "csv"], { error: "is ndjson, json or csv" })
    .optional()
    .describe("ndjson, json or csv; by default as the extension of --out says, else ndjson"),
  out: z.string().min(1).optional().describe("file to write; stdout by default"),
  mappingOut: z.string().min(1).optional().describe("mapping file to write, with which the export imports back"),
  ...apiOptions,
});

/** `portload entity export`: all entities of blueprints, as a file that imports back. */
export const exportCommand: Command = {
  name: "export <blueprints..>",
  describe: "Write all entities of blueprints as NDJSON, JSON or CSV, to import back",
  build: (parser) =>
    parser
      .positional("blueprints", {
        type: "string",
        array: true,
        describe: exportOptions.shape.blueprints.description ?? "",
      })
      .options(flagsOf(exportOptions.shape, ["blueprints"]))
      .example(
        "$0 entity export service --out services.csv --mapping-out services.yaml",
        "a file, and the mapping for it",
      ),
  run: runEntityExport,
};

async function runEntityExport(args: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const { out, mappingOut, format, ...options } = parseFlags(exportOptions, args);
  const talk = talkOf(args, terminal);
  const target = out === undefined ? terminal.stdout : createWriteStream(out, { mode: 0o600 });
  const failed = new Promise<never>((_, fail) => {
    if (out !== undefined)
      target.on("error", (cause: Error) =>
        fail(new EnvironmentError(`${out}: cannot be written: ${cause.message}`, { cause })),
      );
  });
  failed.catch(() => undefined);
  const { entities, mapping } = await exportEntities(
    { ...options, format: format ?? formatOf(out) },
    {
      env: terminal.env,
      signal: terminal.signal,
      emit: (text) => (text === "" ? Promise.resolve(true) : Promise.race([writeOut(target, text), failed])),
    },
  );
  if (out !== undefined) {
    target.end();
    await Promise.race([once(target, "close"), failed]);
  }
  const kind = out === undefined ? "export" : (basename(out).split(".")[0] ?? "export");
  if (mappingOut !== undefined) await writeFile(mappingOut, mapping(kind), { mode: 0o600 });
  if (!talk.quiet) await writeOut(terminal.stderr, `${entities.toLocaleString("en-US")} entities exported\n`);
  return 0;
}

function formatOf(out = ""): "ndjson" | "json" | "csv" {
  if (out.endsWith(".csv")) return "csv";
  return out.endsWith(".json") ? "json" : "ndjson";
}
