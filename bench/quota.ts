/**
 * Measures which share of the emulator's bulk quota imports use, and how many of their requests are refused; every part in its own process.
 *
 *     npm run bench:quota [-- --seconds 60] [--redis redis://127.0.0.1:6379/15] [name…]
 *
 * Holds: at least 97 % of the allowed requests after the burst and no 429, at round trips of 20, 200 and 1,000 ms; with another client that takes
 * 40 %, under 1 % of ours refused; `--quota-share 50%` within 50 ± 3 %; two imports on one Redis together 97 to 100 %, no 429.
 */
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runScenario } from "./quota-run.js";
import { isMet, scenariosOn } from "./quota-scenarios.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    redis: { type: "string", default: "redis://127.0.0.1:6379/15" },
    limits: { type: "string", default: "port" },
  },
});
const program = process.env.PORTLOAD_PROGRAM ?? join(resolve(import.meta.dirname, "../../../.."), "dist/cli/main.js");
const load = { limits: values.limits, limitPeriod: "300s", burstMs: 60_000, measuredMs: Number(values.seconds) * 1000 };
const scenarios = scenariosOn(values.redis).filter(
  ({ name }) => positionals.length === 0 || positionals.some((wanted) => name.includes(wanted)),
);

console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; limits ${values.limits}, ${values.seconds} s after the burst\n`,
);
console.log("| scenario | used after the burst | used in all | 429 after the burst | 429 in all | our requests | |");
console.log("|---|---|---|---|---|---|---|");
let met = true;
for (const scenario of scenarios) {
  const measured = await runScenario(program, scenario, load);
  const holds = isMet(measured);
  met &&= holds;
  const { name, used, usedInAll, refusedAfter, refused, requests } = measured;
  console.log(
    `| ${name} | ${percent(used)} | ${percent(usedInAll)} | ${refusedAfter} | ${refused} | ${requests.toLocaleString("en")} | ${holds ? "holds" : "DOES NOT HOLD"} |`,
  );
}
process.exitCode = met ? 0 : 1;

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
