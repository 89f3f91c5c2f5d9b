import { existsSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect } from "vitest";
import { receiptText } from "../../src/read/receipt.js";
import { explain } from "../../src/recipes/explain.js";
import { runImport } from "../../src/recipes/import.js";
import { runPlan } from "../../src/recipes/plan.js";
import { preview } from "../../src/recipes/preview.js";
import { runSync } from "../../src/recipes/sync.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "../support/catalog.js";

/** A source and the mapping it is read by. */
export interface Sample {
  /** Name of the file; `-` for stdin. Default hosts.csv. */
  readonly file?: string;
  readonly text: string | Buffer;
  /** Under `source`, as a YAML flow map without its braces. */
  readonly source?: string;
  /** Lines above `resources`. */
  readonly head?: string;
  readonly identifier?: string;
  readonly title?: string;
  /** Expressions by property. Default `tier: .tier`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Expression of itemsToParse. */
  readonly items?: string;
}

const host = blueprintOf("host", {
  schema: { properties: { tier: { type: "string" }, n: { type: "number" }, list: { type: "array" } } },
});

/** The sample's folder, with source and mapping. */
export async function placeSample(sample: Sample) {
  const folder = await makeFolder();
  const { file = "hosts.csv", text, source = "", head = "", items } = sample;
  const { identifier = ".id", title = ".name", properties = { tier: ".tier" } } = sample;
  const [path, mapping] = [file === "-" ? "-" : join(folder, file), join(folder, "m.yaml")];
  if (file !== "-") await writeFile(path, text);
  const leaves = Object.entries(properties).map(([key, value]) => `            ${key}: ${JSON.stringify(value)}\n`);
  await writeFile(
    mapping,
    `source: { ${source} }
${head}resources:
  - kind: hosts
    port:
${items === undefined ? "" : `      itemsToParse: ${JSON.stringify(items)}\n`}      entity:
        mappings:
          identifier: ${JSON.stringify(identifier)}
          title: ${JSON.stringify(title)}
          blueprint: '"host"'
          properties:
${leaves.join("")}`,
  );
  return { folder, path, mapping };
}

type Row = readonly unknown[];

/** Reads a sample by preview and imports it, which give the same: identifier, title and properties of each entity, rejects by code and line, the receipt. */
export async function comesIn(sample: Sample) {
  const { folder = "", path, mapping } = await placeSample(sample);
  const emulator = await startCatalog({ blueprints: [host] });
  const stdin = () => (path === "-" ? { stdin: Readable.from([Buffer.from(sample.text as string)]) } : {});
  const given = { sources: [path === "-" ? "hosts=-" : `hosts=${path}`], mapping };
  const shown: Row[] = [];
  const receipts: string[] = [];
  const seen = await preview(given, {
    ...stdin(),
    onReceipt: (receipt) => receipts.push(receiptText(receipt)),
    emit: async (line) => {
      const { identifier, title, properties } = JSON.parse(line);
      shown.push([identifier, title, ...Object.values(properties)]);
      return true;
    },
  });
  const env = envOf(emulator);
  const dry = await runImport({ ...given, dryRun: true, stateDir: join(folder, "dry") }, { env, ...stdin() });
  expect(emulator.store.entities("host")).toEqual([]);
  const { report, folder: state = "" } = await runImport(
    { ...given, stateDir: join(folder, "state") },
    { env, ...stdin() },
  );
  expect(report.balanced).toBe(true);
  expect(dry.report.records).toEqual(report.records);
  const stored = emulator.store.entities("host").map(({ identifier, title, properties }): Row => {
    const keys = Object.keys(sample.properties ?? { tier: "" });
    return [identifier, title, ...keys.map((key) => properties[key]).filter((value) => value !== undefined)];
  });
  const reasons = join(state, "reasons.ndjson");
  const rejects = existsSync(reasons)
    ? (await readFile(reasons, "utf8"))
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
        .map(({ code, line, position }): [string, number] => [code, line ?? position])
    : [];
  expect(seen.counts.records.rejected).toBe(report.records.rejected);
  const rejected = report.rejectFiles[0] && (await readFile(report.rejectFiles[0].path));
  return { shown, stored, rejects, report, rejected, receipts, warnings: report.warnings };
}

/** What each command says of a sample that no command accepts, message and hint; nothing is written. */
export async function stops(sample: Sample): Promise<string> {
  const { folder = "", path, mapping } = await placeSample(sample);
  const emulator = await startCatalog({ blueprints: [host] });
  const env = envOf(emulator);
  const stdin = () => (path === "-" ? { stdin: Readable.from([Buffer.from(sample.text as string)]) } : {});
  const source = path === "-" ? "hosts=-" : `hosts=${path}`;
  const given = { sources: [source], mapping, stateDir: join(folder, "state") };
  const commands: Readonly<Record<string, () => Promise<unknown>>> = {
    import: () => throwing(runImport(given, { env, ...stdin() })),
    "dry run": () => throwing(runImport({ ...given, dryRun: true }, { env, ...stdin() })),
    sync: () => throwing(runSync(given, { env, ...stdin() })),
    plan: () => throwing(runPlan(given, { env, ...stdin() })),
    preview: () => preview({ sources: [source], mapping }, { ...stdin(), emit: async () => true }),
    explain: () => explain({ source, mapping, record: 1 }, stdin()),
  };
  const said = new Map<string, string>();
  for (const [name, run] of Object.entries(commands)) {
    const error = await run().then(
      () => undefined,
      (reason) => reason,
    );
    expect(error, `${name} must stop`).toBeDefined();
    expect(error.exitCode ?? 3, name).toBe(3);
    said.set(name, `${error.message}\n${error.hint ?? ""}`.replaceAll(folder, ""));
  }
  expect(emulator.store.entities("host")).toEqual([]);
  expect(emulator.stats().families.bulk.accepted).toBe(0);
  const [first = "", ...others] = new Set(said.values());
  expect(others).toEqual([]);
  return first;
}

async function throwing(run: Promise<{ readonly error?: unknown }>): Promise<void> {
  const { error } = await run;
  if (error !== undefined) throw error;
}

/** A file of a case that outside tests have at hand beside the project; undefined elsewhere. */
export function ofCase(folder: string, file: string): Buffer | undefined {
  const path = join(root, "../shared/cases/reading", folder, file);
  return existsSync(path) ? readFileSync(path) : undefined;
}
