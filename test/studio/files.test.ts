import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openStudio } from "../../src/recipes/studio/session.js";
import { studioActions } from "../../src/studio/actions.js";

/** A studio on a source of its own, in a folder of its own, without a catalog; every path is written out. */
async function open(files: Record<string, string> = {}, given: { mapping?: string; blueprints?: string } = {}) {
  const dir = await mkdtemp(join(tmpdir(), "portload-studio-test-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const at = (name: string) => join(dir, name);
  const put = async (name: string, text: string) => {
    await mkdir(join(at(name), ".."), { recursive: true });
    await writeFile(at(name), text);
  };
  await put("assets.csv", "Asset ID,Name,Tags\na-1,One,x\na-2,Two,y\n");
  for (const [name, text] of Object.entries(files)) await put(name, text);
  const paths = Object.fromEntries(Object.entries(given).map(([name, path]) => [name, at(path)]));
  const session = await openStudio({ sources: [at("assets.csv")], ...paths }, {});
  onTestFinished(() => session.close());
  const { calls } = studioActions(session, { env: {}, sources: [at("assets.csv")] });
  const save = (
    mapping: string,
    {
      blueprints = "",
      ...rest
    }: { blueprints?: string; known?: Record<string, string>; agreed?: Record<string, string> } = {},
  ) =>
    calls.save({
      mapping,
      file: at("assets.yaml"),
      known: {},
      agreed: {},
      ...rest,
      ...(blueprints && { blueprints: at(blueprints) }),
    });
  const held = (name: string) => readFile(at(name), "utf8");
  return { dir, at, put, calls, save, held, session };
}

describe("what the studio saves", () => {
  it("is what a reload begins with", async () => {
    const { calls, save, at } = await open();
    const { mapping, isProposed } = await calls.start({});
    expect(isProposed).toBe(true);
    await save(`# mine\n${mapping}`);
    const now = await calls.start({});
    expect(now).toMatchObject({
      mapping: `# mine\n${mapping}`,
      file: at("assets.yaml"),
      isProposed: false,
      changed: [],
    });
  });

  it("is all of it, or nothing, after one question that names every file", async () => {
    const { dir, calls, save, held, at } = await open({
      "assets.yaml": "theirs\n",
      "blueprints/asset.json": "theirs\n",
    });
    const { mapping } = await calls.start({});
    const asked = await save(mapping, { blueprints: "blueprints" });
    const taken = "taken" in asked ? asked.taken : [];
    expect(taken.map(({ path, why }) => [path, why])).toEqual([
      [at("assets.yaml"), "exists"],
      [at("blueprints/asset.json"), "exists"],
    ]);
    expect([await held("assets.yaml"), await held("blueprints/asset.json")]).toEqual(["theirs\n", "theirs\n"]);
    const agreed = Object.fromEntries(taken.map(({ path, fingerprint }) => [path, fingerprint]));
    expect(await save(mapping, { blueprints: "blueprints", agreed })).toHaveProperty("written");
    expect([await held("assets.yaml"), JSON.parse(await held("blueprints/asset.json")).identifier]).toEqual([
      mapping,
      "asset",
    ]);
    expect((await readdir(dir)).toSorted()).toEqual(["assets.csv", "assets.yaml", "blueprints"]);
  });

  it("leaves the mapping as it was where a blueprint cannot be written", async () => {
    const { calls, save, held, dir } = await open({ "assets.yaml": "theirs\n", blueprints: "a file in the way" });
    const { mapping } = await calls.start({});
    const asked = await save(mapping);
    const agreed = Object.fromEntries(("taken" in asked ? asked.taken : []).map((one) => [one.path, one.fingerprint]));
    await expect(save(mapping, { blueprints: "blueprints", agreed })).rejects.toThrow("cannot be written");
    expect(await held("assets.yaml")).toBe("theirs\n");
    expect((await readdir(dir)).toSorted()).toEqual(["assets.csv", "assets.yaml", "blueprints"]);
  });

  it("asks again where a file changed behind what was agreed to", async () => {
    const { calls, save, put, held } = await open({ "assets.yaml": "theirs\n" });
    const { mapping } = await calls.start({});
    const asked = await save(mapping);
    const agreed = Object.fromEntries(("taken" in asked ? asked.taken : []).map((one) => [one.path, one.fingerprint]));
    await put("assets.yaml", "theirs again\n");
    expect(await save(mapping, { agreed })).toHaveProperty("taken");
    expect(await held("assets.yaml")).toBe("theirs again\n");
  });

  it("comes with the number of errors that lint finds", async () => {
    const { calls, save } = await open();
    const { mapping } = await calls.start({});
    expect(await save(mapping)).toMatchObject({ errors: 0 });
    const { files: known } = await calls.start({});
    expect(await save(mapping.replace(/title: .*/, "title: .Name |"), { known })).toMatchObject({ errors: 1 });
  });
});

const mapped = `resources:
  - kind: assets
    port:
      entity:
        mappings:
          identifier: ."Asset ID"
          blueprint: '"asset"'
          properties:
            tags: .Tags
`;
const blueprint = (type: string) =>
  JSON.stringify({ identifier: "asset", title: "Asset", schema: { properties: { tags: { type } } }, relations: {} });

describe("a file that changed on disk", () => {
  const files = { "assets.yaml": mapped, "blueprints/asset.json": blueprint("string") };

  it("is reported on reload, and taken or kept", async () => {
    const { calls, put, at } = await open(files, { mapping: "assets.yaml", blueprints: "blueprints" });
    expect(await calls.start({})).toMatchObject({ changed: [], mapping: mapped });
    await put("assets.yaml", `# theirs\n${mapped}`);
    await put("blueprints/asset.json", blueprint("number"));
    const state = await calls.start({});
    expect(state.changed.toSorted()).toEqual([at("assets.yaml"), at("blueprints/asset.json")]);
    expect(state.mapping).toBe(mapped);
    expect(await calls.settle({ isTaken: false })).toMatchObject({ changed: [], mapping: mapped });
    await put("assets.yaml", `# theirs again\n${mapped}`);
    expect((await calls.start({})).changed).toEqual([at("assets.yaml")]);
    const taken = await calls.settle({ isTaken: true });
    expect(taken).toMatchObject({ changed: [], mapping: `# theirs again\n${mapped}` });
    expect(taken.blueprints[0]?.schema.properties.tags?.type).toBe("number");
    const { problems } = await calls.evaluate({ source: 0, mapping: taken.mapping });
    expect(problems.map(({ code }) => code)).toEqual(["wrong_type"]);
  });

  it("is reported when another one is saved", async () => {
    const { calls, put, save, at } = await open(files, { mapping: "assets.yaml", blueprints: "blueprints" });
    const { files: known } = await calls.start({});
    expect(await save(`# mine\n${mapped}`, { known })).toMatchObject({ changed: [] });
    await put("blueprints/asset.json", blueprint("number"));
    const now = await calls.start({});
    expect(await save(mapped, { known: now.files })).toMatchObject({ changed: [at("blueprints/asset.json")] });
  });

  it("is reported where it holds a saved blueprint that was edited, renamed or removed, and taken", async () => {
    const { calls, put, save, held, at, dir } = await open({ "blueprints/other.json": blueprint("string") });
    const { mapping } = await calls.start({});
    await save(mapping, { blueprints: "blueprints" });
    const names = async () => (await calls.start({})).blueprints.map(({ identifier }) => identifier);
    const changed = async () => (await calls.start({})).changed.toSorted();
    expect([await changed(), await names()]).toEqual([[], ["asset"]]);
    const text = await held("blueprints/asset.json");
    await put("blueprints/asset.json", text.replace('"asset"', '"thing"'));
    expect(await changed()).toEqual([at("blueprints/asset.json")]);
    expect(await calls.settle({ isTaken: true })).toMatchObject({
      ...{ changed: [], proposed: ["thing"], hasUnsavedBlueprints: false },
    });
    expect(await names()).toEqual(["thing"]);
    // It is saved into the file that it was taken from: one beside it would hold it twice.
    const { files: known } = await calls.start({});
    await save(mapping, { known, blueprints: "blueprints" });
    expect((await readdir(join(dir, "blueprints"))).toSorted()).toEqual(["asset.json", "other.json"]);
    await rename(at("blueprints/asset.json"), at("blueprints/thing.json"));
    expect(await changed()).toEqual([at("blueprints/asset.json"), at("blueprints/thing.json")]);
    await calls.settle({ isTaken: true });
    expect([await changed(), await names()]).toEqual([[], ["thing"]]);
    await rm(at("blueprints/thing.json"));
    expect(await changed()).toEqual([at("blueprints/thing.json")]);
    await calls.settle({ isTaken: false });
    expect([await changed(), await names()]).toEqual([[], ["thing"]]);
  });

  it("is not overwritten, kept or not, before it is agreed to", async () => {
    const { calls, put, save, held, at } = await open(files, { mapping: "assets.yaml" });
    const { files: known } = await calls.start({});
    await put("assets.yaml", "theirs\n");
    await calls.settle({ isTaken: false });
    expect(await save(`# mine\n${mapped}`, { known })).toMatchObject({
      taken: [{ path: at("assets.yaml"), why: "changed" }],
    });
    expect(await held("assets.yaml")).toBe("theirs\n");
  });
});

describe("a blueprint", () => {
  it("that is only proposed is edited, checked by and saved", async () => {
    const { calls, save, held } = await open();
    const { mapping } = await calls.start({});
    const edit = (property: string, rest: { kind: "addProperty" | "setType"; type: "text" | "list" | "number" }) =>
      calls.editBlueprint({ mapping, edit: { blueprint: "asset", property, ...rest } });
    const more = mapping.replace(/( +)properties:\n/, "$&$1  location: .Name\n");
    const problems = async () => {
      const { findings, problems: causes } = await calls.evaluate({ source: 0, mapping: more });
      return { findings: findings.filter(({ severity }) => severity === "error"), causes };
    };
    const [unknown] = (await problems()).findings;
    expect(unknown?.fixes[0]).toEqual({
      label: "Add to the blueprint",
      edit: { kind: "addProperty", blueprint: "asset", property: "location", type: "text" },
    });
    expect((await edit("location", { kind: "addProperty", type: "text" })).hasUnsavedBlueprints).toBe(true);
    expect(await problems()).toEqual({ findings: [], causes: [] });
    await edit("location", { kind: "setType", type: "number" });
    expect((await problems()).causes.map(({ code, path }) => [code, path])).toEqual([
      ["wrong_type", "properties.location"],
    ]);
    await edit("location", { kind: "setType", type: "list" });
    await calls.editBlueprint({ mapping, edit: { blueprint: "asset", property: "tags", kind: "removeProperty" } });
    // A reload shows them as they are now.
    expect((await calls.start({})).blueprints[0]?.schema.properties.location).toEqual({
      type: "array",
      items: { type: "string" },
    });
    await save(more, { blueprints: "blueprints" });
    const { properties } = JSON.parse(await held("blueprints/asset.json")).schema;
    expect(Object.keys(properties)).toContain("location");
    expect(Object.keys(properties)).not.toContain("tags");
    expect((await calls.start({})).hasUnsavedBlueprints).toBe(false);
    await expect(edit("a b", { kind: "addProperty", type: "text" })).rejects.toThrow("cannot name a property");
    await expect(edit("location", { kind: "addProperty", type: "text" })).rejects.toThrow("already");
  });

  it("that a folder or the catalog gave is not", async () => {
    const given = { mapping: "assets.yaml", blueprints: "blueprints" };
    const { calls } = await open({ "assets.yaml": mapped, "blueprints/asset.json": blueprint("string") }, given);
    expect((await calls.start({})).proposed).toEqual([]);
    await expect(
      calls.editBlueprint({ mapping: "", edit: { blueprint: "asset", property: "tags", kind: "removeProperty" } }),
    ).rejects.toThrow("not only proposed");
  });

  it("that is only proposed is renamed by its text, and what names it follows", async () => {
    const { calls, session, save, held } = await open();
    const { mapping, blueprints } = await calls.start({});
    const edit = (text: string, now = mapping) =>
      calls.editBlueprint({ mapping: now, edit: { kind: "setText", blueprint: "asset", text } });
    const named = (identifier: string) => JSON.stringify({ ...blueprints[0], identifier });
    const owns = { asset: { target: "asset" }, other: { target: "_user" } };
    await edit(JSON.stringify({ ...blueprints[0], relations: owns }));
    await expect(edit(named("a b"))).rejects.toThrow("may hold letters");
    await expect(edit(named("thing"), "resources: [")).rejects.toThrow("not YAML now");
    expect((await calls.start({})).blueprints.map(({ identifier }) => identifier)).toEqual(["asset"]);
    const now = await edit(JSON.stringify({ ...blueprints[0], identifier: "thing", relations: owns }));
    expect(now).toMatchObject({ renamed: { from: "asset", to: "thing" }, proposed: ["thing"] });
    expect(now.blueprints).toMatchObject([
      { identifier: "thing", relations: { asset: { target: "thing" }, other: { target: "_user" } } },
    ]);
    expect(now.missing).toEqual(["thing"]);
    const followed = await calls.edit({ mapping, edit: { kind: "renameBlueprint", from: "asset", to: "thing" } });
    expect(followed.mapping).toBe(mapping.replace(`'"asset"'`, `'"thing"'`));
    const { findings, counts } = await calls.evaluate({ source: 0, mapping: followed.mapping });
    expect([findings.filter(({ severity }) => severity === "error"), counts.entities]).toEqual([[], 2]);
    await save(followed.mapping, { blueprints: "blueprints" });
    expect(JSON.parse(await held("blueprints/thing.json")).identifier).toBe("thing");
    expect(session.work.proposed).toEqual(["thing"]);
  });

  it("that is only proposed takes the name that the mapping gives, by a click", async () => {
    const { calls } = await open();
    const mapping = (await calls.start({})).mapping.replace(`'"asset"'`, `'"thing"'`);
    const look = async () => {
      const { findings } = await calls.evaluate({ source: 0, mapping });
      return findings.filter(({ code }) => code === "unknown_blueprint");
    };
    const [unknown] = await look();
    expect(await calls.evaluate({ source: 0, mapping })).toMatchObject({ unchecked: ["thing"] });
    const fix = unknown?.fixes[0];
    expect(fix).toEqual({
      label: "Rename the proposed blueprint to thing",
      edit: { kind: "renameBlueprint", blueprint: "asset", to: "thing" },
    });
    if (fix?.edit.kind !== "renameBlueprint" || !("blueprint" in fix.edit)) throw new Error("no fix");
    await calls.editBlueprint({ mapping, edit: fix.edit });
    expect(await look()).toEqual([]);
    expect(await calls.evaluate({ source: 0, mapping })).toMatchObject({ unchecked: [] });
  });
});

describe("a working file", () => {
  it("goes by the name that the mapping is saved as", async () => {
    const { session, at, save } = await open();
    const draft = await session.draft("a: 1");
    expect(draft).toMatch(/portload-studio-/);
    expect(session.tidy(`1 fault in the mapping\n  ${draft}:1`)).toBe("1 fault in the mapping\n  assets.yaml:1");
    await save("a: 1");
    expect(await session.draft("a: 1")).toBe(at("assets.yaml"));
  });
});
