/** How long the program takes to start, against `node -e 0` in the same run: whole process, medians of seven; of an import the time to its first request. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

type EmulatorModule = typeof import("../src/emulator/emulator.js");

const root = resolve(import.meta.dirname, "../../../..");
const program = join(root, "dist/cli/main.js");
const rounds = 7;

const { startEmulator } = (await import(join(root, "dist/emulator.js"))) as EmulatorModule;
const emulator = await startEmulator({
  blueprints: [{ identifier: "thing", title: "Thing", icon: null, schema: { properties: {}, required: [] } }],
});
const env = {
  PATH: process.env.PATH,
  PORT_API_URL: emulator.url,
  PORT_CLIENT_ID: "portload",
  PORT_CLIENT_SECRET: "portload",
};

/** Milliseconds from the start of a process to its end. */
async function whole(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: "ignore" });
  await once(child, "close");
  return performance.now() - started;
}

/** Milliseconds from the start of an import to its first request, which is never answered. */
async function firstRequest(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const state = await mkdtemp(join(tmpdir(), "portload-startup-"));
  const args = ["import", join(root, "samples/services.csv"), "-m", join(root, "mappings/services.yaml")];
  const started = performance.now();
  const child = spawn(process.execPath, [program, ...args, "--state-dir", state], {
    env: { ...env, PORT_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` },
    stdio: "ignore",
  });
  await once(server, "request");
  const took = performance.now() - started;
  child.kill("SIGKILL");
  await once(child, "close");
  server.closeAllConnections();
  server.close();
  await rm(state, { recursive: true, force: true });
  return took;
}

const cases: readonly (readonly [name: string, limit: number, run: () => Promise<number>])[] = [
  ["node -e 0", 1, () => whole(["-e", "0"])],
  ["--help", 3, () => whole([program, "--help"])],
  ["--version", 3, () => whole([program, "--version"])],
  ["completion", 3, () => whole([program, "completion", "bash"])],
  ["a Tab", 3, () => whole([program, "__complete", "bash", "import", "--mo"])],
  ["entity get", 3, () => whole([program, "entity", "get", "thing", "a"])],
  ["import, first request", 5, firstRequest],
];

await whole([program, "entity", "create", "thing", "a"]);
// In turns, so that a busy machine slows all alike.
const times = cases.map((): number[] => []);
for (let round = 0; round < rounds; round++)
  for (const [index, [, , run]] of cases.entries()) times[index]?.push(await run());
const medians = times.map((each) => each.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN);
const [floor = Number.NaN] = medians;
for (const [index, [name, limit]] of cases.entries()) {
  const ms = medians[index] ?? Number.NaN;
  console.log(
    `${name.padEnd(22)} ${ms.toFixed(0).padStart(5)} ms  ${(ms / floor).toFixed(2).padStart(5)} x   at most ${limit} x`,
  );
}
await emulator.close();
