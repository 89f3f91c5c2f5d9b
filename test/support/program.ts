import { spawn } from "node:child_process";
import { join } from "node:path";
import { noteAsked } from "./asked.js";
import { readingFlags, root } from "./catalog.js";

/** How a run of the program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves when stderr has shown the text, with all that it has shown by then. */
  shows(text: string): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  readonly stdin: NodeJS.WritableStream;
}

// The emulator of a spawned program is held to Port's API description like those of the tests.
const { PORTLOAD_REPLIES: replies } = process.env;
const observed: Record<string, string> =
  replies === undefined
    ? {}
    : { PORTLOAD_REPLIES: replies, NODE_OPTIONS: `--import ${join(root, "test/support/observe-replies.mjs")}` };

/** Starts the built program with nothing of this environment but PATH. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = root): Running {
  if (args[0] === "emulator") noteAsked("*");
  const readings = args[0] === "emulator" ? readingFlags.flatMap((pair) => ["--reading", pair]) : [];
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), ...args, ...readings], {
    cwd,
    env: { PATH: process.env.PATH, ...observed, ...env },
    stdio: "pipe",
  });
  let [stdout, stderr] = ["", ""];
  const waiting = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  // It may end before it has read all.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Ended>((done, fail) =>
    child.on("close", (code) => {
      if (stderr.includes("MaxListenersExceededWarning")) fail(new Error(`it leaves listeners behind:\n${stderr}`));
      else done({ code, stdout, stderr });
    }),
  );
  return {
    ended,
    shows: (text) =>
      new Promise((done, fail) => {
        const look = (): void => {
          if (!stderr.includes(text)) return;
          waiting.delete(look);
          done(stderr);
        };
        waiting.add(look);
        look();
        void ended.then(() => fail(new Error(`ended without showing ${text}:\n${stderr}`)));
      }),
    kill: (signal) => child.kill(signal),
    stdin: child.stdin,
  };
}

/** Runs the built program to its end, with the given text on stdin. */
export function runProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: { readonly input?: string; readonly cwd?: string } = {},
): Promise<Ended> {
  const running = start(args, env, options.cwd);
  running.stdin.end(options.input ?? "");
  return running.ended;
}
