import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { get } from "node:http";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { emulatorPort } from "../addresses.js";
import { startEmulator } from "../emulator/emulator.js";
import type { FaultScript } from "../emulator/emulator-options.js";
import { faultScript } from "../emulator/faults.js";
import { parseReadings } from "../emulator/readings.js";
import { EnvironmentError, UsageError } from "../errors.js";
import type { emulatorOptions } from "../options/catalog.js";
import { loadBlueprintFolder } from "../recipes/run/blueprints.js";
import { quoted } from "../reject.js";
import type { ExitCode } from "../report/exit-code.js";
import { packageFile } from "../version.js";
import type { OutputOptions, Run } from "./command.js";
import { describeError, mayColor, say, type Terminal } from "./terminal.js";

/** `portload emulator`: a local server that speaks the API, until it is interrupted. */
export const emulator: Run<typeof emulatorOptions> = async (options, terminal) => {
  const { PORT_CLIENT_ID: clientId = "portload", PORT_CLIENT_SECRET: clientSecret = "portload" } = terminal.env;
  const { port, host, blueprints, limits, limitPeriod, latency, reading, snapshot, faults } = options;
  const readings = parseReadings(reading);
  const types = readings.unlistedType === "accept" ? "any" : "listed";
  const started = await startEmulator({
    port,
    host,
    blueprints: blueprints === undefined ? [] : await loadBlueprintFolder(blueprints, types),
    credentials: { clientId, clientSecret },
    limits,
    limitPeriodMs: limitPeriod,
    latencyMs: latency,
    readings,
    ...(snapshot !== undefined && { snapshot }),
    ...(faults !== undefined && { faults: await readFaults(faults) }),
  }).catch(async (cause: NodeJS.ErrnoException) => {
    const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/v1`;
    if (cause.code === "EADDRINUSE" && (await isEmulator(url)))
      throw new EnvironmentError(`an emulator runs on ${host}:${port} already`, {
        hint: `To use it: ${exportLine(url, clientId, clientSecret)}\n  For a second one choose another --port; 0 takes any free one.`,
        cause,
      });
    if (cause.code !== "EADDRINUSE" && cause.code !== "EADDRNOTAVAIL" && cause.code !== "EACCES") throw cause;
    throw new EnvironmentError(`cannot listen on ${host}:${port}: ${cause.message}`, {
      hint: "Choose another --port; 0 takes any free one.",
      cause,
    });
  });
  await say(
    terminal,
    `listening on ${started.url}\ncatalog page ${started.pageUrl}\nin another terminal: ${exportLine(started.url, clientId, clientSecret)}\nprocess id ${process.pid}: kill ${process.pid} ends it\n`,
  );
  if (!terminal.signal.aborted) await once(terminal.signal, "abort");
  await started.close().catch((cause: Error) => {
    throw new EnvironmentError(`the snapshot could not be written: ${cause.message}`, { cause });
  });
  return 0;
};

/** What to paste to use it. Credentials of one's own are not repeated. */
function exportLine(url: string, clientId: string, clientSecret: string): string {
  const isKnown = clientId === "portload" && clientSecret === "portload";
  return `export PORT_API_URL=${url}${isKnown ? " PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload" : ""}`;
}

/** Longest wait for what holds the port, in milliseconds. */
const lookMs = 2000;

/** Whether what listens at an address is an emulator. */
function isEmulator(url: string): Promise<boolean> {
  return new Promise((done) => {
    const asked = get(new URL("/__emulator/stats", url), { timeout: lookMs }, (reply) => {
      reply.resume();
      done(reply.statusCode === 200);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => done(false));
  });
}

async function readFaults(path: string): Promise<FaultScript> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new UsageError(`--faults ${path}: ${cause.message}`, { cause });
  });
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) throw new UsageError(`--faults ${path}: ${broken.message}`);
  const script = faultScript.safeParse(document.toJS());
  if (script.success) return script.data;
  const issues = script.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new UsageError(`--faults ${path} has faults of its own\n${issues.join("\n")}`);
}

const inPackage = (path: string): string => fileURLToPath(packageFile(path));

/** `portload demo`: the main job on the emulator, with the samples. */
export async function demo(
  { keep }: { readonly keep: boolean },
  terminal: Terminal,
  { quiet, color }: OutputOptions,
): Promise<ExitCode> {
  const print = (text: string): Promise<void> => (quiet ? Promise.resolve() : say(terminal, text));
  const { runImport } = await import("../recipes/import.js");
  const { formatSummary } = await import("../report/summary.js");
  const blueprints = await loadBlueprintFolder(inPackage("samples/blueprints"));
  const emulator = await startEmulator({ blueprints });
  try {
    await print(
      `emulator   ${emulator.url}, blueprints ${blueprints.map(({ identifier }) => identifier).join(", ")}\n`,
    );
    await print(
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
    if (error !== undefined) await print(`${describeError(error)}\n\n`);
    await print(formatSummary({ report, mode, folder, color: mayColor(terminal, terminal.stderr, color) }));
    if (keep) await keepRunning(emulator.pageUrl, terminal);
    else await print(next());
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
  ${program} emulator &
  export PORT_API_URL=http://127.0.0.1:${emulatorPort}/v1 PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload
      a catalog that stays
  ${program} blueprint apply ${path("samples/blueprints")}
      what its entities are of
  ${program} import ${path("samples/teams.json")} ${path("samples/services.csv")} -m ${path("mappings/organisation.yaml")}
  ${program} import ${path("samples/services-dirty.csv")} -m ${path("mappings/services.yaml")}
      see what a dirty file leaves behind
`;
}
