import { expect, it } from "vitest";
import { runImport } from "../../src/recipes/import.js";
import { runPlan } from "../../src/recipes/plan.js";
import { retryImport } from "../../src/recipes/retry.js";
import { runSync } from "../../src/recipes/sync.js";
import { envOf, startCatalog } from "../support/catalog.js";
import { type Node, nodeBlueprint, nodeImport } from "../support/nodes.js";

const blueprints = [nodeBlueprint];
const old: readonly Node[] = Array.from({ length: 1500 }, (_, i) => ({ id: `n${i}`, weight: i }));

/** A catalog of 1,500 nodes, and a source that changes all of them and names a new one, and a parent that does not exist. */
async function grown(more = "", resource = "") {
  const emulator = await startCatalog({ blueprints });
  await runImport(await nodeImport(old), { env: envOf(emulator) });
  const given = await nodeImport(
    [{ id: "new", weight: 1 }, ...old.map(({ id }) => ({ id, weight: 7 })), { id: "n0", weight: 7, parent: "none" }],
    more,
    resource,
  );
  return { emulator, given };
}

it("an import with --update-only rejects what the catalog lacks, at a search for a thousand", async () => {
  const { emulator, given } = await grown();
  const { report } = await runImport({ ...given, updateOnly: true }, { env: envOf(emulator) });
  expect(report).toMatchObject({ exitCode: 1, balanced: true });
  expect(report.entities).toMatchObject({ created: 0, updated: 1500, duplicate: 1, rejected: 1 });
  expect(report.rejects).toMatchObject([{ code: "not_in_catalog", stage: "write", count: 1 }]);
  expect(report.requests.byRoute.search).toBeLessThan(10);
  expect(emulator.store.entity("node", "new")).toBeUndefined();
  // Without it the record comes in.
  const again = await retryImport({ stateDir: given.stateDir, updateOnly: false }, { env: envOf(emulator) });
  expect(again.report.entities).toMatchObject({ created: 1, rejected: 0 });
});

it("a sync with --update-only needs no search more, and its plan and a dry run say the same", async () => {
  const { emulator, given } = await grown();
  const { mode: _, ...options } = { ...given, updateOnly: true };
  const { discard, ...planned } = await runPlan(options, { env: envOf(emulator) });
  await discard();
  const dry = await runImport({ ...options, dryRun: true }, { env: envOf(emulator) });
  const { report } = await runSync(options, { env: envOf(emulator) });
  expect(report.entities).toMatchObject({ created: 0, updated: 1499, unchanged: 1, rejected: 1 });
  expect(planned.report.entities).toEqual(report.entities);
  expect(dry.report.entities).toMatchObject({ created: 0, rejected: 1 });
});

it.each([
  ["createMissingRelatedEntities: true", ""],
  ["", "    onMissingTarget: { parent: create }"],
])("no relation target is made either, whatever the mapping says: %s%s", async (more, resource) => {
  const emulator = await startCatalog({ blueprints });
  await runImport(await nodeImport([{ id: "a" }]), { env: envOf(emulator) });
  const given = await nodeImport([{ id: "a", weight: 2, parent: "none" }], more, resource);
  const { report } = await runImport({ ...given, updateOnly: true }, { env: envOf(emulator) });
  expect(report.rejects).toMatchObject([{ code: "relation_target_missing" }]);
  expect(emulator.store.entity("node", "a")?.properties.weight).toBe(2);
  expect(emulator.store.count("node")).toBe(1);
});

it("--update-only with mode create is wrong usage", async () => {
  const emulator = await startCatalog({ blueprints });
  const given = await nodeImport([{ id: "a" }]);
  await expect(runImport({ ...given, updateOnly: true, mode: "create" }, { env: envOf(emulator) })).rejects.toThrow(
    /--update-only with --mode create/,
  );
});
