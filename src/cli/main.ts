#!/usr/bin/env node
import module from "node:module";
import { runProgram } from "./program.js";

// The compiled code of what a command loads is kept between runs where Node can (22.1 and later).
(module as { enableCompileCache?: () => void }).enableCompileCache?.();

const stop = new AbortController();
const onSignal = (): void => {
  // The second signal ends at once; what was acknowledged is in the journal.
  if (stop.signal.aborted) process.exit(4);
  stop.abort();
};
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
// Writing to either says what went wrong; an unhandled event would end the process during its work.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
});
// What was interrupted may hang; nothing else keeps the process alive.
if (stop.signal.aborted) process.exit();
process.stdin.destroy();
