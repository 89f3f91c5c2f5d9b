import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BlueprintError } from "../../../src/errors.js";
import { loadBlueprintFolder } from "../../../src/recipes/run/blueprints.js";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "portload-blueprints-"));
});
afterEach(() => rm(dir, { recursive: true }));

const json = (identifier: string) => JSON.stringify({ identifier, title: identifier, schema: { properties: {} } });
const write = (name: string, text: string) => writeFile(join(dir, name), text);
const faultOf = (folder: string) => loadBlueprintFolder(folder).then(String, (error: unknown) => error);

describe("loadBlueprintFolder", () => {
  it("reads JSON and YAML files in the order of their names, and nothing else", async () => {
    await write("c.yml", "identifier: c\nschema: { properties: {} }\n");
    await write("b.json", `[${json("b1")}, ${json("b2")}]`);
    await write("a.yaml", "identifier: a\nschema: { properties: {} }\n");
    await write("notes.md", "no blueprint");
    await write(".hidden.json", "no blueprint");
    await mkdir(join(dir, "folder.json"));
    const blueprints = await loadBlueprintFolder(dir);
    expect(blueprints.map(({ identifier }) => identifier)).toEqual(["a", "b1", "b2", "c"]);
  });

  it("refuses a missing folder", async () => {
    expect(await faultOf(join(dir, "none"))).toBeInstanceOf(BlueprintError);
  });

  it("refuses a folder without blueprints", async () => {
    await write("notes.md", "");
    expect(await faultOf(dir)).toMatchObject({ name: "BlueprintError", message: `${dir} has no blueprint` });
  });

  it("reports the faults of every file at once, and duplicate identifiers with both files", async () => {
    await write("a.json", json("same"));
    await write("b.json", json("same"));
    await write("c.json", "{");
    await write("d.json", "{}");
    await write("e.json", `[${json("one")}, ${json("one")}]`);
    const error = await faultOf(dir);
    expect(error).toBeInstanceOf(BlueprintError);
    const { message } = error as BlueprintError;
    expect(message).toContain(`the blueprint "same" is in ${join(dir, "a.json")} and in ${join(dir, "b.json")}`);
    expect(message).toContain(`the blueprint "one" is twice in ${join(dir, "e.json")}`);
    expect(message).toContain(`${join(dir, "c.json")} is not valid JSON`);
    expect(message).toContain(`${join(dir, "d.json")} identifier: `);
  });
});
