import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SourceOptions } from "../../src/source-options.js";

const built = new URL(
  `file://${join(import.meta.dirname, "../../node_modules/.cache/portload-bench/src/read/read.js")}`,
).href;

/** Reads 200,000 records from a generator, in a process of its own, and prints how many and the peak in megabytes. */
const program = `
import { Readable } from "node:stream";
const [built, given, keep] = process.argv.slice(1);
const { readSource } = await import(built);
const options = JSON.parse(given);
const count = 200_000;
const name = "x".repeat(60);
const json = (n) => JSON.stringify({ id: String(n), name });
const forms = {
  csv: { first: "id,name\\n", rows: (ids) => ids.map((n) => n + "," + name + "\\n").join(""), last: "\\n" },
  ndjson: { first: "\\n", rows: (ids) => ids.map((n) => json(n) + "\\n").join(""), last: "\\n" },
  json: { first: "[" + json(0), rows: (ids) => ids.filter((n) => n > 0).map((n) => "," + json(n)).join(""), last: "]" },
};
function* blocks() {
  const { first, rows, last } = forms[options.format];
  yield Buffer.from(first);
  for (let from = 0; from < count; from += 500) yield Buffer.from(rows(Array.from({ length: 500 }, (_, k) => from + k)));
  yield Buffer.from(last);
}
let read = 0, peak = 0;
const kept = [];
const source = { index: 0, kind: "thing", path: "-", name: "stdin" };
for await (const { items } of readSource(source, options, { stdin: Readable.from(blocks()) })) {
  read += items.length;
  if (keep) kept.push(items);
  const { heapUsed, external } = process.memoryUsage();
  peak = Math.max(peak, heapUsed + external);
}
console.log(JSON.stringify({ read, megabytes: peak / 2 ** 20 }));
`;

function run(options: SourceOptions, keep = ""): { read: number; megabytes: number } {
  const node = ["--max-old-space-size=40", "--input-type=module", "-e", program, built, JSON.stringify(options), keep];
  return JSON.parse(execFileSync(process.execPath, node, { encoding: "utf8", stdio: "pipe" })) as ReturnType<
    typeof run
  >;
}

describe("reading 200,000 records", () => {
  it.each<SourceOptions>([
    { format: "csv" },
    { format: "csv", encoding: "windows-1252" },
    { format: "json" },
    { format: "ndjson" },
  ])("with %j holds no more than a few chunks of them", (options) => {
    const { read, megabytes } = run(options);
    expect(read).toBe(200_000);
    expect(megabytes).toBeLessThan(70);
  });

  it("would be seen to hold them: a process that keeps them runs out of memory", () => {
    expect(() => run({ format: "ndjson" }, "keep")).toThrow();
  });
});
