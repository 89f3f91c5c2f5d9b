import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runImport } from "../../src/recipes/import.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";

const sources = {
  "items.csv": 'id,note,size\na,"two\nlines",1\nb,x,many\nc,"three\n\nlines",more\nd,x,2\ne,x,none at all\n',
  "items.ndjson": '{"id":"a","size":1}\n{"id":"b","size":"many"}\n{"id":"c","size":"more"}\n',
  "items.json": '[{"id":"a","size":1},\n{"id":"b",\n"size":"many"},{"id":"c","size":"more"}]',
};

it.each(Object.entries(sources))(
  "names the line of the rejects file on which a rejected record of %s begins",
  async (name, text) => {
    const emulator = await startCatalog({
      blueprints: [blueprintOf("item", { schema: { properties: { size: { type: "number" } } } })],
    });
    const folder = await makeFolder();
    await writeFile(join(folder, name), text);
    const mapping = join(folder, "m.yaml");
    await writeFile(
      mapping,
      `resources: [{ kind: items, selector: { query: "true" }, port: { entity: { mappings: { identifier: .id, blueprint: '"item"', properties: { size: .size } } } } }]`,
    );
    const options = { sources: [join(folder, name)], mapping, stateDir: join(folder, "state") };
    const { report } = await runImport(options, { env: envOf(emulator) });
    const lines = (await readFile(report.rejectFiles[0]?.path ?? "", "utf8")).split("\n");
    const samples = report.rejects.flatMap((group) => group.samples ?? []);
    expect(samples.length).toBe(report.entities.rejected);
    for (const { rejectsLine = 0, identifier } of samples)
      expect(lines[rejectsLine - 1]).toMatch(new RegExp(`^(\\{"id":"|)${identifier}\\b`));
  },
);
