/**
 * Measures reading, mapping and checking against bare csv-parse, side by side: arrays, no info, 20 columns, 300 bytes a record.
 *
 *     npx tsc -p bench/tsconfig.json && node node_modules/.cache/portload-bench/bench/read.js [records] [rounds]
 *
 * Each round runs every line once, so that a slow minute of the machine hits all alike; medians are printed, by the clock and by the processor's time, which
 * other work on the machine hardly moves. Each entity is serialised within check, which bare csv-parse is spared: the share is that much too low.
 */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse";
import type { Blueprint } from "../src/blueprint.js";
import { checkEntities } from "../src/check/check.js";
import type { JqEngine } from "../src/map/jq.js";
import { compileMapping, mapRecords } from "../src/map/map.js";
import { parseMapping } from "../src/map/mapping-file.js";
import { readSource } from "../src/read/read.js";

const records = Number(process.argv[2] ?? 200_000);
const rounds = Number(process.argv[3] ?? 5);
const columns = Array.from({ length: 20 }, (_, index) => `c${index}`);
const folder = mkdtempSync(join(tmpdir(), "portload-bench-"));
const path = join(folder, "things.csv");
const quotedPath = join(folder, "quoted.csv");

function row(n: number, quoteEvery: number): string {
  const cells = columns.map((_, index) => `${n}-${index}-abcdefgh`.slice(0, 14));
  if (n % quoteEvery === 0) cells[3] = `"${cells[3]}, ""x"""`;
  return cells.join(",");
}

function text(quoteEvery: number): string {
  const rows = Array.from({ length: records }, (_, n) => row(n + 1, quoteEvery));
  return `${columns.join(",")}\n${rows.join("\n")}\n`;
}

const mapping = parseMapping(
  `resources:
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
`,
  "things.yaml",
);
const blueprint: Blueprint = {
  identifier: "thing",
  schema: { properties: Object.fromEntries(columns.map((column) => [column, { type: "string" }])) },
};
const noJq: JqEngine = {
  compile: () => Promise.reject(new Error("a path-only mapping needs no jq")),
} as unknown as JqEngine;

async function bare(file: string): Promise<number> {
  let count = 0;
  for await (const _row of createReadStream(file).pipe(parse())) count++;
  return count - 1;
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

const source = (file: string) => ({ index: 0, kind: "things", path: file, name: file });

async function read(file: string): Promise<number> {
  let count = 0;
  for await (const { items } of readSource(source(file), {})) count += items.length;
  return count;
}

async function readMap(file: string): Promise<number> {
  const compiled = await compileMapping(mapping, noJq);
  let count = 0;
  for await (const { items } of mapRecords(compiled, "things")(readSource(source(file), {}))) count += items.length;
  return count;
}

async function readMapCheck(file: string): Promise<number> {
  const compiled = await compileMapping(mapping, noJq);
  const check = checkEntities(new Map([["thing", blueprint]]), { mode: "merge", createMissing: false });
  let count = 0;
  for await (const { items } of check(mapRecords(compiled, "things")(readSource(source(file), {})))) {
    count += items.length;
  }
  return count;
}

const lines: readonly (readonly [string, (file: string) => Promise<number>])[] = [
  ["csv-parse, arrays, data events", bareEvents],
  ["csv-parse, arrays, async iterator", bare],
  ["read", read],
  ["read + map", readMap],
  ["read + map + check", readMapCheck],
];

function median(values: readonly number[] = []): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

try {
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; ${records} records of 20 columns, medians of ${rounds}`,
  );
  for (const [title, file, quoteEvery] of [
    ["no quotes", path, Number.POSITIVE_INFINITY],
    ["a quoted cell in every record", quotedPath, 1],
  ] as const) {
    const content = text(quoteEvery);
    writeFileSync(file, content);
    const rates = new Map<string, { byClock: number[]; byProcessor: number[] }>(
      lines.map(([name]) => [name, { byClock: [], byProcessor: [] }]),
    );
    for (let round = -1; round < rounds; round++) {
      for (const [name, run] of lines) {
        const start = performance.now();
        const before = process.cpuUsage();
        const count = await run(file);
        if (count !== records) throw new Error(`${name} gave ${count} records`);
        const { user, system } = process.cpuUsage(before);
        if (round < 0) continue;
        rates.get(name)?.byClock.push((1000 * records) / (performance.now() - start));
        rates.get(name)?.byProcessor.push((1_000_000 * records) / (user + system));
      }
    }
    console.log(`\n${title}, ${Math.round(content.length / records)} bytes a record`);
    const base = rates.get(lines[0]?.[0] ?? "");
    for (const measure of ["byClock", "byProcessor"] as const) {
      console.log(measure === "byClock" ? "  by the clock" : "  by the processor's time");
      for (const [name] of lines) {
        const rate = median(rates.get(name)?.[measure]);
        const share = (rate / median(base?.[measure])).toFixed(2);
        console.log(`    ${name.padEnd(36)}${Math.round(rate).toLocaleString("en").padStart(10)}/s  ${share}`);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
