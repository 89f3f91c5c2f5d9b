import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess as runProgram } from "../support/in-process.js";

const item = blueprintOf("item", { schema: { properties: { size: { type: "number" }, note: { type: "string" } } } });

async function workplace() {
  const emulator = await startCatalog({ blueprints: [item] });
  const folder = await makeFolder();
  await writeFile(
    join(folder, "items.yaml"),
    `resources: [{ kind: items, prune: all, selector: { query: "true" }, port: { entity: { mappings: { identifier: .id, blueprint: '"item"', properties: { size: .size, note: .note } } } } }]`,
  );
  const nightly = ["items.csv", "-m", "items.yaml"];
  return {
    emulator,
    folder,
    source: (text: string) => writeFile(join(folder, "items.csv"), text),
    run: (command: string, ...more: string[]) =>
      runProgram([command, ...(command === "apply" || command === "entity" ? [] : nightly), ...more], envOf(emulator), {
        cwd: folder,
      }),
  };
}

const rows = (count: number) => `id,size,note\n${Array.from({ length: count }, (_, i) => `i${i},${i},n\n`).join("")}`;

describe("the commands of a night", () => {
  it("plan in words, with exit code 10 when there are changes; apply; then nothing is left to do", async () => {
    const { run, source, emulator } = await workplace();
    await source(rows(20));
    expect((await run("sync", "--quiet")).code).toBe(0);
    await source(`${rows(19).replace("i1,1,n", "i1,100,n")}new,1,n\n`);
    const planned = await run("plan", "--prune", "--out", "tonight.plan", "--detailed-exitcode");
    expect(planned.code).toBe(10);
    expect(planned.stdout).toBe(
      "item\n  ~ i1\n      properties.size: 1 → 100\n  + new\n  - i19\n\nPlan: 1 to create, 1 to update, 1 to delete, 18 unchanged.\n",
    );
    expect(planned.stderr).toContain("To do exactly this: portload apply tonight.plan");
    expect(emulator.store.count("item")).toBe(20);
    const applied = await run("apply", "tonight.plan");
    expect(applied.code).toBe(0);
    expect(applied.stderr).toMatch(/item +1 created, 1 merged, 1 deleted/);
    const again = await run("apply", "tonight.plan");
    expect(again.code).toBe(6);
    expect(again.stderr).toMatch(/drifted since the plan was made\n {2}item\/i1: properties\.size was 1, is 100/);
    const done = await run("plan", "--prune", "--detailed-exitcode");
    expect([done.code, done.stdout]).toEqual([0, "No changes: 0 to create, 0 to update, 0 to delete, 20 unchanged.\n"]);
  });

  it("plan as a page, beside the report's other forms, and also where a guard refuses", async () => {
    const { run, source, folder } = await workplace();
    await source(rows(20));
    await run("sync", "--quiet");
    await source(`${rows(19).replace("i1,1,n", "i1,100,n")}new,1,n\n`);
    const forms = ["--report", "p.html", "--report", "p.json"];
    expect((await run("plan", "--prune", "--out", "tonight.plan", ...forms)).code).toBe(0);
    const page = await readFile(join(folder, "p.html"), "utf8");
    expect(page).toContain("Plan: 1 to create, 1 to update, 1 to delete, 18 unchanged.");
    // A command breaks between its words alone: the tags that see to it are not part of it.
    expect(page.replaceAll(/<[^>]*>/g, "")).toContain(
      "portload plan items.csv -m items.yaml --prune --out tonight.plan",
    );
    expect(page).toContain("1 of 20 owned (5%)");
    expect(JSON.parse(await readFile(join(folder, "p.json"), "utf8"))).toMatchObject({ command: "plan", dryRun: true });
    await source(rows(5));
    expect((await run("plan", "--prune", ...forms)).code).toBe(6);
    expect(await readFile(join(folder, "p.html"), "utf8")).toContain(
      "nothing is deleted: more would go than is allowed",
    );
  });

  it("plan as one JSON document", async () => {
    const { run, source } = await workplace();
    await source(rows(1));
    const { stdout, code } = await run("plan", "--output", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      format: 1,
      mode: "merge",
      changes: [{ op: "create", blueprint: "item", entity: { identifier: "i0", properties: { size: 0, note: "n" } } }],
      counts: { create: 1, update: 0, delete: 0, unchanged: 0, rejected: 0 },
    });
  });

  it("sync and plan refuse a prune with exit code 6, and name the flag that would allow it", async () => {
    const { run, source, emulator } = await workplace();
    await source(rows(20));
    await run("sync", "--quiet");
    await source(rows(10));
    for (const command of ["sync", "plan"]) {
      const { code, stderr } = await run(command, "--prune");
      expect(code).toBe(6);
      expect(stderr).toMatch(/item: 10 of 20 \(50%\) would be deleted: i10, i11/);
      expect(stderr).toContain("--max-delete 50%");
    }
    expect(emulator.store.count("item")).toBe(20);
    const allowed = await run("sync", "--prune", "--max-delete", "50%", "--output", "json");
    expect([allowed.code, JSON.parse(allowed.stdout).entities.deleted]).toEqual([0, 10]);
  });

  it("plan exits with 1 when records fail, whatever else there is", async () => {
    const { run, source } = await workplace();
    await source(`${rows(2)}not valid,1,n\n`);
    const { code, stdout, stderr } = await run("plan", "--detailed-exitcode");
    expect(code).toBe(1);
    expect(stdout).toMatch(/2 to create, 0 to update, 0 to delete, 0 unchanged, 1 failed\.\n$/);
    expect(stderr).toMatch(/identifier/);
  });

  it("entity export writes a file and the mapping for it", async () => {
    const { run, source, folder } = await workplace();
    await source(rows(2));
    await run("sync", "--quiet");
    const { code, stderr } = await run("entity", "export", "item", "--out", "out.csv", "--mapping-out", "out.yaml");
    expect([code, stderr]).toEqual([0, "2 entities exported\n"]);
    expect(await readFile(join(folder, "out.csv"), "utf8")).toBe(
      "identifier,title,icon,team,properties.size,properties.note\ni0,,,,0,n\ni1,,,,1,n\n",
    );
  });
});
