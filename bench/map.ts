/**
 * Measures reading and mapping against bare csv-parse, side by side: 20 columns, about 300 bytes a record.
 *
 *     npm run --silent bench:build && node node_modules/.cache/portload-bench/bench/map.js [records] [rounds]
 *
 * Each round runs every line once, so that a slow minute of the machine hits all alike; medians are printed. Every 50th name begins with a
 * capital and every 10th tag list is empty.
 */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse";
import { startJq } from "../src/map/jq.js";
import { compileMapping, mapRecords } from "../src/map/map.js";
import { parseMapping } from "../src/map/mapping-file.js";
import { readSource } from "../src/read/read.js";

const records = Number(process.argv[2] ?? 100_000);
const rounds = Number(process.argv[3] ?? 5);
const columns = ["id", "name", "tags", "site", ...Array.from({ length: 16 }, (_, index) => `c${index}`)];
const folder = mkdtempSync(join(tmpdir(), "portload-bench-"));
const path = join(folder, "things.csv");

const row = (n: number): string =>
  [
    `thing-${n}`,
    `${n % 50 === 0 ? "N" : "n"}ame of ${n} Here`,
    n % 10 === 0 ? "" : `team-${n % 7};prod;;zone-${n % 3}`,
    `Site ${n % 90} / North`,
    ...Array.from({ length: 16 }, (_, index) => `${n}-${index}-abcdefgh`.slice(0, 14)),
  ].join(",");

const twelve = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`c${index}`, `.c${index}`]));

/** Identifier, title and ten properties are paths; `more` are further properties. */
const mappingOf = (more: Record<string, string>): string =>
  JSON.stringify({
    resources: [
      {
        kind: "things",
        port: {
          entity: {
            mappings: { identifier: ".id", title: ".name", blueprint: '"thing"', properties: { ...twelve, ...more } },
          },
        },
      },
    ],
  });

/** No part of these two is evaluated outside of jq: `unique`, `test` with an anchor. */
const onlyJq = {
  tags: '.tags | split(";") | map(select(length > 0)) | unique',
  lower: '.name | test("^[a-z]")',
};
const fast = {
  tags: '.tags | split(";")',
  slug: '(.name | ascii_downcase | gsub(" "; "-")) + "-" + .c1',
  site: 'if .site == "Site 1 / North" then "one" else "\\(.site) (\\(.c2))" end',
  zone: '.c3 // "none" | split("-") | last',
};

async function bare(): Promise<number> {
  let count = 0;
  await new Promise<void>((done, fail) => {
    createReadStream(path)
      .pipe(parse())
      .on("data", () => count++)
      .on("end", done)
      .on("error", fail);
  });
  return count - 1;
}

const engine = startJq();

async function readMap(more: Record<string, string>, by: string): Promise<number> {
  const compiled = await compileMapping(parseMapping(mappingOf(more), "things.json"), engine);
  const others = compiled.leaves.filter((leaf) => (leaf.path.split(".").at(-1) as string) in more && leaf.by !== by);
  if (others.length > 0) throw new Error(`${others.map(({ expression }) => expression).join(", ")} run otherwise`);
  let count = 0;
  const source = { index: 0, kind: "things", path, name: path };
  for await (const { items } of mapRecords(compiled, "things")(readSource(source, {}))) count += items.length;
  return count;
}

const lines: readonly (readonly [string, () => Promise<number>])[] = [
  ["csv-parse, arrays, data events", bare],
  ["read + map, 12 paths", () => readMap({}, "path")],
  ["read + map, 12 paths, 4 fast expressions", () => readMap(fast, "fast")],
  ["read + map, 12 paths, 2 that only jq can do", () => readMap(onlyJq, "jq")],
];

try {
  const rows = Array.from({ length: records }, (_, n) => row(n + 1));
  writeFileSync(path, `${columns.join(",")}\n${rows.join("\n")}\n`);
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; ${records} records of 20 columns, medians of ${rounds}`,
  );
  console.log(JSON.stringify({ fast, onlyJq }, undefined, 2));
  const rates = new Map<string, number[]>(lines.map(([name]) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of lines) {
      const start = performance.now();
      const count = await run();
      if (count !== records) throw new Error(`${name} gave ${count} records`);
      if (round >= 0) rates.get(name)?.push(records / ((performance.now() - start) / 1000));
    }
  }
  const median = (name: string): number => {
    const sorted = [...(rates.get(name) ?? [])].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  };
  const bareRate = median(lines[0]?.[0] ?? "");
  for (const [name] of lines) {
    const rate = median(name);
    console.log(
      `  ${name.padEnd(46)}${Math.round(rate).toLocaleString("en").padStart(10)}/s  ${(rate / bareRate).toFixed(2)}`,
    );
  }
} finally {
  await engine.close();
  rmSync(folder, { recursive: true });
}
