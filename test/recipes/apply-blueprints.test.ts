import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { applyBlueprintFiles } from "../../src/recipes/apply-blueprints.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";

it("blueprints in a ring get their mirrors and inherited ownership once every relation exists", async () => {
  const emulator = await startCatalog({ blueprints: [] });
  const one = (target: string) => ({ relations: { next: { target, required: false, many: false } } });
  const ring = [
    blueprintOf("a", {
      ...one("b"),
      mirrorProperties: { far: { path: "next.next.$title" } },
      ownership: { type: "Inherited", path: "next.next" },
    }),
    blueprintOf("b", { ...one("c"), mirrorProperties: { far: { path: "next.next.$identifier" } } }),
    blueprintOf("c", { ...one("a"), ownership: { type: "Direct" } }),
    blueprintOf("outside", { ...one("a"), mirrorProperties: { far: { path: "next.next.$title" } } }),
  ];
  const folder = await makeFolder();
  for (const blueprint of ring)
    await writeFile(join(folder, `${blueprint.identifier}.json`), JSON.stringify(blueprint));
  // The second time all of them are as their files have them.
  for (const is of ["created", "unchanged"]) {
    const applied = await applyBlueprintFiles([folder], { env: envOf(emulator) });
    expect(applied.map(({ identifier }) => identifier).sort()).toEqual(["a", "b", "c", "outside"]);
    expect(new Set(applied.map((each) => each.is))).toEqual(new Set([is]));
    for (const { identifier, mirrorProperties = {}, ownership, relations } of ring) {
      const stored = emulator.store.blueprints().find((blueprint) => blueprint.identifier === identifier);
      expect(stored).toMatchObject({ mirrorProperties, relations, ...(ownership && { ownership }) });
    }
  }
});
