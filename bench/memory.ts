/**
 * Measures the peak memory of imports of records of 20 columns into a bare sink in another process, without keys (`duplicates: off`) and with them.
 *
 *     npm run bench:memory [-- <records>…]
 *
 * 1,000,000 and 10,000,000 by default. Holds, whatever the size: under 300 MB without keys, under 600 with; each size needs what the first needs within 15 %
 * and, with keys, 32 bytes an entity.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measuredRun } from "./measured-run.js";
import { mappingText, writeThings } from "./things.js";

const sizes = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "portload-bench-"));

const sink = spawn(process.execPath, [join(import.meta.dirname, "sink.js")], { stdio: ["ignore", "pipe", "inherit"] });
const [address] = await once(sink.stdout, "data");
const apiUrl = String(address).trim();
const mappings = { "without keys": `duplicates: off\n${mappingText}`, "with keys": mappingText };
const most = { "without keys": 300, "with keys": 600 };
try {
  const peaks = new Map<string, { readonly records: number; readonly peakMb: number }>();
  for (const records of sizes.length > 0 ? sizes : [1_000_000, 10_000_000]) {
    await writeThings(join(folder, "things.csv"), records);
    for (const keyed of ["without keys", "with keys"] as const) {
      writeFileSync(join(folder, "things.yaml"), mappings[keyed]);
      const { peakMb, perSecond } = await importThings();
      const first = peaks.get(keyed) ?? { records, peakMb };
      peaks.set(keyed, first);
      const entityBytes = keyed === "with keys" ? 32 : 0;
      const allowed = Math.min(most[keyed], first.peakMb * 1.15 + ((records - first.records) * entityBytes) / 1e6);
      console.log(
        `${records.toLocaleString("en")} records ${keyed}: peak ${peakMb.toFixed(0)} MB, ${perSecond.toLocaleString("en")} entities/s; ${peakMb <= allowed ? "holds" : "DOES NOT HOLD"}: at most ${allowed.toFixed(0)} MB`,
      );
      if (peakMb > allowed) process.exitCode = 1;
    }
  }
} finally {
  sink.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function importThings(): Promise<{ peakMb: number; perSecond: number }> {
  const args = [
    "import",
    "things.csv",
    "-m",
    "things.yaml",
    "--rate",
    "off",
    "--progress",
    "none",
    "--state-dir",
    "state",
  ];
  const { report, peakMb } = await measuredRun(args, { apiUrl, cwd: folder, credentials: "bench" });
  return { peakMb, perSecond: Math.round(report.entitiesPerSecond) };
}
