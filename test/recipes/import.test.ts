import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.js";
import type { ImportOptions } from "../../src/options/run.js";
import { runImport } from "../../src/recipes/import.js";
import type { RunContext } from "../../src/recipes/run/connect.js";
import { blueprintOf, envOf, makeFolder, type OnDisk, readingFlags, root, startCatalog } from "../support/catalog.js";
import { manualClock } from "../support/manual-clock.js";

const sample = (name: string): string => join(root, "samples", name);
const mapping = (name: string): string => join(root, "mappings", name);
const organisation = {
  sources: ["services.csv", "deployments.ndjson", "teams.json"].map(sample),
  mapping: mapping("organisation.yaml"),
};

async function run(emulator: Emulator, options: ImportOptions, context: RunContext = {}) {
  const stateDir = options.stateDir ?? (await makeFolder());
  return runImport({ ...options, stateDir }, { env: envOf(emulator), ...context });
}

/** A mapping of one kind into blueprint `node`, and its sources, written to a folder. */
async function nodes(rows: readonly string[], more = ""): Promise<OnDisk<ImportOptions>> {
  const folder = await makeFolder();
  await writeFile(join(folder, "nodes.csv"), `id,parent\n${rows.map((row) => `${row}\n`).join("")}`);
  await writeFile(
    join(folder, "nodes.yaml"),
    `source: { blanks: [""] }
${more}
resources:
  - kind: nodes
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id, blueprint: '"node"', relations: { parent: .parent } } } }
`,
  );
  return { sources: [join(folder, "nodes.csv")], mapping: join(folder, "nodes.yaml"), stateDir: folder };
}

const nodeBlueprint = blueprintOf("node", { relations: { parent: { target: "node" } } });
const parents = (emulator: Emulator) =>
  Object.fromEntries(emulator.store.entities("node").map((e) => [e.identifier, e.relations.parent ?? null]));

describe("an import of the samples", () => {
  it("creates every entity with its relations, targets first, whatever the order of the sources", async () => {
    const emulator = await startCatalog();
    const { report, error } = await run(emulator, organisation);
    expect(error).toBeUndefined();
    expect(report).toMatchObject({
      exitCode: 0,
      balanced: true,
      records: { read: 601, mapped: 601, skipped: 0, rejected: 0 },
      entities: { mapped: 1361, created: 1118, updated: 0, duplicate: 243, rejected: 0, notAttempted: 0 },
      blueprints: { service: { mapped: 331, created: 331 }, environment: { created: 7, duplicate: 243 } },
      rejects: [],
      warnings: [],
      requests: { rateLimited: 0, retries: 0, byRoute: { token: 1 } },
    });
    expect(emulator.store.entity("service", "token-service")?.relations).toMatchObject({
      owner: expect.any(String),
      dependsOn: expect.arrayContaining(["session-service"]),
    });
    for (const { identifier } of emulator.store.entities("service"))
      expect(emulator.store.writes("service", identifier)).toBeLessThanOrEqual(2);
  });

  it("creates nothing and merges all the second time, each entity in one write", async () => {
    const emulator = await startCatalog();
    await run(emulator, organisation);
    const before = emulator.store.entities("service").map(({ identifier, properties, relations }) => ({
      identifier,
      properties: { ...properties },
      relations: { ...relations },
    }));
    const { report } = await run(emulator, organisation);
    expect(report.entities).toMatchObject({ created: 0, updated: 1118, duplicate: 243, rejected: 0 });
    expect(report.requests.byRoute.bulk).toBe(1 + 17 + 1 + 13 + 26);
    expect(emulator.store.entities("service")).toMatchObject(before);
  });

  it("leaves a folder with journal and report, private, and no spool", async () => {
    const stateDir = await makeFolder();
    const { report, folder = "" } = await run(await startCatalog(), { ...organisation, stateDir });
    expect((await readdir(folder)).sort()).toEqual(["journal.ndjson", "report.json"]);
    expect(JSON.parse(await readFile(join(folder, "report.json"), "utf8"))).toEqual(report);
    expect((await readdir(stateDir)).filter((name) => name.includes("lock"))).toEqual([]);
  });

  it("writes the good records of a dirty file, and its rejects file, corrected, imports cleanly", async () => {
    const emulator = await startCatalog();
    await run(emulator, { sources: [sample("teams.json")], mapping: mapping("teams.yaml") });
    const services = { sources: [sample("services-dirty.csv")], mapping: mapping("services.yaml") };
    const { report, folder = "" } = await run(emulator, services);
    expect(report).toMatchObject({
      exitCode: 1,
      balanced: true,
      records: { read: 25, mapped: 22, rejected: 3 },
      entities: { mapped: 22, created: 16, rejected: 6 },
    });
    expect(report.rejects.map(({ code, path, first }) => [first.position, code, path])).toEqual(
      expect.arrayContaining([
        [5, "ragged_row", undefined],
        [7, "not_in_enum", "properties.tier"],
        [9, "wrong_type", "properties.monthlyCost"],
        [11, "identifier_invalid", "identifier"],
        [14, "identifier_missing", "resources.0.port.entity.mappings.identifier"],
        [16, "relation_target_missing", "relations.owner"],
        [18, "wrong_type", "properties.personalData"],
        [20, "bad_format", "properties.goLive"],
      ]),
    );
    expect(report.rejects.reduce((sum, { count }) => sum + count, 0)).toBe(9);
    const path = join(folder, "rejects", "services-dirty.csv");
    expect(report.rejectFiles).toEqual([{ path, source: sample("services-dirty.csv"), records: 9 }]);
    const source = await readFile(sample("services-dirty.csv"), "utf8");
    const rejects = await readFile(path, "utf8");
    const lines = source.split("\n");
    expect(rejects.split("\n")[0]).toBe(lines[0]);
    for (const line of rejects.split("\n")) expect(lines).toContain(line);

    const corrections: [string, string][] = [
      ["Bicycle couriers, city by city", '"Bicycle couriers, city by city"'],
      ["Critical", "Tier 1"],
      ["approx. 60", "60"],
      ["bloom subscriptions", "bloom-subscriptions"],
      ['calendar",petal-post', 'calendar",customer-care'],
      ["maybe", "true"],
      ["31/11/2021", "2021-11-30"],
    ];
    let corrected = rejects.replace(/^,/m, "bloom-legacy-ftp,");
    for (const [wrong, right] of corrections) corrected = corrected.replace(wrong, right);
    corrected = corrected.replace(
      /^(bloom-newsletter,.*)$/m,
      (line) =>
        `${line.slice(0, line.indexOf("N/A,N/A,") + 8)}true,false,flowers;php,bloom-basket,N/A,bloom@larkspur.example`,
    );
    await writeFile(path, corrected);
    const again = await run(emulator, { ...services, sources: [path] });
    expect(again.report).toMatchObject({ exitCode: 0, records: { read: 9 }, entities: { rejected: 0 }, rejects: [] });
    expect(emulator.store.count("service")).toBe(25);
  });
});

const dotgov = resolve(root, "../shared/data/dotgov/current-full.csv");
describe("an import of the .gov domains", () => {
  it.skipIf(!existsSync(dotgov) || readingFlags.length > 0)(
    "creates 16,539 domains and 14,049 organizations (skipped where the file is not there)",
    async () => {
      const emulator = await startCatalog();
      const options = { sources: [dotgov], mapping: mapping("dotgov.yaml") };
      const { report } = await run(emulator, options);
      expect(report).toMatchObject({
        exitCode: 0,
        records: { read: 16_539, mapped: 16_539 },
        blueprints: { domain: { created: 16_539 }, organization: { created: 14_049, duplicate: 2_490 } },
      });
      expect(emulator.store.entities("domain").filter(({ relations }) => relations.organization == null)).toEqual([]);
      const second = await run(emulator, options);
      expect(second.report.entities).toMatchObject({ created: 0, updated: 30_588, rejected: 0 });
    },
  );
});

describe("relations within a blueprint", () => {
  it("end right for a reversed chain of 5,000 and a ring of 100, in at most two writes an entity", async () => {
    const chain = Array.from({ length: 5000 }, (_, i) => `c${i},${i === 4999 ? "" : `c${i + 1}`}`);
    const ring = Array.from({ length: 100 }, (_, i) => `r${i},r${(i + 1) % 100}`);
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const { report } = await run(emulator, await nodes([...chain, ...ring]));
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 5100, rejected: 0 } });
    const found = parents(emulator);
    for (const row of [...chain, ...ring]) {
      const [id = "", parent] = row.split(",");
      expect(found[id]).toBe(parent === "" ? null : parent);
      expect(emulator.store.writes("node", id)).toBeLessThanOrEqual(2);
    }
  });

  it("need one write where the target is known from the catalog", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const options = await nodes(["a,b", "b,c", "c,a"]);
    await run(emulator, options);
    const { report } = await run(emulator, options);
    expect(report.requests.byRoute).toMatchObject({ bulk: 1, search: 1 });
    expect(parents(emulator)).toEqual({ a: "b", b: "c", c: "a" });
  });

  it("leave an entity without a target that exists nowhere, and report it with both names", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const { report } = await run(emulator, await nodes(["a,ghost", "b,a"]));
    expect(parents(emulator)).toEqual({ a: null, b: "a" });
    expect(report).toMatchObject({
      exitCode: 1,
      entities: { created: 1, rejected: 1 },
      rejects: [
        {
          code: "relation_target_missing",
          path: "relations.parent",
          message: 'node "ghost" exists neither in this import nor in the catalog; the entity is written without it',
        },
      ],
    });
  });

  it("let the API make missing targets where the mapping says so", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const { report } = await run(emulator, await nodes(["a,ghost"], "createMissingRelatedEntities: true"));
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 1 } });
    expect(parents(emulator)).toEqual({ a: "ghost", ghost: null });
  });

  it.each(["merge", "override"] as const)("are never unset on the way in mode %s", async (mode) => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    await run(emulator, await nodes(["a,b", "b,a"]));
    const { report } = await run(emulator, { ...(await nodes(["a,new", "new,a"])), mode });
    expect(report.exitCode).toBe(0);
    expect(parents(emulator)).toEqual({ a: "new", b: "a", new: "a" });
  });

  it("are refused at the start where a required one forms a ring", async () => {
    const required = blueprintOf("node", { relations: { parent: { target: "node", required: true } } });
    const emulator = await startCatalog({ blueprints: [required] });
    await expect(run(emulator, await nodes(["a,b"]))).rejects.toThrow(/node/);
    expect(emulator.store.count("node")).toBe(0);
  });
});

describe("modes", () => {
  it("create rejects what exists and keeps it as it is", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    await run(emulator, await nodes(["a,"]));
    const { report } = await run(emulator, { ...(await nodes(["a,b", "b,"])), mode: "create" });
    expect(report).toMatchObject({
      exitCode: 1,
      entities: { created: 1, rejected: 1 },
      rejects: [{ code: "already_exists" }],
    });
    expect(parents(emulator)).toEqual({ a: null, b: null });
  });

  it("override takes away what the record does not have, merge keeps it", async () => {
    const two = blueprintOf("node", {
      schema: { properties: { note: { type: "string" } } },
      relations: { parent: { target: "node" } },
    });
    const emulator = await startCatalog({ blueprints: [two] });
    const folder = await makeFolder();
    const file = (name: string, text: string) => writeFile(join(folder, name), text);
    await file("nodes.csv", "id,note\na,first\n");
    const mappings = (extra: string) =>
      `resources: [{ kind: nodes, selector: { query: "true" }, port: { entity: { mappings: { identifier: .id, blueprint: '"node"'${extra} } } } }]\n`;
    await file("with.yaml", mappings(", properties: { note: .note }"));
    await file("without.yaml", mappings(""));
    const sources = [join(folder, "nodes.csv")];
    const note = () => emulator.store.entity("node", "a")?.properties.note;
    await run(emulator, { sources, mapping: join(folder, "with.yaml") });
    await run(emulator, { sources, mapping: join(folder, "without.yaml") });
    expect(note()).toBe("first");
    await run(emulator, { sources, mapping: join(folder, "without.yaml"), mode: "override" });
    expect(note() ?? null).toBeNull();
  });
});

describe("an override in two writes", () => {
  it("keeps the defaults of what it creates, whichever comes first, and takes away what was there before", async () => {
    const two = blueprintOf("node", {
      schema: { properties: { tier: { type: "string", default: "gold" }, note: { type: "string" } } },
      relations: { parent: { target: "node" } },
    });
    const emulator = await startCatalog({ blueprints: [two], readings: { overrideDefaults: false } });
    const properties = () =>
      Object.fromEntries(emulator.store.entities("node").map((one) => [one.identifier, one.properties]));
    // a and c point forward, b and d at one another.
    const rows = ["a,b", "c,d", "b,", "d,c"];
    const { report } = await run(emulator, { ...(await nodes(rows)), mode: "override" });
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 4 } });
    expect(properties()).toEqual({
      a: { tier: "gold" },
      b: { tier: "gold" },
      c: { tier: "gold" },
      d: { tier: "gold" },
    });
    expect(parents(emulator)).toEqual({ a: "b", b: null, c: "d", d: "c" });
    const again = await run(emulator, { ...(await nodes(["a,e", "e,"])), mode: "override" });
    expect(again.report).toMatchObject({ exitCode: 0, entities: { created: 1, updated: 1 } });
    expect(properties()).toMatchObject({ a: {}, e: { tier: "gold" } });
    expect(properties().a?.tier ?? null).toBeNull();
    expect(parents(emulator)).toMatchObject({ a: "e" });
  });
});

describe("duplicates", () => {
  it("are settled by the first, by an error, or not at all", async () => {
    const rows = ["a,", "b,", "a,b", "a,"];
    const results = [];
    for (const policy of ["first", "error", "off"]) {
      const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
      const { report } = await run(emulator, await nodes(rows, `duplicates: ${policy}`));
      const { created, updated, duplicate, rejected } = report.entities;
      results.push([policy, report.exitCode, created, updated, duplicate, rejected]);
    }
    expect(results).toEqual([
      ["first", 0, 2, 0, 2, 0],
      ["error", 1, 2, 0, 1, 1],
      ["off", 0, 2, 2, 0, 0],
    ]);
  });
});

describe("an import that stops early", () => {
  it("counts what has no verdict as not attempted when it is interrupted", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const stop = new AbortController();
    async function* endless() {
      yield Buffer.from("id,parent\n");
      for (let i = 0; ; i++) {
        if (i === 5000) stop.abort();
        yield Buffer.from(`n${i},\n`);
        // Lets the writer have its turn, as a pipe would.
        if (i % 500 === 0) await new Promise((done) => setImmediate(done));
      }
    }
    const options = { ...(await nodes([])), sources: ["-"] };
    const { report } = await run(emulator, options, { signal: stop.signal, stdin: Readable.from(endless()) });
    expect(report).toMatchObject({ exitCode: 4, balanced: true });
    expect(report.entities.created + report.entities.notAttempted).toBe(report.entities.mapped);
    expect(emulator.store.count("node")).toBe(report.entities.created);
  });

  it("stops at the reject after the last one allowed", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const rows = Array.from({ length: 3000 }, (_, i) => (i % 10 === 9 ? "bad id," : `n${i},`));
    const few = await run(emulator, { ...(await nodes(rows)), maxErrors: 299 });
    expect(few.report).toMatchObject({ exitCode: 2, balanced: true });
    const enough = await run(emulator, { ...(await nodes(rows)), maxErrors: 300 });
    expect(enough.report).toMatchObject({ exitCode: 1, entities: { notAttempted: 0, rejected: 300 } });
    expect((await run(emulator, { ...(await nodes(rows)), maxErrors: "9%" })).report.exitCode).toBe(2);
    expect((await run(emulator, { ...(await nodes(rows)), maxErrors: "10%" })).report.exitCode).toBe(1);
    // Nothing of a dry run can be resumed.
    const options = { ...(await nodes(rows)), stateDir: await makeFolder(), maxErrors: 299, dryRun: true };
    expect((await runImport(options, { env: envOf(emulator) })).report).toMatchObject({ exitCode: 1, balanced: true });
  });

  it("reports an API that is gone after all retries, with the ledger balanced", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    async function* source() {
      yield Buffer.from(`id,parent\n${Array.from({ length: 2000 }, (_, i) => `n${i},\n`).join("")}`);
      await emulator.close();
      yield Buffer.from(Array.from({ length: 2000 }, (_, i) => `later${i},\n`).join(""));
    }
    const options = { ...(await nodes([])), sources: ["-"] };
    const { report, error } = await run(emulator, options, {
      stdin: Readable.from(source()),
      clock: manualClock({ auto: true }),
    });
    expect(error).toMatchObject({ name: "ApiError" });
    expect(report).toMatchObject({ exitCode: 3, balanced: true, records: { mapped: report.records.read } });
    expect(report.entities.notAttempted).toBeGreaterThan(0);
  });
});

describe("sources that cannot be opened twice", () => {
  it("leave their rejected records in a rejects file all the same", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const options = { ...(await nodes([])), sources: ["-"] };
    const stdin = Readable.from([Buffer.from("id,parent\r\na,\r\n"), Buffer.from('"bad id",a\r\n"b",a')]);
    const { report } = await run(emulator, options, { stdin });
    expect(report).toMatchObject({ exitCode: 1, records: { read: 3 }, entities: { created: 2, rejected: 1 } });
    const [file] = report.rejectFiles;
    expect(file).toMatchObject({ source: "stdin", records: 1 });
    expect(file?.path).toMatch(/rejects\/stdin\.csv$/);
    expect(await readFile(file?.path ?? "", "utf8")).toBe('id,parent\r\n"bad id",a\r\n');
  });
});
