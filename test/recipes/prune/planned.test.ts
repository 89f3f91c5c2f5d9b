import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runApply } from "../../../src/recipes/apply.js";
import { runImport } from "../../../src/recipes/import.js";
import { runPlan } from "../../../src/recipes/plan.js";
import { runSync } from "../../../src/recipes/sync.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../../support/catalog.js";
import { idsFrom, startNights } from "../../support/nights.js";

const limits = { maxDelete: [10, "10%"] };

describe("an apply of a plan with deletions is held to what a sync with prune is held to", () => {
  it("leaves and reports what somebody else took over between the comparison and the deletion", async () => {
    const nights = await startNights(idsFrom(1, 100), ["other"]);
    await nights.run();
    nights.source = idsFrom(6, 100);
    await nights.plan();
    nights.gate.onRequest = async (_method, path, body) => {
      if (path.endsWith("/search") && body.includes('"combinator":"or"')) await nights.takeOver("i3");
    };
    nights.gate.staleScans = ["i3"];
    const { report, error } = await nights.apply();
    expect(error).toBeUndefined();
    expect(report).toMatchObject({ command: "apply", exitCode: 0, entities: { deleted: 4 } });
    expect(report.warnings).toMatchObject([
      { code: "not_owned", blueprint: "app", count: 1, message: expect.stringContaining("i3") },
    ]);
    expect(nights.foreign()).toEqual(new Set(["i3", "other"]));
  });

  it("counts as a prune that finished: the base is what was owned at its end", async () => {
    const nights = await startNights(idsFrom(1, 100));
    await nights.run();
    nights.source = idsFrom(11, 100);
    await nights.plan(limits);
    expect((await nights.apply()).report).toMatchObject({ exitCode: 0, entities: { deleted: 10 } });
    // 9 of 90 is 10 %; 10 of the 100 before would be, too.
    nights.source = idsFrom(21, 100);
    const refused = await nights.run(limits);
    expect([refused.report.exitCode, String(refused.error)]).toEqual([
      6,
      expect.stringContaining("10 of 90 (11.2%) would be deleted"),
    ]);
    nights.source = idsFrom(20, 100);
    expect((await nights.run(limits)).report).toMatchObject({ exitCode: 0, entities: { deleted: 9 } });
  });

  it("deletes nothing where a night that did not finish deleted what its limits allow since the plan was made", async () => {
    const nights = await startNights(idsFrom(1, 100));
    await nights.run();
    nights.source = idsFrom(9, 100);
    await nights.plan(limits);
    nights.source = [...idsFrom(1, 92)];
    // Killed once its only deletion is done.
    await nights.run(limits, { at: ({ path }) => path.includes("/delete"), done: true }).catch(() => undefined);
    expect(nights.owned().size).toBe(92);
    nights.source = idsFrom(9, 100);
    const before = nights.owned();
    const { report, error } = await nights.apply();
    expect([report.exitCode, String(error)]).toEqual([
      6,
      expect.stringMatching(/16 of 100 \(16%\) would be deleted, 8 of them already by prunes that did not finish/),
    ]);
    expect(String((error as { hint?: string }).hint)).toContain(
      "make a new plan with --max-delete 16 --max-delete 16%",
    );
    expect(nights.owned()).toEqual(before);
  });

  it("which remembers what one that was killed had deleted", async () => {
    const nights = await startNights(idsFrom(1, 100));
    await nights.run();
    nights.source = idsFrom(9, 100);
    await nights.plan(limits);
    await nights.apply({ at: ({ path }) => path.includes("/delete"), done: true }).catch(() => undefined);
    expect(nights.owned().size).toBe(92);
    nights.source = idsFrom(17, 100);
    const { report, error } = await nights.plan(limits);
    expect([report.exitCode, String(error)]).toEqual([6, expect.stringContaining("16 of 100 (16%) would be deleted")]);
  });

  it("applies plans of earlier versions, which do not say what is owned", async () => {
    const nights = await startNights(idsFrom(1, 100));
    await nights.run();
    nights.source = idsFrom(6, 100);
    await nights.plan();
    const text = await readFile(nights.planFile, "utf8");
    await writeFile(nights.planFile, text.replace(/"prune":\{.*?\}\]\},/, ""));
    expect(await readFile(nights.planFile, "utf8")).not.toContain('"prune"');
    expect((await nights.apply()).report).toMatchObject({ exitCode: 0, entities: { deleted: 5 } });
  });
});

describe("deletions that take dependents along (undo-worlds seed 2)", () => {
  const team = blueprintOf("team");
  const app = blueprintOf("app", { relations: { owner: { target: "team" } } });

  /** A catalog of teams e and f and app d without an owner; the sources lack team e, and give app d the owner e. */
  async function world() {
    const emulator = await startCatalog({ blueprints: [team, app] });
    const folder = await makeFolder();
    const [apps, teams, mapping] = [join(folder, "apps.csv"), join(folder, "teams.csv"), join(folder, "m.yaml")];
    await writeFile(
      mapping,
      `deleteDependentEntities: true
resources:
  - { kind: teams, prune: all, port: { entity: { mappings: { identifier: .id, blueprint: '"team"' } } } }
  - { kind: apps, prune: all, port: { entity: { mappings: { identifier: .id, blueprint: '"app"', relations: { owner: .owner } } } } }
`,
    );
    const options = { sources: [teams, apps], mapping, stateDir: folder };
    await writeFile(teams, "id\ne\nf\n");
    await writeFile(apps, "id\nd\n");
    const context = { env: envOf(emulator) };
    await runImport({ ...options, sources: [teams] }, context);
    await writeFile(apps, "id,owner\nd,\n");
    await runImport({ ...options, sources: [apps] }, context);
    await writeFile(teams, "id\nf\n");
    await writeFile(apps, "id,owner\nd,e\n");
    return { emulator, folder, context, options: { ...options, prune: true, maxDelete: [100, "100%"] } };
  }

  it("are refused by plan as by sync where what the sources have would go along by a relation that they bring", async () => {
    const { emulator, context, options } = await world();
    const planned = await runPlan(options, context);
    const synced = await runSync(options, context);
    for (const { report, error } of [planned, synced])
      expect([report.exitCode, String(error)]).toEqual([
        6,
        expect.stringContaining("would delete 1 entities that the sources still have: app/d"),
      ]);
    expect(planned.file).toBeUndefined();
    expect(emulator.store.entity("app", "d")).toBeDefined();
  });

  it("are refused by apply where something came to depend on them since the plan was made", async () => {
    const { emulator, context, folder, options } = await world();
    await writeFile(join(folder, "apps.csv"), "id,owner\nd,f\n");
    const { file = "" } = await runPlan(options, context);
    const other = { sources: [join(folder, "x.csv")], mapping: join(folder, "x.yaml"), stateDir: join(folder, "x") };
    await writeFile(other.sources[0] ?? "", "id,owner\nx,e\n");
    await writeFile(
      other.mapping,
      "resources:\n  - { kind: x, port: { entity: { mappings: { identifier: .id, blueprint: '\"app\"', relations: { owner: .owner } } } } }\n",
    );
    await runImport(other, context);
    const { report, error } = await runApply({ plan: file, stateDir: folder }, context);
    expect([report.exitCode, String(error)]).toEqual([
      6,
      expect.stringContaining("would delete 1 entities that the plan does not: app/x"),
    ]);
    expect(emulator.store.entity("app", "x")).toBeDefined();
    expect(emulator.store.entity("team", "e")).toBeDefined();
  });
});
