import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runApply } from "../../../src/recipes/apply.js";
import { runImport } from "../../../src/recipes/import.js";
import { runPlan } from "../../../src/recipes/plan.js";
import { runSync } from "../../../src/recipes/sync.js";
import { envOf, makeFolder } from "../../support/catalog.js";
import { deployments, eachReading, good, importInto, inventory, prepared, relationsIn } from "./inventory.js";

/** The night after: a changes, b no longer uses z, z and what is deployed of it are gone, n is new. Deletes 2 of 10. */
const next = {
  ...good,
  services: [
    ...good.services
      .filter(({ id }) => id !== "z")
      .map((one) => (one.id === "a" ? { ...one, replicas: 3 } : one.id === "b" ? { ...one, uses: [] } : one)),
    { id: "n", parent: "a" },
  ],
  deployments: deployments.slice(0, 1),
};
const owned = { prune: ["services", "deployments"] };
const prune = { prune: true, maxDelete: ["50%"] };

describe.each(eachReading)("a night with %s read as %j", (_key, _value, changed) => {
  it("finds nothing to do after an import, then writes what differs and deletes what is gone", async () => {
    for (const mode of ["merge", "override"] as const) {
      const emulator = await prepared(changed);
      await importInto(emulator, { ...(await inventory(good)), mode });
      const same = await runSync({ ...(await inventory(good, owned)), ...prune, mode }, { env: envOf(emulator) });
      expect(same.report).toMatchObject({ exitCode: 0, entities: { unchanged: 10, deleted: 0 } });
      expect(same.report.requests.byRoute).toMatchObject({ bulk: 0, single: 0, delete: 0 });

      const night = await runSync({ ...(await inventory(next, owned)), ...prune, mode }, { env: envOf(emulator) });
      expect(night.error).toBeUndefined();
      expect(night.report).toMatchObject({
        exitCode: 0,
        entities: { created: 1, updated: 2, unchanged: 6, deleted: 2 },
      });
      expect(relationsIn(emulator)).toEqual({
        a: { team: ["core"], parent: ["c"], uses: ["b", "c"] },
        b: { parent: ["a"] },
        c: { parent: ["b"], team: ["edge"] },
        self: { parent: ["self"], uses: ["self"] },
        one: { uses: ["a"] },
        n: { parent: ["a"] },
      });
      expect(emulator.store.entities("deployment").map(({ identifier }) => identifier)).toEqual(["d1"]);
    }
  });

  it("does what a plan says, after which there is nothing left to plan", async () => {
    const emulator = await prepared(changed);
    await importInto(emulator, await inventory(good));
    const options = { ...(await inventory(next, owned)), ...prune };
    const { file, discard, report } = await runPlan(options, { env: envOf(emulator) });
    const plan = join(await makeFolder(), "tonight.plan");
    await writeFile(plan, await readFile(file ?? ""));
    await discard();
    const applied = await runApply({ plan, stateDir: await makeFolder() }, { env: envOf(emulator) });
    expect(report).toMatchObject({ entities: { created: 1, updated: 2, unchanged: 6 } });
    expect(applied.report).toMatchObject({ exitCode: 0, entities: { created: 1, updated: 2, deleted: 2 } });
    const again = await runPlan(options, { env: envOf(emulator) });
    await again.discard();
    expect(again.report).toMatchObject({ entities: { created: 0, updated: 0, unchanged: 9, deleted: 0 } });
  });

  it("deletes dependents along, within the limits, and counts what went with another", async () => {
    const emulator = await prepared(changed);
    // Each needs a request of its own: a hundred go at once.
    const many = Array.from({ length: 150 }, (_, n) => ({ id: `s${n}`, parent: n === 0 ? null : "s0" }));
    const deployed = [{ id: "d9", version: "9", service: "s0" }];
    await importInto(emulator, await inventory({ services: many, deployments: deployed }));
    const options = {
      ...(await inventory(
        { services: [{ id: "n" }] },
        { prune: ["services"], more: "deleteDependentEntities: true\n" },
      )),
      prune: true,
      maxDelete: ["100%", 1000],
    };
    const { report, error } = await runSync(options, { env: envOf(emulator) });
    expect(error).toBeUndefined();
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 1, deleted: 150 } });
    expect(emulator.store.entities("service").map(({ identifier }) => identifier)).toEqual(["n"]);
    expect(emulator.store.count("deployment")).toBe(0);
  });

  it("foretells in a dry run what the import then does", async () => {
    const emulator = await prepared(changed);
    await importInto(emulator, await inventory({ teams: good.teams, services: good.services.slice(0, 3) }));
    const env = envOf(emulator);
    const { report: dry } = await runImport({ ...(await inventory(good)), dryRun: true }, { env });
    expect(emulator.store.count("service")).toBe(3);
    const { report } = await runImport(await inventory(good), { env });
    expect(dry).toMatchObject({ exitCode: 0, dryRun: true, entities: report.entities });
    expect(report.exitCode).toBe(0);
  });
});
