#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import { runProgram } from "./program.js";

// The heap grows by a quarter at a time, not to several times what lives: an import of a million records peaks a third lower, as fast (bench/memory.ts).
setFlagsFromString("--heap-growing-percent=25");

const stop = new AbortController();
const onSignal = (): void => {
  // The second signal ends at once; what was acknowledged is in the journal.
  if (stop.signal.aborted) process.exit(4);
  stop.abort();
};
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
// Writing to either says what went wrong; an event that nobody takes would end the process amid its work.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
});
// What was interrupted may hang; nothing else keeps the process but what ends by itself.
if (stop.signal.aborted) process.exit();
process.stdin.destroy();
