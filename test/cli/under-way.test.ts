import { PassThrough, Writable } from "node:stream";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OutputOptions } from "../../src/cli/command.js";
import { say, type Terminal, wrapLines } from "../../src/cli/terminal.js";
import { showProgress } from "../../src/cli/under-way.js";
import type { Progress } from "../../src/report/progress.js";

const progress: Progress = {
  ...{ read: 10, written: 5, done: 5, rejected: 0, recordsPerSecond: 1, entitiesPerSecond: 1, requestsPerSecond: 1 },
  ...{ inFlight: 3, elapsedMs: 1000, share: 0.5 },
};
const output: OutputOptions = { progress: "auto", quiet: false, color: false, yes: false, output: "text" };

function terminalOf({
  isTTY = true,
  env = {},
}: {
  readonly isTTY?: boolean;
  readonly env?: Record<string, string>;
} = {}) {
  const parts: string[] = [];
  const stderr = new Writable({
    write(part, _encoding, done) {
      parts.push(String(part));
      done();
    },
  });
  const stop = new AbortController();
  const terminal: Terminal = {
    env,
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: Object.assign(stderr, { isTTY, columns: 80 }),
    signal: stop.signal,
  };
  return { terminal, stop, parts, text: () => parts.join("") };
}

/** Clears a line and goes up to the one before. */
const takenAway = "\u001b[2K\u001b[1A";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("progress on a terminal", () => {
  it("is drawn, and goes when the run ends", async () => {
    const { terminal, text, parts } = terminalOf();
    const shown = showProgress(terminal, output);
    shown.onStart({ progress: () => progress });
    await vi.dynamicImportSettled();
    expect(text()).toBe("");
    vi.advanceTimersByTime(200);
    expect(text()).toContain("50 %\n1 s so far · 10 records read");
    shown.stop();
    expect(parts.at(-1)).toContain(takenAway);
    const length = parts.length;
    vi.advanceTimersByTime(10_000);
    expect(parts.length).toBe(length);
  });

  it("is taken away before something is said, and drawn again below it", async () => {
    const { terminal, parts } = terminalOf();
    const shown = showProgress(terminal, output);
    shown.onStart({ progress: () => progress });
    await vi.dynamicImportSettled();
    vi.advanceTimersByTime(200);
    const before = parts.length;
    await say(terminal, "a message\n");
    vi.advanceTimersByTime(200);
    const [cleared, said, drawn] = parts.slice(before);
    expect(cleared).toContain(takenAway);
    expect(said).toBe("a message\n");
    expect(drawn).toContain("10 records read");
    shown.stop();
  });

  it("answers an interruption at once", async () => {
    const { terminal, stop, parts } = terminalOf();
    const shown = showProgress(terminal, output);
    shown.onStart({ progress: () => progress });
    await vi.dynamicImportSettled();
    stop.abort();
    vi.advanceTimersByTime(200);
    expect(parts.at(-1)).toContain("stopping: waits for 3 requests in flight; Ctrl-C again stops now");
    shown.stop();
  });

  it("begins with the connection, and goes on with the run", async () => {
    const { terminal, parts } = terminalOf();
    const shown = showProgress(terminal, output);
    shown.onConnection(() => ({ elapsedMs: 3000, inFlight: 1, waiting: { for: "token" } }));
    await vi.dynamicImportSettled();
    vi.advanceTimersByTime(200);
    expect(parts.at(-1)).toContain("3 s so far · looking at blueprints and sources\nwaiting for the token");
    shown.onStart({ progress: () => progress });
    vi.advanceTimersByTime(200);
    expect(parts.at(-1)).toContain("10 records read");
    shown.stop();
  });

  it("leaves no picture of a run that ended before it was loaded", async () => {
    const { terminal, text } = terminalOf();
    const shown = showProgress(terminal, output);
    shown.onStart({ progress: () => progress });
    shown.stop();
    await vi.dynamicImportSettled();
    vi.advanceTimersByTime(10_000);
    expect(text()).toBe("");
  });
});

describe("progress elsewhere", () => {
  it.each([
    ["a pipe", terminalOf({ isTTY: false }), output],
    ["a terminal that cannot go back", terminalOf({ env: { TERM: "dumb" } }), output],
    ["a terminal, if asked for", terminalOf(), { ...output, progress: "plain" }],
  ] as const)("is a plain line every 10 s on %s", (_, { terminal, parts }, options) => {
    const shown = showProgress(terminal, options);
    shown.onStart({ progress: () => progress });
    vi.advanceTimersByTime(9999);
    expect(parts).toEqual([]);
    vi.advanceTimersByTime(10_001);
    const line =
      "50 %; 1 s so far; 10 records read, 1/s; 5 entities done, 1/s; 5 written; 0 failed; 3 requests in flight, 1/s\n";
    expect(parts.map((part) => part.replaceAll(/\n +/g, " "))).toEqual([line, line]);
    shown.stop();
  });

  it.each([
    ["--progress none", { ...output, progress: "none" }],
    ["--quiet", { ...output, quiet: true }],
  ] as const)("is nothing with %s", async (_, options) => {
    const { terminal, text } = terminalOf();
    const shown = showProgress(terminal, options);
    shown.onStart({ progress: () => progress });
    await vi.dynamicImportSettled();
    vi.advanceTimersByTime(60_000);
    expect(text()).toBe("");
    shown.stop();
  });
});

describe("what is said on a terminal", () => {
  it("breaks between words, at any width, and not within a command", () => {
    const text =
      "ledger  40,200 records = 40,200 mapped + 0 skipped + 0 failed\n        40,200 entities = 40,200 created + 0 merged\n" +
      "To take it back: portload undo 20261128T002114633Z-c7ca --state-dir elsewhere\n";
    expect(wrapLines(text, 40)).toBe(
      "ledger  40,200 records = 40,200 mapped +\n  0 skipped + 0 failed\n        40,200 entities = 40,200 created\n          + 0 merged\n" +
        "To take it back: portload undo 20261128T002114633Z-c7ca --state-dir elsewhere\n",
    );
    expect(wrapLines(text, 120)).toBe(text);
    expect(wrapLines("\u001b[31mred words that go on\u001b[0m", 20)).toBe("\u001b[31mred words that go on\u001b[0m");
  });

  it("keeps every word, and breaks only where a space is", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", ",") }),
        fc.integer({ min: 5, max: 40 }),
        (text, columns) => {
          const wrapped = wrapLines(text, columns);
          const words = (of: string) => of.split(/\s+/).filter((word) => word !== "");
          expect(words(wrapped)).toEqual(words(text));
          for (const line of wrapped.split("\n"))
            if (line.trim().includes(" ") && !text.split("\n").includes(line))
              expect(line.length).toBeLessThanOrEqual(Math.max(columns, 0));
        },
      ),
    );
  });
});
