import { PassThrough, Writable } from "node:stream";
import { runProgram } from "../../src/cli/program.js";
import type { Ended } from "./program.js";

/**
 * Runs the program within this process, which takes no time to start. `typed` is what a person at a terminal types, `input` what comes through a pipe.
 * With `cwd` the whole process is in that folder meanwhile, so no two such runs at once.
 */
export async function runInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { input, typed, cwd }: { readonly input?: string; readonly typed?: string; readonly cwd?: string } = {},
): Promise<Ended> {
  let [stdout, stderr] = ["", ""];
  const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
  stdin.end(typed ?? input ?? "");
  const collect = (keep: (text: string) => void) =>
    new Writable({
      write(part, _encoding, done) {
        keep(String(part));
        done();
      },
    });
  const before = process.cwd();
  if (cwd !== undefined) process.chdir(cwd);
  const code = await runProgram(args, {
    env,
    stdin,
    stdout: collect((text) => {
      stdout += text;
    }),
    stderr: Object.assign(
      collect((text) => {
        stderr += text;
      }),
      { isTTY: typed !== undefined },
    ),
    signal: new AbortController().signal,
  }).finally(() => process.chdir(before));
  return { code, stdout, stderr };
}
