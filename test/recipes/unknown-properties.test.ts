import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

const outage = blueprintOf("outage", {
  schema: { properties: { impact: { type: "string" }, state: { type: "string" } } },
  relations: { parent: { target: "outage", required: false, many: false } },
  mirrorProperties: { parentTitle: { path: "parent.$title" } },
});

async function folderWith(root = "", blueprint = '"outage"'): Promise<string> {
  const folder = await makeFolder();
  await writeFile(
    join(folder, "outage.json"),
    '[{"id":"o-1","name":"Gateway slow","impact":"major","status":"resolved"},{"id":"o-2","name":"Fixed","status":"resolved","of":"outage"}]',
  );
  await writeFile(
    join(folder, "map.yaml"),
    `${root}
resources:
  - kind: outage
    port:
      entity:
        mappings:
          identifier: .id
          title: .name
          blueprint: '${blueprint}'
          properties: { impact: .impact, impcat: .impact, parentTitle: .name, state: .status }
`,
  );
  await mkdir(join(folder, "bp"));
  await writeFile(join(folder, "bp", "blueprints.json"), JSON.stringify([outage]));
  return folder;
}

const source = ["outage.json", "-m", "map.yaml"];

describe("writing/11: a mapped property that the blueprint lacks", () => {
  it.each([
    ["import", []],
    ["import", ["--dry-run"]],
    ["sync", []],
    ["plan", []],
  ])("is refused by %s %j before anything is written, with the nearest name and the setting", async (command, more) => {
    const emulator = await startCatalog({ blueprints: [outage] });
    const { code, stderr } = await runInProcess([command, ...source, ...more], envOf(emulator), {
      cwd: await folderWith(),
    });
    expect(code).toBe(3);
    expect(stderr).toContain('has no property "impcat"; did you mean "impact"?');
    expect(stderr).toContain("`unknownProperties: warn`");
    expect(emulator.store.entities("outage")).toEqual([]);
  });

  it.each([
    ["import", []],
    ["sync", []],
  ])("is left out by %s with unknownProperties: warn, and counted", async (command, more) => {
    const emulator = await startCatalog({ blueprints: [outage] });
    const cwd = await folderWith("unknownProperties: warn");
    const { code, stdout } = await runInProcess([command, ...source, ...more, "--output", "json"], envOf(emulator), {
      cwd,
    });
    expect(code).toBe(0);
    const { warnings } = JSON.parse(stdout) as { warnings: { code: string; path: string; count: number }[] };
    expect(warnings.filter(({ code: one }) => one === "unknown_property")).toMatchObject([
      { path: "properties.parentTitle", count: 2 },
      { path: "properties.impcat", count: 1 },
    ]);
    expect(emulator.store.entities("outage").map(({ properties }) => properties)).toEqual([
      { impact: "major", state: "resolved" },
      { state: "resolved" },
    ]);
    const again = await runInProcess(["sync", ...source, "--output", "json"], envOf(emulator), { cwd });
    expect(JSON.parse(again.stdout)).toMatchObject({ exitCode: 0, entities: { unchanged: 2, updated: 0, created: 0 } });
  });

  it("is left out by plan and dry run as by the sync that follows", async () => {
    const emulator = await startCatalog({ blueprints: [outage] });
    const cwd = await folderWith("unknownProperties: warn");
    const plan = await runInProcess(["plan", ...source, "--output", "json"], envOf(emulator), { cwd });
    expect([plan.code, JSON.parse(plan.stdout)]).toMatchObject([0, { counts: { create: 2, rejected: 0 } }]);
    expect(plan.stdout).not.toContain("impcat");
    const dry = await runInProcess(["import", ...source, "--dry-run", "--output", "json"], envOf(emulator), { cwd });
    expect([dry.code, JSON.parse(dry.stdout)]).toMatchObject([0, { entities: { created: 2, rejected: 0 } }]);
  });

  it("rejects single entities where only the record names the blueprint, or warns of them", async () => {
    const emulator = await startCatalog({ blueprints: [outage] });
    const refused = await runInProcess(["import", ...source, "--output", "json"], envOf(emulator), {
      cwd: await folderWith("", '.of // "outage"'),
    });
    expect([refused.code, JSON.parse(refused.stdout)]).toMatchObject([1, { entities: { rejected: 2 } }]);
    const warned = await runInProcess(["import", ...source, "--output", "json"], envOf(emulator), {
      cwd: await folderWith("unknownProperties: warn", '.of // "outage"'),
    });
    expect([warned.code, JSON.parse(warned.stdout)]).toMatchObject([0, { entities: { created: 2, rejected: 0 } }]);
  });

  it("is an error of lint, or a warning where the mapping says so", async () => {
    const strict = await runInProcess(["lint", "map.yaml", "--blueprints", "bp"], {}, { cwd: await folderWith() });
    expect([strict.code, strict.stdout]).toEqual([
      3,
      expect.stringMatching(/error {2}unknown_property.*impcat[\s\S]*unknownProperties: warn/),
    ]);
    const cwd = await folderWith("unknownProperties: warn");
    const loose = await runInProcess(["lint", "map.yaml", "--blueprints", "bp"], {}, { cwd });
    expect([loose.code, loose.stdout]).toEqual([0, expect.stringMatching(/warning {2}property_left_out.*impcat/)]);
  });

  it("is refused in any case where it says what the resource owns", async () => {
    const emulator = await startCatalog({ blueprints: [outage] });
    const cwd = await folderWith("unknownProperties: warn");
    const text = readFileSync(join(cwd, "map.yaml"), "utf8");
    await writeFile(
      join(cwd, "map.yaml"),
      text.replace("- kind: outage", "- kind: outage\n    prune: { where: { property: impcat, value: x } }"),
    );
    const { code, stderr } = await runInProcess(["sync", ...source], envOf(emulator), { cwd });
    expect([code, stderr]).toEqual([3, expect.stringContaining('no property "impcat"')]);
  });
});
