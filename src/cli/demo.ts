import { once } from "node:events";
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { runImport } from "../recipes/import.js";
import { loadBlueprintFolder } from "../recipes/run/blueprints.js";
import { quoted } from "../reject.js";
import type { ExitCode } from "../report/exit-code.js";
import { formatSummary } from "../report/summary.js";
import { packageFile } from "../version.js";
import type { OutputOptions } from "./output.js";
import { describeError, mayColor, say, type Terminal } from "./terminal.js";

const inPackage = (path: string): string => fileURLToPath(packageFile(path));

/** `portload demo`: the main job on the emulator, with the samples. */
export async function demo(
  { keep }: { readonly keep: boolean },
  terminal: Terminal,
  { quiet, color }: OutputOptions,
): Promise<ExitCode> {
  const tell = (text: string): Promise<void> => (quiet ? Promise.resolve() : say(terminal, text));
  const blueprints = await loadBlueprintFolder(inPackage("samples/blueprints"));
  const { startEmulator } = await import("../emulator/emulator.js");
  const emulator = await startEmulator({ blueprints });
  try {
    await tell(`emulator   ${emulator.url}, blueprints ${blueprints.map(({ identifier }) => identifier).join(", ")}\n`);
    await tell(
      "importing  samples/teams.json, services.csv, deployments.ndjson through mappings/organisation.yaml\n\n",
    );
    const {
      report,
      folder = "",
      mode,
      error,
    } = await runImport(
      {
        sources: ["teams.json", "services.csv", "deployments.ndjson"].map((name) => inPackage(`samples/${name}`)),
        mapping: inPackage("mappings/organisation.yaml"),
      },
      {
        env: {
          ...terminal.env,
          PORT_API_URL: emulator.url,
          PORT_CLIENT_ID: "portload",
          PORT_CLIENT_SECRET: "portload",
        },
        signal: terminal.signal,
      },
    );
    if (error !== undefined) await tell(`${describeError(error)}\n\n`);
    await tell(formatSummary({ report, mode, folder, color: mayColor(terminal, terminal.stderr, color) }));
    if (keep) await keepRunning(emulator.pageUrl, terminal);
    else await tell(next());
    return report.exitCode as ExitCode;
  } finally {
    await emulator.close();
  }
}

/** The address is data here: it is shown, quiet or not. */
async function keepRunning(pageUrl: string, terminal: Terminal): Promise<void> {
  await say(terminal, `\ncatalog page  ${pageUrl}   (Ctrl-C ends it)\n`);
  if (!terminal.signal.aborted) await once(terminal.signal, "abort");
}

/** Paths as they can be pasted where the program runs. */
function next(): string {
  const path = (name: string): string => {
    const near = relative(process.cwd(), inPackage(name));
    return quoted(near.startsWith("..") ? inPackage(name) : near);
  };
  // In a clone the command is found by npx alone.
  const program = existsSync("src/cli/main.ts") ? "npx portload" : "portload";
  return `
What to try next
  ${program} preview ${path("samples/services.csv")} -m ${path("mappings/services.yaml")} --limit 2
      what one record becomes
  ${program} emulator --blueprints ${path("samples/blueprints")} &
  export PORT_API_URL=http://127.0.0.1:4455/v1 PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload
      a catalog that stays
  ${program} import ${path("samples/teams.json")} ${path("samples/services.csv")} -m ${path("mappings/organisation.yaml")}
  ${program} import ${path("samples/services-dirty.csv")} -m ${path("mappings/services.yaml")}
      see what a dirty file leaves behind
`;
}
