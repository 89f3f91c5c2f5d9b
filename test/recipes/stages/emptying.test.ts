import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../../src/blueprint.js";
import type { Emulator } from "../../../src/emulator/emulator.js";
import { runImport } from "../../../src/recipes/import.js";
import { runPlan } from "../../../src/recipes/plan.js";
import { runSync } from "../../../src/recipes/sync.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../../support/catalog.js";

const team = blueprintOf("team");
const svc: Blueprint = blueprintOf("svc", {
  schema: {
    properties: {
      lang: { type: "string" },
      cost: { type: "number" },
      tier: { type: "string", default: "gold" },
      note: { type: "string" },
    },
  },
  relations: { owner: { target: "team" } },
});

/** A row of services; what is absent is a blank cell. */
interface Row {
  readonly lang?: string;
  readonly cost?: string;
  readonly owner?: string;
}

const rows = (count: number, row: (i: number) => Row): string =>
  `id,lang,cost,owner\n${Array.from({ length: count }, (_, i) => {
    const { lang = "", cost = "", owner = "" } = row(i);
    return `s${i},${lang},${cost},${owner}\n`;
  }).join("")}`;
const full = (): Row => ({ lang: "go", cost: "1", owner: "t" });

async function filesOf(csv: string, { head = "", note = "" } = {}) {
  const folder = await makeFolder();
  const [source, mapping] = [join(folder, "svc.csv"), join(folder, "svc.yaml")];
  await writeFile(source, csv);
  await writeFile(
    mapping,
    `source: { blanks: [""] }
${head}
resources:
  - kind: svc
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"svc"'
          properties: { lang: .lang, cost: .cost, tier: '"gold"'${note} }
          relations: { owner: .owner }
`,
  );
  return { sources: [source], mapping, stateDir: folder };
}

/** A catalog of services with all their values. */
async function seeded(count: number): Promise<Emulator> {
  const emulator = await startCatalog({ blueprints: [team, svc] });
  const given = await filesOf(rows(count, full), { head: "createMissingRelatedEntities: true", note: `, note: '"n"'` });
  expect((await runImport(given, { env: envOf(emulator) })).report.exitCode).toBe(0);
  return emulator;
}

const filled = (emulator: Emulator, key: string): number =>
  emulator.store.entities("svc").filter(({ properties }) => properties[key] != null).length;

const withNote = { note: `, note: '"n"'` };

describe("a run that would empty a property of more than a tenth of the entities that have it", () => {
  const blank =
    (share: number) =>
    (i: number): Row =>
      i % 10 < share * 10 ? { cost: "1", owner: "t" } : full();

  it.each(["sync", "import"] as const)(
    "is refused in override before anything is written, and names the flag: %s",
    async (command) => {
      const emulator = await seeded(60);
      const given = { ...(await filesOf(rows(60, blank(0.5)), withNote)), mode: "override" as const };
      const run = command === "sync" ? runSync : runImport;
      const { report, error } = await run(given, { env: envOf(emulator) });
      expect(report).toMatchObject({ exitCode: 6, requests: { byRoute: { bulk: 0 } } });
      expect(String(error)).toMatch(/svc: properties\.lang of 30 of the 60 looked at that have a value \(50%\)$/);
      expect((error as { hint?: string }).hint).toMatch(/--allow-emptying$/);
      expect(filled(emulator, "lang")).toBe(60);
      const allowed = await run({ ...given, allowEmptying: true }, { env: envOf(emulator) });
      expect([allowed.report.exitCode, filled(emulator, "lang")]).toEqual([0, 30]);
    },
  );

  it.each(["sync", "import"] as const)("is refused in merge where the mapping clears: %s", async (command) => {
    const emulator = await seeded(40);
    const given = await filesOf(
      rows(40, () => ({ lang: "go", owner: "t" })),
      { head: "onNull: clear" },
    );
    const run = command === "sync" ? runSync : runImport;
    const { report, error } = await run(given, { env: envOf(emulator) });
    expect([report.exitCode, String(error)]).toEqual([6, expect.stringContaining("properties.cost of 40 of the 40")]);
    expect(filled(emulator, "cost")).toBe(40);
  });

  it("is refused for a relation, too, and by the share that the mapping names", async () => {
    const emulator = await seeded(40);
    const csv = rows(40, (i) => (i < 12 ? { lang: "go", cost: "1" } : full()));
    const refused = await runImport({ ...(await filesOf(csv, withNote)), mode: "override" }, { env: envOf(emulator) });
    expect(String(refused.error)).toMatch(/relations\.owner of 12 of the 40 .* \(30%\)/);
    const given = await filesOf(csv, { head: "entityDeletionThreshold: 0.3", ...withNote });
    expect((await runImport({ ...given, mode: "override" }, { env: envOf(emulator) })).report.exitCode).toBe(0);
  });

  it("is refused for a property that no resource maps and an override would take away", async () => {
    const emulator = await seeded(30);
    const given = { ...(await filesOf(rows(30, full))), mode: "override" as const };
    for (const run of [runImport, runSync]) {
      const { report, error } = await run(given, { env: envOf(emulator) });
      expect([report.exitCode, String(error)]).toEqual([6, expect.stringContaining("properties.note of 30 of the 30")]);
    }
    expect(filled(emulator, "note")).toBe(30);
  });

  it("is refused by a plan and by a dry run as well", async () => {
    const emulator = await seeded(30);
    const given = {
      ...(await filesOf(
        rows(30, () => ({ cost: "1" })),
        withNote,
      )),
      mode: "override" as const,
    };
    const { report, error, discard } = await runPlan(given, { env: envOf(emulator) });
    await discard();
    expect([report.exitCode, String(error)]).toEqual([6, expect.stringContaining("properties.lang")]);
    const dry = await runImport({ ...given, dryRun: true }, { env: envOf(emulator) });
    expect(String(dry.error)).toContain("properties.lang");
  });

  it("is not refused for a tenth, for nine in all, for what is new, nor in merge that leaves blanks alone", async () => {
    const emulator = await seeded(100);
    const run = async (csv: string, more = {}) =>
      (await runImport({ ...(await filesOf(csv, withNote)), mode: "override", ...more }, { env: envOf(emulator) }))
        .report.exitCode;
    expect(await run(rows(100, (i) => (i % 10 === 0 ? { cost: "1", owner: "t" } : full())))).toBe(0);
    expect(await run(rows(20, (i) => (i > 0 && i < 10 ? { lang: "go", owner: "t" } : full())))).toBe(0);
    expect(await run(rows(50, () => ({ owner: "t" })).replaceAll(/^s/gm, "new"))).toBe(0);
    expect(
      await run(
        rows(100, () => ({})),
        { mode: "merge" },
      ),
    ).toBe(0);
    expect(filled(emulator, "cost")).toBe(91);
  });

  it("costs an import whose fields have values no request", async () => {
    const emulator = await seeded(60);
    const given = { ...(await filesOf(rows(60, full), withNote)), mode: "override" as const };
    const { report } = await runImport(given, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 0, requests: { byRoute: { bulk: 3, search: 0 } } });
  });
});
