import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Property } from "../../src/blueprint.js";
import type { Emulator } from "../../src/emulator/emulator.js";
import { type ExportFormat, exportEntities } from "../../src/recipes/export.js";
import { runImport } from "../../src/recipes/import.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";

/** A property of every kind. */
const kinds: Readonly<Record<string, Property>> = {
  text: { type: "string" },
  number: { type: "number" },
  boolean: { type: "boolean" },
  object: { type: "object" },
  "a-list": { type: "array", items: { type: "string" } },
  numbers: { type: "array", items: { type: "number" } },
  tier: { type: "string", enum: ["gold", "silver"] },
  url: { type: "string", format: "url" },
  email: { type: "string", format: "email" },
  user: { type: "string", format: "user" },
  team: { type: "string", format: "team" },
  at: { type: "string", format: "date-time" },
  timer: { type: "string", format: "timer" },
  markdown: { type: "string", format: "markdown" },
  yaml: { type: "string", format: "yaml" },
  proto: { type: "string", format: "proto" },
  ip: { type: "string", format: "ipv4" },
  spec: { type: "object", spec: "open-api" },
  link: { type: "object", format: "labeled-url" },
};

const thing = blueprintOf("thing", {
  schema: { properties: kinds },
  relations: { parent: { target: "thing" }, friends: { target: "thing", many: true } },
  mirrorProperties: { parentText: { path: "parent.text", title: "Parent's text" } },
});
const other = blueprintOf("other", { schema: { properties: { text: { type: "string" } } } });

const full = {
  text: "plain",
  number: 1.5e21,
  boolean: false,
  object: { a: [1, { b: null }], "": "x" },
  "a-list": ["a,b", '"', ""],
  numbers: [0, -1.25],
  tier: "gold",
  url: "https://example.com/?a=1,2",
  email: "a@example.com",
  user: "a@example.com",
  team: "platform",
  at: "2026-01-01T12:00:00+01:00",
  timer: "2030-01-01T12:00:00Z",
  markdown: '# A\n\n- *b*, "c"\r\n',
  yaml: "a: [1]\n",
  proto: 'syntax = "proto3";',
  ip: "10.0.0.1",
  spec: { openapi: "3.0.0" },
  link: { url: "https://example.com", displayText: "Äö" },
};

async function seed(emulator: Emulator, records: readonly object[]) {
  const folder = await makeFolder();
  const source = join(folder, "things.ndjson");
  await writeFile(source, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  const fields = (keys: readonly string[], from: string) =>
    Object.fromEntries(keys.map((key) => [key, `.${from}[${JSON.stringify(key)}]`]));
  const mappings = {
    identifier: ".identifier",
    title: ".title",
    icon: ".icon",
    team: ".team",
    blueprint: '"thing"',
    properties: fields(Object.keys(kinds), "properties"),
    relations: fields(["parent", "friends"], "relations"),
  };
  const resources = [{ kind: "things", selector: { query: "true" }, port: { entity: { mappings } } }];
  await writeFile(join(folder, "things.yaml"), JSON.stringify({ resources }));
  const options = { sources: [source], mapping: join(folder, "things.yaml"), stateDir: folder };
  expect((await runImport(options, { env: envOf(emulator) })).report.rejects).toEqual([]);
}

const state = (emulator: Emulator) =>
  Object.fromEntries(
    emulator.store
      .entities("thing")
      .map(({ identifier, title, icon, team, properties, relations }) => [
        identifier,
        structuredClone({ title, icon, team, properties, relations }),
      ]),
  );

/** Exports a catalog's things and imports the file into an empty one. */
async function throughFile(from: Emulator, format: ExportFormat) {
  const folder = await makeFolder();
  let text = "";
  const emit = async (piece: string) => {
    text += piece;
    return true;
  };
  const { mapping, entities } = await exportEntities({ blueprints: ["thing"], format }, { env: envOf(from), emit });
  const source = join(folder, `things.${format}`);
  await writeFile(source, text);
  await writeFile(join(folder, "back.yaml"), mapping("things"));
  const to = await startCatalog({ blueprints: [thing, other], readings });
  const options = { sources: [source], mapping: join(folder, "back.yaml"), stateDir: folder };
  const { report } = await runImport(options, { env: envOf(to) });
  return { to, report, text, entities };
}

const formats: readonly ExportFormat[] = ["ndjson", "json", "csv"];

/** A title that was not given is none; under the other readings an export has it as the API shows it. */
const readings = { titleOmitted: "null" } as const;

describe("an export", () => {
  it.each(formats)("as %s imports back to the same catalog, over all kinds of property", async (format) => {
    const from = await startCatalog({ blueprints: [thing, other], readings });
    await seed(from, [
      {
        identifier: "full",
        title: ' A "title" ',
        icon: "Git",
        team: ["x"],
        properties: full,
        relations: { parent: "empty", friends: ["full", "empty"] },
      },
      { identifier: "empty", properties: {}, relations: {} },
      {
        identifier: "blank",
        title: '"',
        properties: { text: "", markdown: " ", object: {}, "a-list": [] },
        relations: { parent: "full" },
      },
    ]);
    const { to, report, entities } = await throughFile(from, format);
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 3, rejected: 0 } });
    expect(entities).toBe(3);
    expect(state(to)).toEqual(state(from));
  });

  it("as CSV loses no text, whatever it holds", async () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("", '"', '""', '"a"', "null", "\r\n", ",", " ", "\\N"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 20, maxLength: 20 }), async (texts) => {
        const from = await startCatalog({ blueprints: [thing, other], readings });
        await seed(
          from,
          texts.map((one, i) => ({ identifier: `t${i}`, title: one, properties: { text: one, "a-list": [one] } })),
        );
        expect(state((await throughFile(from, "csv")).to)).toEqual(state(from));
      }),
      { numRuns: 4 },
    );
  });

  it("goes page by page, in order, and stops when no more is wanted", async () => {
    const from = await startCatalog({ blueprints: [thing, other], readings });
    await seed(
      from,
      Array.from({ length: 2500 }, (_, i) => ({ identifier: `t${i}`, properties: { number: i } })),
    );
    const pieces: string[] = [];
    const all = await exportEntities(
      { blueprints: ["thing", "other"], format: "ndjson" },
      { env: envOf(from), emit: async (piece) => pieces.push(piece) > 0 },
    );
    const lines = pieces
      .join("")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ identifier }) => identifier)).toEqual(
      from.store.entities("thing").map((one) => one.identifier),
    );
    expect(lines.find(({ identifier }) => identifier === "t7")).toEqual({
      blueprint: "thing",
      identifier: "t7",
      properties: { number: 7 },
      relations: {},
    });
    expect(all.entities).toBe(2500);
    expect(lines).toHaveLength(2500);
    const some = await exportEntities(
      { blueprints: ["thing"], format: "ndjson" },
      { env: envOf(from), emit: async (piece) => piece === "" },
    );
    expect(some.entities).toBe(1000);
  });

  it("refuses a CSV of several blueprints, and a blueprint that is not there", async () => {
    const from = await startCatalog({ blueprints: [thing, other], readings });
    const context = { env: envOf(from), emit: async () => true };
    await expect(exportEntities({ blueprints: ["thing", "other"], format: "csv" }, context)).rejects.toThrow(
      /one blueprint/,
    );
    await expect(exportEntities({ blueprints: ["nothing"], format: "json" }, context)).rejects.toThrow(
      /no blueprint nothing/,
    );
  });
});
