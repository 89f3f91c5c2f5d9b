import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import { startEmulator } from "../emulator/emulator.js";
import type { FaultScript } from "../emulator/emulator-options.js";
import { faultScript } from "../emulator/faults.js";
import { parseReadings } from "../emulator/readings.js";
import { EnvironmentError, UsageError } from "../errors.js";
import type { emulatorOptions } from "../options/emulator.js";
import { loadBlueprintFolder } from "../recipes/run/blueprints.js";
import type { Run } from "./command.js";
import { say } from "./terminal.js";

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
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EADDRINUSE" && cause.code !== "EADDRNOTAVAIL" && cause.code !== "EACCES") throw cause;
    throw new EnvironmentError(`cannot listen on ${host}:${port}: ${cause.message}`, {
      hint: "Choose another --port; 0 takes any free one.",
      cause,
    });
  });
  // Credentials of one's own are not repeated.
  const isKnown = clientId === "portload" && clientSecret === "portload";
  const credentials = isKnown ? " PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload" : "";
  await say(
    terminal,
    `listening on ${started.url}\ncatalog page ${started.pageUrl}\nin another terminal: export PORT_API_URL=${started.url}${credentials}\n`,
  );
  if (!terminal.signal.aborted) await once(terminal.signal, "abort");
  await started.close().catch((cause: Error) => {
    throw new EnvironmentError(`the snapshot could not be written: ${cause.message}`, { cause });
  });
  return 0;
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
