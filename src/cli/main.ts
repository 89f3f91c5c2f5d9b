#!/usr/bin/env node
import module from "node:module";
import { setFlagsFromString } from "node:v8";

// Compiled code is kept between runs where Node can (22.1 and later).
(module as { enableCompileCache?: () => void }).enableCompileCache?.();
// The heap grows by a quarter at a time, not to several times what lives: an import of a million records peaks a third lower, as fast (bench/memory.ts).
setFlagsFromString("--heap-growing-percent=25");
// WebAssembly is optimised once it is hot: the parser of HTTP replies alone costs a short command as much time as Node's start otherwise (bench/startup.ts).
setFlagsFromString("--wasm-tiering-budget=50000000");

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

// Loaded after the settings above.
const { runProgram } = await import("./program.js");
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
