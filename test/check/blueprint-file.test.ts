import { describe, expect, it } from "vitest";
import { parseBlueprints } from "../../src/check/blueprint-file.js";
import { BlueprintError } from "../../src/errors.js";

const team = { identifier: "team", title: "Team", schema: { properties: { size: { type: "number" } }, required: [] } };
const reply = { ...team, createdAt: "2024-05-01T10:00:00.000Z", newerWord: { a: 1 }, ownership: null };

function faultsOf(content: unknown): string[] {
  try {
    parseBlueprints(JSON.stringify(content), "f.json");
  } catch (error) {
    if (error instanceof BlueprintError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("parseBlueprints", () => {
  it.each<[title: string, content: unknown, expected: unknown]>([
    ["one blueprint", team, [team]],
    ["a list", [team, reply], [team, reply]],
    ["the API's reply", { ok: true, blueprints: [reply] }, [reply]],
    ["an empty list", [], []],
  ])("reads %s, words it does not know included", (_title, content, expected) => {
    expect(parseBlueprints(JSON.stringify(content), "f.json")).toEqual(expected);
    expect(parseBlueprints(`\uFEFF${JSON.stringify(content)}`, "f.json")).toEqual(expected);
  });

  it("reads YAML by the file's extension", () => {
    const text = "identifier: team\ntitle: Team\nschema:\n  properties: { size: { type: number } }\n  required: []\n";
    expect(parseBlueprints(text, "f.yml")).toEqual([team]);
    expect(() => parseBlueprints(text, "f.json")).toThrow(BlueprintError);
  });

  it.each([
    ["f.json", "{", /^f\.json is not valid JSON: /],
    ["f.yaml", "a: [", /^f\.yaml is not valid YAML: /],
  ])("says that %s cannot be parsed", (file, text, message) => {
    expect(() => parseBlueprints(text, file)).toThrow(message);
  });

  it("reports every fault at once, with its path", () => {
    const faults = faultsOf([
      {
        identifier: "a b",
        schema: { properties: { x: { type: "text" }, "y z": { type: "string" } }, required: ["q"] },
        relations: { r: { target: "t", many: true, required: true }, s: {} },
      },
      team,
      3,
    ]);
    expect(faults[0]).toMatch(/^\d faults in the blueprint file$/);
    const paths = faults.slice(1).map((line) => line.trim().split(": ")[0]);
    expect(paths).toEqual([
      "f.json 0.identifier",
      "f.json 0.schema.properties.x.type",
      "f.json 0.schema.properties.y z",
      "f.json 0.relations.r",
      "f.json 0.relations.s.target",
      "f.json 2",
    ]);
  });

  it("refuses a required property that the blueprint lacks", () => {
    expect(faultsOf({ ...team, schema: { ...team.schema, required: ["size", "age"] } })).toEqual([
      "1 fault in the blueprint file",
      '  f.json schema.required.1: names "age", which is not a property of the blueprint',
    ]);
  });

  it.each(["", ".", "..", "a=b", "a,b", "x".repeat(101)])("refuses the identifier %j", (identifier) => {
    expect(faultsOf({ ...team, identifier }).length).toBeGreaterThan(1);
  });

  it.each(["Ünït/1", "_team", "a.b+c:d\\e-f@g", "..."])("takes the identifier %j", (identifier) => {
    expect(faultsOf({ ...team, identifier })).toEqual([]);
  });

  it.each([
    ["integer", 'is "integer"; write "number"'],
    ["enum", 'is "enum"; write "string", or what its values are; they stay under "enum"'],
    ["date", 'is "date"; write one of "string", "number", "boolean", "object", "array"'],
  ])("names what to write in place of the type %s, which shipped blueprints hold", (type, fix) => {
    const properties = { size: { type } };
    expect(faultsOf({ ...team, schema: { properties } })).toEqual([
      "1 fault in the blueprint file",
      `  f.json schema.properties.size.type: ${fix}`,
    ]);
  });

  it.each(["integer", "enum", "date"])("takes the type %s where the file says what a catalog holds", (type) => {
    const blueprint = { ...team, schema: { properties: { size: { type } } } };
    expect(parseBlueprints(JSON.stringify(blueprint), "f.json", "any")).toEqual([blueprint]);
    const untyped = { ...team, schema: { properties: { size: {} } } };
    expect(() => parseBlueprints(JSON.stringify(untyped), "f.json", "any")).toThrow("write one of");
  });
});
