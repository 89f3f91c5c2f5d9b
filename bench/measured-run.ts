/** Runs the built program in a process of its own, for benchmarks of whole commands. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

const main = resolve(import.meta.dirname, "../../../../dist/cli/main.js");

/** What a command came to, and what it took. */
export interface MeasuredRun {
  /** The report that it printed. */
  readonly report: {
    readonly records: { readonly read: number };
    readonly entities: { readonly unchanged: number };
    readonly entitiesPerSecond: number;
    readonly durationMs: number;
  };
  /** Peak memory of the process. */
  readonly peakMb: number;
  /** Its processor's time in microseconds, user's and system's. */
  readonly processorUs: number;
}

// Not resourceUsage's peak: a child begins with that of its parent, which may have written a workbook.
const printUsage = `data:text/javascript,import{readFileSync}from"node:fs";process.on("exit",()=>{const u=process.resourceUsage();process.stderr.write("used "+/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status","utf8"))[1]+" "+(u.userCPUTime+u.systemCPUTime)+"\\n")})`;

/**
 * Runs a command that prints its report as JSON.
 *
 * @param credentials - client id and secret, both the same
 * @throws with what it said where its exit code is not 0
 */
export async function measuredRun(
  args: readonly string[],
  { apiUrl, cwd, credentials }: { readonly apiUrl: string; readonly cwd: string; readonly credentials: string },
): Promise<MeasuredRun> {
  const child = spawn(process.execPath, ["--import", printUsage, main, ...args, "--output", "json"], {
    cwd,
    env: { ...process.env, PORT_API_URL: apiUrl, PORT_CLIENT_ID: credentials, PORT_CLIENT_SECRET: credentials },
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
  const [, kilobytes, processorUs] = /used (\d+) (\d+)/.exec(err) ?? [];
  return {
    report: JSON.parse(out),
    peakMb: (Number(kilobytes) * 1024) / 1e6,
    processorUs: Number(processorUs),
  };
}
