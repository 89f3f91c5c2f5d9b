import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

const squad = blueprintOf("squad");
const svc = blueprintOf("svc", {
  schema: { properties: { lang: { type: "string" }, cost: { type: "number" }, tier: { type: "string" } } },
  relations: { squad: { target: "squad", many: false, required: false } },
});

/** A catalog with a service that holds values, and a folder for files. */
async function ready(files: Readonly<Record<string, unknown>> = {}) {
  const emulator = await startCatalog({ blueprints: [squad, svc] });
  const env = envOf(emulator);
  const run = (...args: string[]) => runInProcess(args, env);
  await run("entity", "merge", "squad", "r");
  await run("entity", "merge", "svc", "pay", "-p", "lang=go", "-p", "cost=12", "--relation", "squad=r");
  const folder = await makeFolder();
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(content));
  return { emulator, run, path: (name: string) => join(folder, name) };
}

describe("portload blueprint apply (writing/02, writing/03)", () => {
  const less = {
    ...svc,
    schema: { properties: { lang: { type: "string" }, repo: { type: "string" } } },
    relations: {},
  };

  it("refuses to take anything away, and says how many entities hold it", async () => {
    const { emulator, run, path } = await ready({ "svc.json": less });
    const ended = await run("blueprint", "apply", path("svc.json"));
    expect(ended.code).toBe(6);
    expect(ended.stderr).toContain("svc: properties.cost, which 1 entity holds");
    expect(ended.stderr).toContain("svc: properties.tier, which 0 entities hold");
    expect(ended.stderr).toContain("svc: relations.squad, which 1 entity holds");
    expect(ended.stderr).toContain("--allow-removal");
    expect(emulator.store.entity("svc", "pay")?.properties).toMatchObject({ lang: "go", cost: 12 });
    const allowed = await run("blueprint", "apply", path("svc.json"), "--allow-removal");
    expect([allowed.code, allowed.stderr]).toEqual([0, "blueprint svc: updated\n"]);
    expect(
      Object.keys(emulator.store.blueprints().find((one) => one.identifier === "svc")?.schema.properties ?? {}),
    ).toEqual(["lang", "repo"]);
  });

  it("checks all files before anything is sent: missing targets, one identifier twice, another type", async () => {
    const beta = blueprintOf("beta", { relations: { slo: { target: "gammaNotHere" }, a: { target: "alpha" } } });
    const { emulator, run, path } = await ready({
      "three.json": [blueprintOf("alpha"), beta],
      "a.json": blueprintOf("alpha"),
      "a-copy.json": blueprintOf("alpha"),
      "typed.json": { ...svc, schema: { properties: { ...svc.schema.properties, cost: { type: "string" } } } },
    });
    const missing = await run("blueprint", "apply", path("three.json"));
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain(
      'beta.relations.slo targets "gammaNotHere", which is neither in the files nor in the catalog',
    );
    const twice = await run("blueprint", "apply", path("a.json"), path("a-copy.json"));
    expect(twice.code).toBe(3);
    expect(twice.stderr).toMatch(/the blueprint "alpha" is in .*a\.json and in .*a-copy\.json/);
    const typed = await run("blueprint", "apply", path("typed.json"));
    expect(typed.code).toBe(3);
    expect(typed.stderr).toContain("svc.properties.cost is of type string here and number in the catalog");
    expect(emulator.store.blueprints().map(({ identifier }) => identifier)).not.toContain("alpha");
  });

  it("names what was done when the API refuses one midway", async () => {
    const bad = blueprintOf("bad", { mirrorProperties: { far: { path: "nowhere.$title" } } });
    const { emulator, run, path } = await ready({ "two.json": [blueprintOf("good"), bad, blueprintOf("after")] });
    const ended = await run("blueprint", "apply", path("two.json"));
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("created: good; updated: none; not applied: bad, after");
    expect(emulator.store.blueprints().map(({ identifier }) => identifier)).toContain("good");
  });

  it("leaves alone what is as the catalog has it, as get gave it", async () => {
    const { run, path } = await ready();
    const got = await run("blueprint", "get", "svc");
    expect(JSON.parse(got.stdout)).not.toHaveProperty("createdAt");
    await writeFile(path("svc.json"), got.stdout);
    expect(await run("blueprint", "apply", path("svc.json"), "--output", "json")).toMatchObject({
      code: 0,
      stdout: '[{"identifier":"svc","is":"unchanged"}]\n',
    });
  });
});

describe("portload blueprint get, diff and delete", () => {
  it("get prints all of the catalog's, and ends with 3 for one that there is not", async () => {
    const { run } = await ready();
    const all = JSON.parse((await run("blueprint", "get")).stdout) as { identifier: string }[];
    expect(all.map(({ identifier }) => identifier)).toEqual(expect.arrayContaining(["squad", "svc"]));
    const none = await run("blueprint", "get", "nosuch");
    expect([none.code, none.stdout]).toEqual([3, ""]);
    expect(none.stderr).toContain("there is no blueprint nosuch");
  });

  it("diff shows a line for each member that differs, and its exit code is a plan's", async () => {
    const other = {
      ...svc,
      title: "Services",
      schema: {
        properties: { lang: { type: "string", title: "Language" }, cost: { type: "number" }, repo: { type: "string" } },
      },
    };
    const { emulator, run, path } = await ready({ "svc.json": other, "new.json": squad });
    const files = [path("svc.json"), path("new.json")];
    const shown = await run("blueprint", "diff", ...files);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toBe(`blueprint svc: changed
  ~ properties.lang: {"type":"string"} → {"type":"string","title":"Language"}
  - properties.tier: {"type":"string"}
  + properties.repo: {"type":"string"}
  ~ title: "svc" → "Services"
blueprint squad: same
`);
    expect((await run("blueprint", "diff", ...files, "--detailed-exitcode")).code).toBe(10);
    expect((await run("blueprint", "diff", path("new.json"), "--detailed-exitcode")).code).toBe(0);
    const json = JSON.parse((await run("blueprint", "diff", path("new.json"), "--output", "json")).stdout) as unknown;
    expect(json).toEqual([{ identifier: "squad", is: "same", changes: [] }]);
    expect(emulator.store.blueprints().find(({ identifier }) => identifier === "svc")?.title).toBe("svc");
  });

  it("delete refuses one with entities or one that another relates to, and asks", async () => {
    const { emulator, run } = await ready();
    const full = await run("blueprint", "delete", "svc", "--yes");
    expect([full.code, full.stderr]).toEqual([6, expect.stringContaining("it has 1 entity")]);
    await run("entity", "delete", "svc", "pay");
    await run("entity", "delete", "squad", "r");
    const related = await run("blueprint", "delete", "squad", "--yes");
    expect([related.code, related.stderr]).toEqual([6, expect.stringContaining("svc relate")]);
    expect((await run("blueprint", "delete", "svc")).code).toBe(64);
    expect(await run("blueprint", "delete", "svc", "--yes")).toMatchObject({ code: 0 });
    expect(emulator.store.blueprints().map(({ identifier }) => identifier)).not.toContain("svc");
  });
});
