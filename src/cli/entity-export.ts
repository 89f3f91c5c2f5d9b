import { basename } from "node:path";
import type { exportOptions } from "../options/catalog.js";
import { type OutputFile, openOutputFile, writeOutputFile } from "../output-file.js";
import { exportEntities } from "../recipes/export.js";
import { formatCount } from "../report/words.js";
import type { Run } from "./command.js";
import { printJson, printRaw, say, type Terminal } from "./terminal.js";

/** `portload entity export`: all entities of blueprints, as a file that imports back. */
export const exportCommand: Run<typeof exportOptions> = async (given, terminal, { quiet, output }) => {
  const { out, mappingOut, blueprintsOut, format = formatOf(given.out), ...options } = given;
  const file = out === undefined ? undefined : await openOutputFile(out, "--out");
  try {
    const { entities, leftOut, blueprintsFile, mapping } = await exportEntities(
      { ...options, format },
      { env: terminal.env, signal: terminal.signal, emit: emitterOf(file, format, terminal) },
    );
    await file?.finish();
    const kind = out === undefined ? "export" : (basename(out).split(".")[0] ?? "export");
    if (mappingOut !== undefined) await writeOutputFile(mappingOut, "--mapping-out", mapping(kind));
    if (blueprintsOut !== undefined) await writeOutputFile(blueprintsOut, "--blueprints-out", blueprintsFile);
    if (output === "json" && out !== undefined)
      await printJson(
        terminal,
        `${JSON.stringify({ entities, leftOut, out, ...(mappingOut !== undefined && { mappingOut }), ...(blueprintsOut !== undefined && { blueprintsOut }) })}\n`,
      );
    else if (!quiet) {
      const without = leftOut.length === 0 ? "" : `; left out ${leftOut.join(", ")}, which only Port writes`;
      await say(terminal, `${formatCount(entities, "entity")} exported${without}\n`);
    }
    return 0;
  } finally {
    await file?.discard();
  }
};

function emitterOf(file: OutputFile | undefined, format: string, terminal: Terminal) {
  const toStdout = format === "csv" ? printRaw : printJson;
  return async (text: string): Promise<boolean> => {
    if (text === "") return true;
    if (file === undefined) return toStdout(terminal, text);
    await file.write(text);
    return true;
  };
}

function formatOf(out = ""): "ndjson" | "json" | "csv" {
  if (out.endsWith(".csv")) return "csv";
  return out.endsWith(".json") ? "json" : "ndjson";
}
