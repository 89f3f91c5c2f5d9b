/**
 * Compares an import of 200,000 records of 20 columns into a bare sink with a hand-tuned loop (`loop.ts`) and with the way of the API's own page
 * (`page-way.ts`): whole processes, each from start to end, one after the other in each round.
 *
 *     npm run bench:import [-- --records N] [--rounds N] [--page-records N] [--against FOLDER] [--expressions]
 *
 * `--against` adds the import of another working copy that is built, `--expressions` two imports through a mapping with five
 * expressions, by closures and by jq. Holds: the import reaches 0.6 of the loop, and is 20 times as fast as the page's way.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { expressionsText, mappingText, writeThings } from "./things.js";

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "200000" },
    rounds: { type: "string", default: "5" },
    "page-records": { type: "string", default: "5000" },
    against: { type: "string" },
    expressions: { type: "boolean", default: false },
  },
});
const root = resolve(import.meta.dirname, "../../../..");
const records = Number(values.records);
const pageRecords = Number(values["page-records"]);
const folder = mkdtempSync(join(tmpdir(), "portload-bench-"));
const reportCost =
  'data:text/javascript,process.on("exit",()=>{const{user,system}=process.cpuUsage();process.stderr.write("cost "+(user+system)+"\\n")})';

interface Cost {
  /** Records per second by the clock, and by the processor's time of the process. */
  readonly byClock: number;
  readonly byProcessor: number;
}

const sink = spawn(process.execPath, [join(import.meta.dirname, "sink.js")], { stdio: ["ignore", "pipe", "inherit"] });
const [address] = await once(sink.stdout, "data");
const apiUrl = String(address).trim();
const env = { ...process.env, PORT_API_URL: apiUrl, PORT_CLIENT_ID: "bench", PORT_CLIENT_SECRET: "bench" };
const importOf = (copy: string, mapping = "things.yaml") => [
  join(copy, "dist/cli/main.js"),
  ...["import", "things.csv", "-m", mapping, "--rate", "off", "--progress", "none", "--state-dir", "state"],
];
const contestants: readonly (readonly [string, readonly string[], number])[] = [
  ["loop", [join(import.meta.dirname, "loop.js"), "things.csv", apiUrl], records],
  ["import", importOf(root), records],
  ...(values.against === undefined
    ? []
    : [[`import of ${values.against}`, importOf(values.against), records] as const]),
  ...(values.expressions
    ? (["closures", "jq"] as const).map((by) => [`import by ${by}`, importOf(root, `${by}.yaml`), records] as const)
    : []),
  ["page's way", [join(import.meta.dirname, "page-way.js"), "few.csv", apiUrl], pageRecords],
];
const costs = new Map<string, Cost[]>(contestants.map(([name]) => [name, []]));
try {
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}; medians of ${values.rounds}`);
  writeFileSync(join(folder, "things.yaml"), mappingText);
  for (const by of ["closures", "jq"] as const) writeFileSync(join(folder, `${by}.yaml`), expressionsText(by));
  await writeThings(join(folder, "things.csv"), records);
  await writeThings(join(folder, "few.csv"), pageRecords);
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [name, args, count] of contestants) costs.get(name)?.push(await run(args, count));
  const loop = medianOf("loop");
  for (const [name] of contestants) {
    const { byClock, byProcessor } = medianOf(name);
    const ratio = `${(byClock / loop.byClock).toFixed(2)} of the loop (${(byProcessor / loop.byProcessor).toFixed(2)} by the processor's time)`;
    console.log(`${name.padEnd(36)}${Math.round(byClock).toLocaleString("en").padStart(8)} records/s  ${ratio}`);
  }
  const times = medianOf("import").byClock / medianOf("page's way").byClock;
  const share = medianOf("import").byClock / loop.byClock;
  holds(`the import reaches ${share.toFixed(2)} of the loop, at least 0.6`, share >= 0.6);
  holds(`the import is ${times.toFixed(1)} times as fast as the page's way, at least 20`, times >= 20);
} finally {
  sink.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function run(args: readonly string[], count: number): Promise<Cost> {
  const start = performance.now();
  const child = spawn(process.execPath, ["--import", reportCost, ...args], {
    cwd: folder,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr.on("data", (text) => {
    err += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`exit ${code}\n${err}`);
  const byClock = count / ((performance.now() - start) / 1000);
  return { byClock, byProcessor: count / (Number(/cost (\d+)/.exec(err)?.[1]) / 1e6) };
}

function medianOf(name: string): Cost {
  const all = costs.get(name) ?? [];
  const median = (of: (cost: Cost) => number) => all.map(of).sort((a, b) => a - b)[all.length >> 1] ?? 0;
  return { byClock: median(({ byClock }) => byClock), byProcessor: median(({ byProcessor }) => byProcessor) };
}

function holds(what: string, does: boolean): void {
  console.log(`${what}: ${does ? "holds" : "DOES NOT HOLD"}`);
  if (!does) process.exitCode = 1;
}
