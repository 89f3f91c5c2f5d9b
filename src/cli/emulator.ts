import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import { z } from "zod";
import { type FaultScript, faultScript } from "../emulator/faults.js";
import { parseReadings } from "../emulator/readings.js";
import { EnvironmentError, UsageError } from "../errors.js";
import { loadBlueprintFolder } from "../recipes/run/blueprint-folder.js";
import { wholeNumber } from "../whole-number.js";
import type { Command } from "./command.js";
import { durationMs } from "./duration.js";
import { flagsOf, parseFlags } from "./flags.js";
import { writeOut } from "./terminal.js";

const emulatorOptions = z.strictObject({
  port: wholeNumber(0, 65_535).default(4455).describe("port to listen on; 0 for any free one"),
  host: z.string().min(1).default("127.0.0.1").describe("address to listen on"),
  blueprints: z.string().min(1).optional().describe("folder of blueprint files to start with"),
  limits: z.string().default("port").describe("port (as documented), off, or a scale of them, e.g. 0.2"),
  limitPeriod: z.string().default("300s").describe("period of the limits; limits and bursts change in proportion"),
  latency: z.string().default("0ms").describe("delay before each answer, e.g. 80ms"),
  snapshot: z
    .string()
    .min(1)
    .optional()
    .describe("file that keeps the catalog: read at the start if it is there, written at a clean stop; .gz packs it"),
  reading: z
    .array(z.string().regex(/^[^=]+=/, "is <reading>=<value>"))
    .default([])
    .describe(
      "<reading>=<value>: how to read what no source of Port's behaviour pins down (repeatable); see docs/emulator.md",
    ),
  faults: z.string().min(1).optional().describe("YAML or JSON file of scripted trouble; see docs/reliability.md"),
});

/** `portload emulator`: a local server that speaks the API, until it is interrupted. */
export const emulatorCommand: Command = {
  name: "emulator",
  describe: "Run a local catalog that speaks Port's API, in memory",
  build: (parser) =>
    parser
      .options(flagsOf(emulatorOptions.shape))
      .example("$0 emulator --blueprints samples/blueprints", "a catalog with these blueprints")
      .epilogue("Credentials: PORT_CLIENT_ID and PORT_CLIENT_SECRET, else portload and portload."),
  async run(args, terminal) {
    const options = parseFlags(emulatorOptions, args);
    const { PORT_CLIENT_ID: clientId = "portload", PORT_CLIENT_SECRET: clientSecret = "portload" } = terminal.env;
    // Loaded only here: no other command needs a server.
    const { startEmulator } = await import("../emulator/emulator.js");
    const emulator = await startEmulator({
      port: options.port,
      host: options.host,
      blueprints: options.blueprints === undefined ? [] : await loadBlueprintFolder(options.blueprints),
      credentials: { clientId, clientSecret },
      limits: limitsOf(options.limits),
      limitPeriodMs: durationMs("limit-period", options.limitPeriod),
      latencyMs: durationMs("latency", options.latency),
      readings: parseReadings(options.reading),
      ...(options.snapshot !== undefined && { snapshot: options.snapshot }),
      ...(options.faults !== undefined && { faults: await readFaults(options.faults) }),
    }).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EADDRINUSE" && cause.code !== "EADDRNOTAVAIL" && cause.code !== "EACCES") throw cause;
      throw new EnvironmentError(`cannot listen on ${options.host}:${options.port}: ${cause.message}`, {
        hint: "Choose another --port; 0 takes any free one.",
        cause,
      });
    });
    await writeOut(terminal.stderr, `listening on ${emulator.url}\ncatalog page ${emulator.pageUrl}\n`);
    if (!terminal.signal.aborted) await once(terminal.signal, "abort");
    await emulator.close().catch((cause: Error) => {
      throw new EnvironmentError(`the snapshot could not be written: ${cause.message}`, { cause });
    });
    return 0;
  },
};

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

function limitsOf(text: string): "port" | "off" | number {
  if (text === "port" || text === "off") return text;
  const scale = Number(text);
  if (Number.isFinite(scale) && scale > 0) return scale;
  throw new UsageError(`--limits: "${text}" is neither port, off nor a scale above 0`);
}
