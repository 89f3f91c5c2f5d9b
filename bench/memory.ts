/**
 * Measures the peak memory of an import of 100,000 and of 1,000,000 records of 20 columns into a bare sink in another process.
 *
 *     npm run bench:memory [-- <records>…]
 *
 * Holds: 1,000,000 records peak under 400 MB; 100,000 need the same within 20 % plus 32 bytes an entity.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { mappingText, writeThings } from "./things.js";

const root = resolve(import.meta.dirname, "../../../..");
const sizes = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "portload-bench-"));
const tellPeak =
  'data:text/javascript,process.on("exit",()=>process.stderr.write("peak "+process.resourceUsage().maxRSS+"\\n"))';

const sink = spawn(process.execPath, [join(import.meta.dirname, "sink.js")], { stdio: ["ignore", "pipe", "inherit"] });
const [address] = await once(sink.stdout, "data");
const apiUrl = String(address).trim();
try {
  writeFileSync(join(folder, "things.yaml"), mappingText);
  const peaks: number[] = [];
  for (const records of sizes.length > 0 ? sizes : [100_000, 1_000_000]) {
    await writeThings(join(folder, "things.csv"), records);
    const { peakMb, perSecond } = await importThings();
    peaks.push(peakMb);
    console.log(
      `${records.toLocaleString("en")} records: peak ${peakMb.toFixed(0)} MB, ${perSecond.toLocaleString("en")} entities/s`,
    );
  }
  const [small, large] = peaks;
  if (small !== undefined && large !== undefined) {
    const allowed = small * 1.2 + (1_000_000 * 32) / 1e6;
    console.log(
      `1,000,000 may need ${allowed.toFixed(0)} MB (100,000's plus 20 % plus 32 bytes an entity): ${large <= allowed ? "holds" : "DOES NOT HOLD"}`,
    );
    console.log(`under 400 MB: ${large < 400 ? "holds" : "DOES NOT HOLD"}`);
  }
} finally {
  sink.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function importThings(): Promise<{ peakMb: number; perSecond: number }> {
  const args = ["things.csv", "-m", "things.yaml", "--rate", "off", "--output", "json", "--state-dir", "state"];
  const child = spawn(process.execPath, ["--import", tellPeak, join(root, "dist/cli/main.js"), "import", ...args], {
    cwd: folder,
    env: { ...process.env, PORT_API_URL: apiUrl, PORT_CLIENT_ID: "bench", PORT_CLIENT_SECRET: "bench" },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text) => {
    out += text;
  });
  child.stderr.on("data", (text) => {
    err += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`exit ${code}\n${err}`);
  return {
    peakMb: (Number(/peak (\d+)/.exec(err)?.[1]) * 1024) / 1e6,
    perSecond: Math.round(JSON.parse(out).entitiesPerSecond),
  };
}
