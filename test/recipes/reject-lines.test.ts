import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { formatExplanation } from "../../src/authoring/explanation.js";
import { explain } from "../../src/recipes/explain.js";
import { runImport } from "../../src/recipes/import.js";
import { preview } from "../../src/recipes/preview.js";
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

const many = `source: { blanks: [""], columns: { day: { date: dd.MM.yyyy, zone: UTC }, cost: { number: {} } } }
reject: [properties.owner]
resources:
  - kind: items
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"item"'
          properties: { day: .day, cost: .cost, stage: .stage, code: .code, owner: .owner, size: .size }
`;
const text = { type: "string" } as const;
const item = blueprintOf("item", {
  schema: {
    properties: {
      day: { ...text, format: "date-time" },
      cost: { type: "number" },
      stage: { ...text, enum: ["prod", "test"] },
      code: { ...text, pattern: "^[A-Z]+$" },
      owner: text,
      size: { type: "number" },
    },
    required: ["day", "size"],
  },
});
const dirty = "id,day,cost,stage,code,owner,size\na b,yesterday,much,live,x1,,\n";

it("reports every fault of a record in one run, whichever stage finds it, and counts it once", async () => {
  const emulator = await startCatalog({ blueprints: [item] });
  const folder = await makeFolder();
  const [source, mapping] = [join(folder, "items.csv"), join(folder, "m.yaml")];
  await writeFile(source, dirty);
  await writeFile(mapping, many);
  const env = envOf(emulator);
  const options = { sources: [source], mapping, mode: "create", stateDir: join(folder, "state") } as const;
  const reported: string[] = [];
  const first = await runImport(options, {
    env,
    onReject: ({ also = [], ...one }) => reported.push(...[one, ...also].map(({ code, path }) => `${code} ${path}`)),
  });
  expect(reported).toEqual([
    "column_invalid day",
    "column_invalid cost",
    "required_missing properties.owner",
    "identifier_invalid identifier",
    "not_in_enum properties.stage",
    "out_of_bounds properties.code",
    "required_missing properties.size",
  ]);
  expect(first.report.records).toMatchObject({ read: 1, mapped: 0, skipped: 0, rejected: 1 });
  expect(first.report.entities.mapped).toBe(0);
  expect(first.report.faults?.map(({ code, count }) => [code, count])).toHaveLength(reported.length);
  const reasons = await readFile(join(first.folder ?? "", "reasons.ndjson"), "utf8");
  expect(
    reasons
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).also.length),
  ).toEqual([reported.length - 1]);

  const blueprints = join(folder, "blueprints");
  await mkdir(blueprints);
  await writeFile(join(blueprints, "item.json"), JSON.stringify(item));
  // a preview judges as a merge does, which lets what is required be there already
  const previewed = await preview({ sources: [source], mapping, blueprints });
  expect(previewed.faults).toHaveLength(reported.length - 1);
  const explained = formatExplanation(await explain({ source, mapping, blueprints, record: 1 }, { env }));
  for (const path of ["day", "cost", "properties.owner", "identifier", "properties.stage", "properties.code"])
    expect(explained).toContain(path);

  await writeFile(source, dirty.replace("a b,yesterday,much,live,x1,,", "a-b,01.02.2025,1,prod,X,shop,3"));
  const second = await runImport(options, { env });
  expect(second.report.entities).toMatchObject({ created: 1, rejected: 0 });
});
