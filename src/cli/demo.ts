import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { runImport } from "../recipes/import.js";
import { loadBlueprintFolder } from "../recipes/run/blueprint-folder.js";
import { formatSummary } from "../report/summary.js";
import type { Command } from "./command.js";
import { describeError, type ExitCode } from "./exit.js";
import { talkOf } from "./talk.js";
import { type Terminal, writeOut } from "./terminal.js";

const inPackage = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** `portload demo`: the main job on the emulator, with the samples. */
export const demoCommand: Command = {
  name: "demo",
  describe: "Import the samples into a local emulator and show the report",
  build: (parser) => parser.options(keepFlag),
  async run(args, terminal) {
    const talk = talkOf(args, terminal);
    const say = (text: string): Promise<boolean> =>
      talk.quiet ? Promise.resolve(true) : writeOut(terminal.stderr, text);
    const blueprints = await loadBlueprintFolder(inPackage("samples/blueprints"));
    const { startEmulator } = await import("../emulator/emulator.js");
    const emulator = await startEmulator({ blueprints });
    try {
      await say(
        `emulator   ${emulator.url}, blueprints ${blueprints.map(({ identifier }) => identifier).join(", ")}\n`,
      );
      await say(
        "importing  samples/teams.json, services.csv, deployments.ndjson through mappings/organisation.yaml\n\n",
      );
      const { report, folder, mode, error } = await runImport(
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
      if (error !== undefined) await say(`${describeError(error)}\n\n`);
      await say(formatSummary({ report, mode, folder, color: talk.color }));
      if (args.keep === true) await keepRunning(emulator.pageUrl, terminal);
      else await say(next);
      return report.exitCode as ExitCode;
    } finally {
      await emulator.close();
    }
  },
};

const keepFlag = {
  keep: { type: "boolean", describe: "keep the emulator running and show where its catalog page is, until Ctrl-C" },
} as const;

/** The address is data here: it is shown, quiet or not. */
async function keepRunning(pageUrl: string, { stderr, signal }: Terminal): Promise<void> {
  await writeOut(stderr, `\ncatalog page  ${pageUrl}   (Ctrl-C ends it)\n`);
  if (!signal.aborted) await once(signal, "abort");
}

const next = `
What to try next
  npx portload preview samples/services.csv -m mappings/services.yaml --limit 2    what one record becomes
  npx portload emulator --blueprints samples/blueprints &                          a catalog that stays
  export PORT_API_URL=http://127.0.0.1:4455/v1 PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload
  npx portload import samples/teams.json samples/services.csv -m mappings/organisation.yaml
  npx portload import samples/services-dirty.csv -m mappings/services.yaml         see what a dirty file leaves behind
`;
