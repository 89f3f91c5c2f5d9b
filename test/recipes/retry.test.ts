import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runImport } from "../../src/recipes/import.js";
import { resumeImport } from "../../src/recipes/resume.js";
import { retryImport } from "../../src/recipes/retry.js";
import { runSync } from "../../src/recipes/sync.js";
import { envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { catalogOf, type Node, nodeBlueprint, nodeImport } from "../support/nodes.js";

const blueprints = [nodeBlueprint];
const some = (count: number, isHeavy: (i: number) => boolean): readonly Node[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `n${i}`,
    weight: isHeavy(i) ? "heavy" : i,
    parent: `n${(i * 7) % count}`,
  }));

/** Corrects the rejects of an import in place. */
async function correct(path: string | undefined): Promise<void> {
  await writeFile(path ?? "", (await readFile(path ?? "", "utf8")).replaceAll('"heavy"', "1"));
}

describe("retry", () => {
  it("feeds the rejects as they are now, as a new import that names the old one", async () => {
    const given = await nodeImport([
      { id: "a", weight: "heavy" },
      { id: "b", parent: "a" },
      { id: "c", weight: "heavy" },
    ]);
    const emulator = await startCatalog({ blueprints });
    const { report } = await runImport(given, { env: envOf(emulator) });
    expect(report.entities).toMatchObject({ created: 0, rejected: 3 });
    await correct(report.rejectFiles[0]?.path);
    const again = await retryImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    expect(again.report).toMatchObject({
      command: "retry",
      retryOf: report.importId,
      exitCode: 0,
      records: { read: 3, mapped: 3 },
      entities: { created: 2, updated: 1, rejected: 0 },
    });
    expect(emulator.store.entity("node", "b")?.relations.parent).toBe("a");
    await expect(retryImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) })).resolves.toMatchObject({
      report: { retryOf: report.importId },
    });
  });

  it("feeds the rejects of a sync in its mode, and prunes nothing", async () => {
    const given = await nodeImport([{ id: "a", weight: "heavy" }, { id: "b" }], "", "    prune: all");
    const emulator = await startCatalog({ blueprints });
    await runImport({ ...(await nodeImport([{ id: "a", parent: "z" }, { id: "z" }])) }, { env: envOf(emulator) });
    const { report } = await runSync({ ...given, mode: "override", prune: true }, { env: envOf(emulator) });
    expect(report.exitCode).toBe(6);
    await correct(report.rejectFiles[0]?.path);
    const again = await retryImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    expect(again.report).toMatchObject({ retryOf: report.importId, exitCode: 0, entities: { updated: 1, deleted: 0 } });
    expect(again.mode).toBe("override");
    expect(emulator.store.count("node")).toBe(3);
  });

  it("warns of no kind that rejected nothing", async () => {
    const given = await nodeImport([{ id: "a", weight: "heavy" }, { id: "b" }]);
    const mapping = await readFile(given.mapping, "utf8");
    await writeFile(
      given.mapping,
      `${mapping}${mapping.slice(mapping.indexOf("  - kind")).replace("nodes", "others")}`,
    );
    const emulator = await startCatalog({ blueprints });
    const { report } = await runImport(given, { env: envOf(emulator) });
    expect(report.warnings).toMatchObject([{ code: "kind_without_source" }]);
    await correct(report.rejectFiles[0]?.path);
    const again = await retryImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    expect(again.report.warnings).toEqual([]);
  });

  it("takes the mapping as it is now", async () => {
    const given = await nodeImport([{ id: "a", weight: "heavy" }]);
    const emulator = await startCatalog({ blueprints });
    await runImport(given, { env: envOf(emulator) });
    const mapping = await readFile(given.mapping, "utf8");
    await writeFile(given.mapping, mapping.replace("weight: .weight", "weight: (.weight | length)"));
    const { report } = await retryImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 1 } });
    expect(emulator.store.entity("node", "a")?.properties.weight).toBe(5);
  });

  it("feeds after a budget stop also what was not attempted, and nothing twice", async () => {
    const nodes = some(3000, (i) => i % 50 === 3);
    const given = await nodeImport(nodes);
    const emulator = await startCatalog({ blueprints });
    const { report } = await runImport({ ...given, maxErrors: 10 }, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 2, balanced: true });
    expect(report.records.read).toBeLessThan(3000);
    const written = emulator.store.count("node");
    for (const { path } of report.rejectFiles) await correct(path);
    const rejected = report.records.rejected + report.entities.rejected;
    const again = await retryImport({ stateDir: given.stateDir ?? "", maxErrors: 1000 }, { env: envOf(emulator) });
    // Records past the stop were never rejected before.
    expect(again.report).toMatchObject({ exitCode: 1, balanced: true, entities: { notAttempted: 0 } });
    expect(again.report.records.read).toBe(3000 - report.entities.created - (written - report.entities.created));
    expect(rejected).toBeGreaterThan(0);
    const last = await retryImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    for (const { path } of last.report.rejectFiles) await correct(path);
    await retryImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    const calm = await startCatalog({ blueprints });
    const corrected = await nodeImport(nodes.map((node) => (node.weight === "heavy" ? { ...node, weight: 1 } : node)));
    await runImport({ ...corrected, stateDir: await makeFolder() }, { env: envOf(calm) });
    expect(catalogOf(emulator)).toEqual(catalogOf(calm));
  });

  it("that stops can be resumed in turn", async () => {
    const given = await nodeImport(some(2000, (i) => i % 2 === 0));
    const emulator = await startCatalog({ blueprints, latencyMs: 3 });
    const { report } = await runImport(given, { env: envOf(emulator) });
    await correct(report.rejectFiles[0]?.path);
    const stop = new AbortController();
    const after = emulator.stats().families.bulk.accepted + 10;
    const look = setInterval(() => emulator.stats().families.bulk.accepted >= after && stop.abort(), 1);
    const asked = { stateDir: given.stateDir ?? "", concurrency: 2 };
    const cut = await retryImport(asked, { env: envOf(emulator), signal: stop.signal });
    clearInterval(look);
    expect(cut.report.exitCode).toBe(4);
    const resumed = await resumeImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    expect(resumed.report).toMatchObject({
      command: "retry",
      retryOf: report.importId,
      exitCode: 0,
      importId: cut.report.importId,
    });
    expect(emulator.store.count("node")).toBe(2000);
  });

  it("says so when nothing is left, or when what is left is unknown", async () => {
    const emulator = await startCatalog({ blueprints });
    const clean = await nodeImport([{ id: "a" }]);
    const { report } = await runImport(clean, { env: envOf(emulator) });
    const asked = { stateDir: clean.stateDir ?? "" };
    await expect(retryImport(asked, { env: envOf(emulator) })).rejects.toThrow(/no import or sync with rejects/);
    await expect(retryImport({ ...asked, importId: report.importId }, { env: envOf(emulator) })).rejects.toThrow(
      /left nothing to import again/,
    );
    const stopped = await nodeImport(some(2000, (i) => i % 5 === 0));
    await runImport({ ...stopped, maxErrors: 1 }, { env: envOf(emulator) });
    await rename(join(stopped.stateDir ?? "", "nodes.ndjson"), join(stopped.stateDir ?? "", "gone.ndjson"));
    await expect(retryImport({ stateDir: stopped.stateDir ?? "" }, { env: envOf(emulator) })).rejects.toThrow(
      /is not known any more.*nodes\.ndjson/,
    );
  });
});
