import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../src/emulator/emulator.js";
import type { SyncOptions } from "../../../src/options/run.js";
import { runImport } from "../../../src/recipes/import.js";
import { runPlan } from "../../../src/recipes/plan.js";
import { runSync } from "../../../src/recipes/sync.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../../support/catalog.js";

const team = blueprintOf("team", { schema: { properties: { name: { type: "string" } } } });
const app = blueprintOf("app", {
  relations: { owner: { target: "team" }, helpers: { target: "team", many: true } },
});

interface Team {
  readonly id: string;
  readonly name: string;
}

/** A mapping of apps that name their team by its name; with `writesTeams` one that also writes teams. */
async function apps(records: readonly object[], writesTeams = false): Promise<SyncOptions> {
  const folder = await makeFolder();
  await writeFile(join(folder, "apps.ndjson"), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  const byName = "{ combinator: '\"and\"', rules: [{ property: '\"name\"', operator: '\"=\"', value: .team }] }";
  await writeFile(
    join(folder, "apps.yaml"),
    `resources:
  - kind: apps
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"app"'
          relations: { owner: ${byName}, helpers: ${byName} }
${writesTeams ? `  - kind: apps\n    selector: { query: "false" }\n    port: { entity: { mappings: { identifier: .id, blueprint: '"team"' } } }\n` : ""}`,
  );
  return { sources: [join(folder, "apps.ndjson")], mapping: join(folder, "apps.yaml"), stateDir: folder };
}

async function bringTeams(emulator: Emulator, teams: readonly Team[]): Promise<void> {
  const folder = await makeFolder();
  await writeFile(join(folder, "teams.ndjson"), teams.map((one) => `${JSON.stringify(one)}\n`).join(""));
  await writeFile(
    join(folder, "teams.yaml"),
    `resources: [{ kind: teams, selector: { query: "true" }, port: { entity: { mappings: { identifier: .id, blueprint: '"team"', properties: { name: .name } } } } }]`,
  );
  const given = { sources: [join(folder, "teams.ndjson")], mapping: join(folder, "teams.yaml"), stateDir: folder };
  expect((await runImport(given, { env: envOf(emulator) })).report.exitCode).toBe(0);
}

const forty = Array.from({ length: 40 }, (_, i) => ({ id: `a${i}`, team: i < 35 ? "Reds" : "Blues" }));

async function seeded(): Promise<Emulator> {
  const emulator = await startCatalog({ blueprints: [team, app] });
  await bringTeams(emulator, [
    { id: "r", name: "Reds" },
    { id: "b", name: "Blues" },
  ]);
  return emulator;
}

describe("a sync of relations that are searches", () => {
  it("finds unchanged what is related to the entity that a shared search finds, for one search", async () => {
    const emulator = await seeded();
    const given = await apps(forty);
    expect((await runSync(given, { env: envOf(emulator) })).report.entities).toMatchObject({ created: 40 });
    // Five share the search for Blues, which is too few to ask for it.
    const { report } = await runSync(given, { env: envOf(emulator) });
    expect(report.entities).toMatchObject({ unchanged: 35, updated: 5 });
    // Entities, the shared search, and whether the searches of the five found anything: the API does not say.
    expect(report.requests.byRoute).toMatchObject({ bulk: 1, search: 3 });
    expect(report.warnings).toEqual([]);
    expect((await runPlan(given, { env: envOf(emulator) })).report.entities).toMatchObject({
      unchanged: 35,
      updated: 5,
    });
  });

  it("writes where the search finds another by now", async () => {
    const emulator = await seeded();
    const given = await apps(forty);
    await runSync(given, { env: envOf(emulator) });
    await bringTeams(emulator, [
      { id: "r", name: "Former Reds" },
      { id: "new", name: "Reds" },
    ]);
    const { report } = await runSync(given, { env: envOf(emulator) });
    expect(report.entities).toMatchObject({ unchanged: 0, updated: 40 });
    expect(emulator.store.entity("app", "a0")?.relations).toMatchObject({ owner: "new", helpers: ["new"] });
  });

  it("writes all of them where the mapping itself writes what is searched, so that a plan foresees the same", async () => {
    const emulator = await seeded();
    const given = await apps(forty, true);
    await runSync(given, { env: envOf(emulator) });
    expect((await runPlan(given, { env: envOf(emulator) })).report.entities).toMatchObject({ updated: 40 });
    expect((await runSync(given, { env: envOf(emulator) })).report.entities).toMatchObject({ updated: 40 });
  });
});
