/**
 * Measures reading, mapping and checking against bare csv-parse, side by side: arrays, no info, 20 columns, 300 bytes a record; as CSV with and without quotes,
 * JSON and NDJSON.
 *
 *     npm run bench:read [-- [records] [rounds] [--against DIR]]
 *
 * DIR is another checkout, its modules built by `npx tsc -p bench/tsconfig.json` there: each of its lines runs next to ours, and the ratio of both is printed.
 *
 * Each round runs every line once, so that a slow minute of the machine hits all alike; medians are printed, by the clock and by the processor's time, which
 * other work on the machine hardly moves. Each line has a process of its own, as an import has: in one heap the later one pays for what the earlier left, up to half its
 * speed, and which of them is a matter of luck.
 * Each entity is serialised within check, which bare csv-parse is spared: the share is that much too low.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "csv-parse";
import type { Blueprint } from "../src/blueprint.js";
import type { JqEngine } from "../src/map/jq.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { against: { type: "string" }, stages: { type: "string" } },
});
const records = Number(positionals[0] ?? 200_000);
const rounds = Number(positionals[1] ?? 5);
const columns = Array.from({ length: 20 }, (_, index) => `c${index}`);

function cellsOf(n: number, isQuoted: boolean): string[] {
  const cells = columns.map((_, index) => `${n}-${index}-abcdefgh`.slice(0, 14));
  if (isQuoted) cells[3] = `${cells[3]}, "x"`;
  return cells;
}

function csv(isQuoted: boolean): string {
  const rows = Array.from({ length: records }, (_, n) =>
    cellsOf(n + 1, isQuoted)
      .map((cell) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
      .join(","),
  );
  return `${columns.join(",")}\n${rows.join("\n")}\n`;
}

function objects(): string[] {
  return Array.from({ length: records }, (_, n) => {
    const cells = cellsOf(n + 1, false);
    return JSON.stringify(Object.fromEntries(columns.map((column, index) => [column, cells[index]])));
  });
}

const files: readonly (readonly [title: string, name: string, text: () => string])[] = [
  ["CSV without quotes", "plain.csv", () => csv(false)],
  ["CSV with a quoted cell in every record", "quoted.csv", () => csv(true)],
  ["JSON, one array", "things.json", () => `[${objects().join(",\n")}]`],
  ["NDJSON", "things.ndjson", () => `${objects().join("\n")}\n`],
];

const mappingText = `resources:
  - kind: things
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .c0
          blueprint: '"thing"'
          title: .c1
          properties: { ${columns
            .slice(2, 14)
            .map((column) => `${column}: .${column}`)
            .join(", ")} }
`;
const blueprint: Blueprint = {
  identifier: "thing",
  schema: { properties: Object.fromEntries(columns.map((column) => [column, { type: "string" }])) },
};
const noJq: JqEngine = {
  compile: () => Promise.reject(new Error("a path-only mapping needs no jq")),
} as unknown as JqEngine;

/** A way to read a file; gives how many records it gave. */
type Line = (file: string) => Promise<number>;

const source = (file: string) => ({ index: 0, kind: "things", path: file, name: file });

async function counted(chunks: AsyncIterable<{ readonly items: readonly unknown[] }>): Promise<number> {
  let count = 0;
  for await (const { items } of chunks) count += items.length;
  return count;
}

/** The stages of a checkout, by the folder of its modules. */
async function stagesOf(folder: string): Promise<Readonly<Record<string, Line>>> {
  const load = (path: string) => import(join(folder, path));
  const { readSource } = (await load("read/read.js")) as typeof import("../src/read/read.js");
  const { compileMapping, mapRecords } = (await load("map/map.js")) as typeof import("../src/map/map.js");
  const { parseMapping } = (await load("map/mapping-file.js")) as typeof import("../src/map/mapping-file.js");
  const { checkEntities } = (await load("check/check.js")) as typeof import("../src/check/check.js");
  const mapping = parseMapping(mappingText, "things.yaml");
  const mapped = async (file: string) =>
    mapRecords(await compileMapping(mapping, noJq), "things")(readSource(source(file), {}));
  return {
    read: (file) => counted(readSource(source(file), {})),
    "read + map": async (file) => counted(await mapped(file)),
    "read + map + check": async (file) => {
      const check = checkEntities(new Map([["thing", blueprint]]), { mode: "merge" });
      return counted(check(await mapped(file)));
    },
  };
}

async function bareEvents(file: string): Promise<number> {
  let count = 0;
  await new Promise<void>((done, fail) => {
    createReadStream(file)
      .pipe(parse())
      .on("data", () => count++)
      .on("end", done)
      .on("error", fail);
  });
  return count - 1;
}

async function bare(file: string): Promise<number> {
  let count = 0;
  for await (const _row of createReadStream(file).pipe(parse())) count++;
  return count - 1;
}

function median(numbers: readonly number[] = []): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

interface Took {
  readonly ms: number;
  /** Of the processor, in microseconds. */
  readonly processorUs: number;
}

/** What a run took, in this process. */
async function timed(run: Line, file: string): Promise<Took> {
  const start = performance.now();
  const before = process.cpuUsage();
  const count = await run(file);
  const { user, system } = process.cpuUsage(before);
  if (count !== records) throw new Error(`${count} records instead of ${records}`);
  return { ms: performance.now() - start, processorUs: user + system };
}

/** Serves the lines of one checkout, or of csv-parse, to the process that measures. */
async function serve(folder: string): Promise<void> {
  const lines: Readonly<Record<string, Line>> =
    folder === csvParse ? { "data events": bareEvents, "async iterator": bare } : await stagesOf(folder);
  process.on("message", async ({ line, file }: { readonly line: string; readonly file: string }) => {
    const run = lines[line];
    if (run === undefined) throw new Error(`no line ${line}`);
    process.send?.(await timed(run, file));
  });
}

const csvParse = "csv-parse";
const stageNames = ["read", "read + map", "read + map + check"];

/** Runs every line once a round, after two rounds that warm up; gives what each took by its title. */
async function measure(sides: readonly (readonly [string, string])[], file: string) {
  const lines = sides.flatMap(([side, folder]) => {
    const names = folder === csvParse ? ["data events", "async iterator"] : stageNames;
    return names.map((line) => {
      const child = fork(import.meta.filename, [String(records), "--stages", folder]);
      return { child, line, title: `${side}${line}`, took: [] as Took[] };
    });
  });
  try {
    for (let round = -2; round < rounds; round++)
      for (const { child, line, took } of round % 2 === 0 ? lines : lines.toReversed()) {
        const answer = await ask(child, { line, file });
        if (round >= 0) took.push(answer);
      }
  } finally {
    for (const { child } of lines) child.kill();
  }
  return new Map(lines.map(({ title, took }) => [title, took]));
}

function ask(child: ChildProcess, question: { readonly line: string; readonly file: string }): Promise<Took> {
  return new Promise((done, fail) => {
    const end = (): void => fail(new Error(`${question.line} ended`));
    child.once("exit", end).once("message", (took) => {
      child.off("exit", end);
      done(took as Took);
    });
    child.send(question);
  });
}

const measures: readonly (readonly [title: string, perSecond: (took: Took) => number])[] = [
  ["by the clock", ({ ms }) => (1000 * records) / ms],
  ["by the processor's time", ({ processorUs }) => (1_000_000 * records) / processorUs],
];
const others = "the other checkout: ";

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "portload-bench-"));
  const checkouts: [string, string][] = [["", resolve(import.meta.dirname, "../src")]];
  if (values.against !== undefined)
    checkouts.push([others, resolve(values.against, "node_modules/.cache/portload-bench/src")]);
  try {
    console.log(
      `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; ${records} records of 20 columns, medians of ${rounds}`,
    );
    for (const [title, name, text] of files) {
      const file = join(folder, name);
      const content = text();
      writeFileSync(file, content);
      const bareSide: [string, string][] = name.endsWith(".csv") ? [["csv-parse, arrays, ", csvParse]] : [];
      const took = await measure([...bareSide, ...checkouts], file);
      console.log(`\n${title}, ${Math.round(content.length / records)} bytes a record`);
      for (const [measure, perSecond] of measures) {
        console.log(`  ${measure}`);
        const rateOf = (line: string): number => median(took.get(line)?.map(perSecond));
        const [first = ""] = took.keys();
        for (const line of took.keys()) {
          const ratio = took.has(others + line)
            ? `  ${(rateOf(line) / rateOf(others + line)).toFixed(2)} × the other checkout`
            : "";
          const share = (rateOf(line) / rateOf(first)).toFixed(2);
          console.log(
            `    ${line.padEnd(40)}${Math.round(rateOf(line)).toLocaleString("en").padStart(10)}/s  ${share}${ratio}`,
          );
        }
      }
      rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await (values.stages === undefined ? compare() : serve(values.stages));
