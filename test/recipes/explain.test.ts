import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatExplanation } from "../../src/authoring/explanation.js";
import { explain } from "../../src/recipes/explain.js";
import { runImport } from "../../src/recipes/import.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "../support/catalog.js";

const blueprints = join(root, "samples/blueprints");
const services = { source: join(root, "samples/services.csv"), mapping: join(root, "mappings/services.yaml") };
const dirty = { ...services, source: join(root, "samples/services-dirty.csv") };

const mapping = `
source: { blanks: ["", "-"], columns: { Since: { date: dd.MM.yyyy, zone: UTC } } }
resources:
  - kind: people
    selector: { query: .Left == null }
    port:
      entity:
        mappings:
          identifier: .Id
          title: .Name, "second"
          blueprint: '"person"'
          properties:
            age: .Age
            nick: .Nick
            since: .Since
            broken: .Id | tonumber
            none: empty
          relations:
            boss: .Boss
`;
const person = blueprintOf("person", {
  schema: {
    properties: {
      age: { type: "number" },
      nick: { type: "string" },
      since: { type: "string", format: "date-time" },
      broken: { type: "number" },
      none: { type: "string" },
    },
  },
  relations: { boss: { target: "person", required: false, many: false } },
});

async function people(rows: readonly string[]): Promise<{ source: string; mapping: string }> {
  const folder = await makeFolder();
  const [source, file] = [join(folder, "people.csv"), join(folder, "people.yaml")];
  await writeFile(source, ["Id,Name,Age,Nick,Since,Boss,Left", ...rows, ""].join("\n"));
  await writeFile(file, mapping);
  return { source, mapping: file };
}

const withoutFolder = (text: string): string =>
  text.replaceAll(/\/\S*\/(?=people\.csv)/g, "").replaceAll(/http:\S+/g, "URL");

describe("explaining a record", () => {
  it("shows cells, expressions, types, the payload, what the catalog holds and what a write would change", async () => {
    const emulator = await startCatalog({ blueprints: [person] });
    const env = envOf(emulator);
    const first = await people(["a,Ann,3,-,31.12.2024,,", "b,Bob,,,,,"]);
    const { source, mapping: file } = first;
    await runImport({ sources: [source], mapping: file, stateDir: await makeFolder() }, { env });
    const second = await people(["a,Ann,4,-,31.12.2024,zed,"]);
    const text = formatExplanation(await explain({ ...second, record: 1 }, { env }));
    expect(withoutFolder(text)).toBe(`people.csv record 1 (line 2), kind people

record
  Id     "a"
  Name   "Ann"
  Age    "4"
  Nick   "-"  read as null
  Since  "31.12.2024"  read as "2024-12-31T00:00:00Z"
  Boss   "zed"
  Left   ""  read as null

resource 0 → person
  selector.query     .Left == null  →  true   :5
  identifier         .Id  →  "a"   :9
  blueprint          "person"  →  "person"   :11
  title              .Name, "second"  →  "Ann"  (the first of 2 outputs counts)   :10
  properties.age     .Age  →  "4"   :13
  properties.nick    .Nick  →  null   :14
  properties.since   .Since  →  "2024-12-31T00:00:00Z"   :15
  properties.broken  .Id | tonumber  →  failed: string ("a") cannot be parsed as a number   :16
  properties.none    empty  →  no output, which counts as null   :17
  relations.boss     .Boss  →  "zed"   :19
  typed by the blueprint
    properties.age  "4" → 4
  payload
    {
      "identifier": "a",
      "title": "Ann",
      "properties": {
        "age": 4,
        "since": "2024-12-31T00:00:00Z"
      },
      "relations": {
        "boss": "zed"
      }
    }
  in the catalog: there; a write in mode merge would change
    properties.age  3 → 4
    relations.boss  null → "zed"
  relation targets
    relations.boss  person "zed" is not in the catalog now

warnings
  resources.0.port.entity.mappings.properties.broken  expression_error: the expression failed: string ("a") cannot be parsed as a number

catalog   URL
`);
  });

  it("reports that an entity would be created, and that a write would change nothing", async () => {
    const emulator = await startCatalog({ blueprints: [person] });
    const env = envOf(emulator);
    const given = await people(["a,Ann,3,,,,"]);
    const before = await explain({ ...given, record: 1 }, { env });
    expect(before.candidates[0]?.held).toEqual({ is: "absent", mode: "merge", changes: [], missingTargets: [] });
    await runImport({ sources: [given.source], mapping: given.mapping, stateDir: await makeFolder() }, { env });
    const after = await explain({ ...given, record: 1 }, { env });
    expect(after.candidates[0]?.held).toEqual({ is: "held", mode: "merge", changes: [], missingTargets: [] });
  });

  it("reports why a record is skipped", async () => {
    const { candidates } = await explain({ ...(await people(["a,Ann,3,,,,2020"])), record: 1 });
    expect(candidates).toMatchObject([{ fate: "skipped", why: "the selector is false" }]);
  });

  it.each([
    [5, "read", ["ragged_row"]],
    [9, "check", ["wrong_type"]],
    [14, "map", ["identifier_missing"]],
  ])("reports why record %i of the dirty sample is refused at %s", async (record, stage, codes) => {
    const { unread, candidates } = await explain({ ...dirty, blueprints, record });
    const rejected = unread === undefined ? candidates[0]?.rejected : { stage: unread.stage, findings: [unread] };
    expect([rejected?.stage, rejected?.findings.map(({ code }) => code)]).toEqual([stage, codes]);
  });

  it("shows each element of itemsToParse as a candidate, and says when there is none", async () => {
    const given = {
      source: `deployments=${join(root, "samples/deployments.ndjson")}`,
      mapping: join(root, "mappings/organisation.yaml"),
      blueprints,
    };
    const { candidates } = await explain({ ...given, record: 1 });
    expect(candidates.map(({ blueprint, item, fate }) => [blueprint, item, fate])).toEqual([
      ["environment", undefined, "entity"],
      ["deployment", undefined, "entity"],
      ["component", 0, "entity"],
      ["component", 1, "entity"],
    ]);
  });

  it("continues without the catalog where there are no credentials, and where it does not answer", async () => {
    const { catalog, candidates } = await explain({ ...services, record: 1 });
    expect(catalog).toEqual({ asked: false, why: "no credentials: set PORT_CLIENT_ID and PORT_CLIENT_SECRET" });
    expect(candidates[0]).toMatchObject({
      fate: "entity",
      payload: { identifier: "ab-testing", properties: { replicas: "4" } },
    });
    const env = { PORT_API_URL: "http://127.0.0.1:1/v1", PORT_CLIENT_ID: "a", PORT_CLIENT_SECRET: "b" };
    const offline = await explain({ ...services, record: 1 }, { env });
    expect(offline.catalog).toMatchObject({ asked: false });
    expect(offline.candidates[0]?.fate).toBe("entity");
  });

  it("refuses a position after the end", async () => {
    await expect(explain({ ...services, record: 332 })).rejects.toThrow("--record 332: the source has 331 records");
  });
});
