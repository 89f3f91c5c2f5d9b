#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import { runProgram } from "./program.js";

// The heap grows by a quarter at a time, not to several times what lives: an import of a million records peaks a third lower, as fast (bench/memory.ts).
setFlagsFromString("--heap-growing-percent=25");

const stop = new AbortController();
const onSignal = (): void => {
  // The second signal ends at once; what was acknowledged stands in the journal.
  if (stop.signal.aborted) process.exit(4);
  stop.abort();
};
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
// A reader that goes away (`| head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
});
process.stdin.destroy();
