import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { EnvironmentError } from "../errors.js";
import type { exportOptions } from "../options/catalog.js";
import { exportEntities } from "../recipes/export.js";
import { formatCount } from "../report/words.js";
import type { Run } from "./command.js";
import { print, printJson, printRaw, say } from "./terminal.js";

/** `portload entity export`: all entities of blueprints, as a file that imports back. */
export const exportCommand: Run<typeof exportOptions> = async (given, terminal, { quiet, output }) => {
  const { out, mappingOut, format = formatOf(given.out), ...options } = given;
  const target = out === undefined ? undefined : createWriteStream(out, { mode: 0o600 });
  const failed = new Promise<never>((_, fail) => {
    target?.on("error", (cause: Error) =>
      fail(new EnvironmentError(`${out}: cannot be written: ${cause.message}`, { cause })),
    );
  });
  failed.catch(() => undefined);
  const toStdout = format === "csv" ? printRaw : printJson;
  const { entities, mapping } = await exportEntities(
    { ...options, format },
    {
      env: terminal.env,
      signal: terminal.signal,
      async emit(text) {
        if (text === "") return true;
        if (target === undefined) return toStdout(terminal, text);
        if (!target.write(text)) await Promise.race([once(target, "drain"), failed]);
        return true;
      },
    },
  );
  if (target !== undefined) {
    target.end();
    await Promise.race([once(target, "close"), failed]);
  }
  const kind = out === undefined ? "export" : (basename(out).split(".")[0] ?? "export");
  if (mappingOut !== undefined) await writeFile(mappingOut, mapping(kind), { mode: 0o600 });
  if (output === "json" && out !== undefined)
    await print(terminal, `${JSON.stringify({ entities, out, ...(mappingOut !== undefined && { mappingOut }) })}\n`);
  else if (!quiet) await say(terminal, `${formatCount(entities, "entity")} exported\n`);
  return 0;
};

function formatOf(out = ""): "ndjson" | "json" | "csv" {
  if (out.endsWith(".csv")) return "csv";
  return out.endsWith(".json") ? "json" : "ndjson";
}
