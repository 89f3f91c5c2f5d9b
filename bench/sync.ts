/**
 * Counts the requests of nightly syncs of 100,000 entities against an emulator without limits, and measures the peak memory of a sync of 1,000,000.
 *
 *     npm run --silent bench:build && node node_modules/.cache/portload-bench/bench/sync.js [requests [N] | memory [N]]
 *
 * Holds: an unchanged night sends no write and at most 101 searches, 202 with a prune; 1 % changed at most 51 bulk requests more; 1,000,000 entities
 * sync under 450 MB. The emulator runs in a process of its own where memory is measured.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { measuredRun } from "./measured-run.js";
import { mappingText, thing, writeThings } from "./things.js";

type EmulatorModule = typeof import("../src/emulator/emulator.js");
type SyncModule = typeof import("../src/recipes/sync.js");

const root = resolve(import.meta.dirname, "../../../..");
// The built package, which knows its version.
const { startEmulator } = (await import(join(root, "dist/emulator.js"))) as EmulatorModule;
const { runSync } = (await import(join(root, "node_modules/.cache/portload-bench/src/recipes/sync.js"))) as SyncModule;
const [what = "requests", given] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "portload-bench-"));
const source = join(folder, "things.csv");
const mapping = join(folder, "things.yaml");
writeFileSync(mapping, mappingText.replace("  - kind: things", "  - kind: things\n    prune: all"));
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}`);
try {
  if (what === "memory") await measureMemory(Number(given ?? 1_000_000));
  else await countRequests(Number(given ?? 100_000));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function countRequests(records: number): Promise<void> {
  await writeThings(source, records);
  const emulator = await startEmulator({ blueprints: [thing], limits: "off" });
  const env = { PORT_API_URL: emulator.url, PORT_CLIENT_ID: "portload", PORT_CLIENT_SECRET: "portload" };
  const sync = async (name: string, prune = false) => {
    const { report, error } = await runSync(
      { sources: [source], mapping, prune, stateDir: folder, rate: "off" },
      { env },
    );
    if (error !== undefined) throw error;
    const { bulk, single, search, delete: deletes } = report.requests.byRoute;
    const { created, updated, unchanged } = report.entities;
    console.log(
      `${name}: ${created} created, ${updated} updated, ${unchanged} unchanged; bulk ${bulk}, single ${single}, search ${search}, delete ${deletes}; ${(report.durationMs / 1000).toFixed(1)} s`,
    );
    return { bulk, search, writes: bulk + single + deletes };
  };
  try {
    await sync("first night");
    const quiet = await sync("unchanged night");
    const pruned = await sync("unchanged night with prune", true);
    const lines = readFileSync(source, "utf8").split("\n");
    writeFileSync(
      source,
      lines.map((line, i) => (i > 0 && i % 100 === 0 ? line.replace("abcdefgh", "changed") : line)).join("\n"),
    );
    const changed = await sync("1 % changed");
    const pages = Math.ceil(records / 1000) + 1;
    holds(`unchanged: no write, at most ${pages} searches`, quiet.writes === 0 && quiet.search <= pages);
    holds(`with prune: at most ${2 * pages} searches`, pruned.writes === 0 && pruned.search <= 2 * pages);
    const most = Math.ceil(records / 100 / 20) + 1;
    holds(`1 % changed: at most ${most} bulk requests more`, changed.bulk <= most);
  } finally {
    await emulator.close();
  }
}

async function measureMemory(records: number): Promise<void> {
  await writeThings(source, records);
  const blueprints = join(folder, "blueprints");
  mkdirSync(blueprints);
  writeFileSync(join(blueprints, "thing.json"), JSON.stringify(thing));
  const emulator = spawn(
    process.execPath,
    [
      "--max-old-space-size=8192",
      join(root, "dist/cli/main.js"),
      "emulator",
      "--port",
      "0",
      "--limits",
      "off",
      "--blueprints",
      blueprints,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  try {
    let hello = "";
    for await (const text of emulator.stderr) {
      hello += String(text);
      if (/listening on \S+\s/.test(hello)) break;
    }
    const apiUrl = /http\S+/.exec(hello)?.[0] ?? "";
    for (const name of ["first night", "unchanged night", "unchanged night with prune"]) {
      const { peakMb, unchanged, seconds } = await syncInProcess(apiUrl, name.endsWith("prune") ? ["--prune"] : []);
      console.log(`${name}: peak ${peakMb.toFixed(0)} MB, ${unchanged} unchanged, ${seconds.toFixed(0)} s`);
      holds("under 450 MB", peakMb < 450);
    }
  } finally {
    emulator.kill();
  }
}

async function syncInProcess(apiUrl: string, more: readonly string[]) {
  const args = ["sync", source, "-m", mapping, "--rate", "off", "--state-dir", folder, ...more];
  const { report, peakMb } = await measuredRun(args, { apiUrl, cwd: process.cwd(), credentials: "portload" });
  return { peakMb, unchanged: report.entities.unchanged, seconds: report.durationMs / 1000 };
}

function holds(what: string, does: boolean): void {
  console.log(`  ${what}: ${does ? "holds" : "DOES NOT HOLD"}`);
  if (!does) process.exitCode = 1;
}
