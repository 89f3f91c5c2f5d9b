import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runImport } from "../../../src/recipes/import.js";
import { runSync } from "../../../src/recipes/sync.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../../support/catalog.js";

const team = blueprintOf("team");
const server = blueprintOf("server", {
  schema: { properties: { size: { type: "number" } } },
  relations: { owner: { target: "team" }, uses: { target: "server", many: true } },
});

/** Servers of so many teams, in turn; a blueprint that the source does not write. */
async function serversOf(count: number, teams: number, more = {}) {
  const folder = await makeFolder();
  const [source, mapping] = [join(folder, "servers.csv"), join(folder, "servers.yaml")];
  await writeFile(
    source,
    `id,size,owner\n${Array.from({ length: count }, (_, i) => `s${i},${i},t${i % teams}\n`).join("")}`,
  );
  await writeFile(
    mapping,
    `resources:
  - kind: servers
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"server"'
          properties: { size: .size }
          relations: { owner: .owner }
`,
  );
  return { sources: [source], mapping, stateDir: folder, concurrency: 4, ...more };
}

async function teams(emulator: Awaited<ReturnType<typeof startCatalog>>, count: number) {
  const folder = await makeFolder();
  const [source, mapping] = [join(folder, "teams.csv"), join(folder, "teams.yaml")];
  await writeFile(source, `id\n${Array.from({ length: count }, (_, i) => `t${i}\n`).join("")}`);
  await writeFile(
    mapping,
    `resources: [{ kind: teams, port: { entity: { mappings: { identifier: .id, blueprint: '"team"' } } } }]`,
  );
  await runImport({ sources: [source], mapping, stateDir: folder }, { env: envOf(emulator) });
}

describe("targets that are missing", () => {
  it("stop an import within its error budget before a fraction of its records is read", async () => {
    const emulator = await startCatalog({ blueprints: [team, server] });
    const given = await serversOf(20_000, 70, { maxErrors: 100 });
    const { report } = await runImport(given, { env: envOf(emulator) });
    expect(report.exitCode).toBe(2);
    expect(report.records.read).toBeLessThan(8000);
    expect(report.requests.total).toBeLessThan(60);
    expect(report.rejects.length).toBeGreaterThanOrEqual(60);
    expect(report.rejects[0]).toMatchObject({
      code: "relation_target_missing",
      path: "relations.owner",
      value: expect.stringMatching(/^t\d+$/),
    });
  });

  it("cost one write for each entity, and one search, and are causes of their own", async () => {
    const emulator = await startCatalog({ blueprints: [team, server] });
    const { report } = await runImport(await serversOf(4000, 70), { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 1, balanced: true, entities: { rejected: 4000, created: 0 } });
    // Two hundred for all of them, and those that were refused before it was known.
    expect(report.requests.byRoute.bulk).toBeLessThan(300);
    expect(report.rejects).toHaveLength(70);
    expect(emulator.store.count("server")).toBe(4000);
    expect(emulator.store.entity("server", "s3999")).toMatchObject({ properties: { size: 3999 } });
  });

  it("are reported by a sync as by an import, and the second night writes nothing for them", async () => {
    const emulator = await startCatalog({ blueprints: [team, server] });
    await teams(emulator, 1);
    const given = await serversOf(1500, 3);
    const first = await runSync(given, { env: envOf(emulator) });
    expect(first.report).toMatchObject({ exitCode: 1, balanced: true, entities: { created: 500, rejected: 1000 } });
    expect(first.report.rejects.map(({ value, count }) => [value, count])).toEqual([
      ["t1", 500],
      ["t2", 500],
    ]);
    const second = await runSync(given, { env: envOf(emulator) });
    expect(second.report).toMatchObject({ exitCode: 1, balanced: true, entities: { unchanged: 500, rejected: 1000 } });
  });

  it("cost nothing where none is: a clean import asks for no target", async () => {
    const emulator = await startCatalog({ blueprints: [team, server] });
    await teams(emulator, 70);
    const { report } = await runImport(await serversOf(2000, 70), { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 0, requests: { byRoute: { bulk: 100, search: 0 } } });
  });
});
