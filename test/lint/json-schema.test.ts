import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  type JsonSchema,
  keyDescriptions,
  mappingJsonSchema,
  mappingTestJsonSchema,
} from "../../src/lint/json-schema.js";
import { root } from "../support/catalog.js";

const ajv = new Ajv({ strict: false, allErrors: true });
const mapping = ajv.compile(mappingJsonSchema());
const tests = ajv.compile(mappingTestJsonSchema());
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const files = readdirSync(join(root, "mappings")).filter((name) => name.endsWith(".yaml"));

/** The dotted paths of all keys of a schema, each with whether it is described. */
function keysOf(schema: JsonSchema, path = ""): [string, boolean][] {
  return [schema, ...((schema.anyOf ?? []) as JsonSchema[])].flatMap((branch) => [
    ...Object.entries(branch.properties ?? {}).flatMap(([key, inner]): [string, boolean][] => [
      [`${path}${key}`, (inner as JsonSchema).description !== undefined],
      ...keysOf(inner as JsonSchema, `${path}${key}.`),
    ]),
    ...[branch.items, branch.additionalProperties].flatMap((inner) =>
      typeof inner === "object" && !Array.isArray(inner) ? keysOf(inner as JsonSchema, `${path}*.`) : [],
    ),
  ]);
}

describe("the published JSON Schemas", () => {
  it.each([
    ["schema/mapping.schema.json", mappingJsonSchema],
    ["schema/mapping-test.schema.json", mappingTestJsonSchema],
  ])("%s is what the schema of this version gives; else run `npm run schema`", (path, make) => {
    expect(read(path)).toBe(`${JSON.stringify(make(), null, 2)}\n`);
  });

  it.each([
    ["mapping", mappingJsonSchema],
    ["mapping test", mappingTestJsonSchema],
  ])("describe every key of a %s file", (_, make) => {
    const bare = keysOf(make()).filter(([path, isDescribed]) => !isDescribed && !/^tests\.\*\.entities/.test(path));
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  it("describe no key that is gone", () => {
    const keys = new Set(keysOf(mappingJsonSchema()).map(([path]) => path.replace(/^sources\.\*/, "source")));
    expect(
      Object.keys(keyDescriptions).filter(
        (path) => !keys.has(path) && !/^resources\.\*\.port\.entity\.(properties|relations)$/.test(path),
      ),
    ).toEqual([]);
  });

  it.each(files)("accept mappings/%s, which names its schema for editors", (name) => {
    const text = read(join("mappings", name));
    const isTest = name.endsWith(".test.yaml");
    expect(text.split("\n")[0]).toBe(
      `# yaml-language-server: $schema=../schema/${isTest ? "mapping-test" : "mapping"}.schema.json`,
    );
    const validate = isTest ? tests : mapping;
    validate(parse(text));
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each(["from-another-integration.yaml", "minimal.json"])("accept the mapping %s, as parsing does", (name) => {
    expect(mapping(parse(read(join("test/fixtures/mappings", name)))), JSON.stringify(mapping.errors)).toBe(true);
  });

  it("refuse unknown keys, wrong values and missing keys where parsing does", () => {
    mapping(parse(read("test/fixtures/lint/unknown-key.yaml")));
    const errors = (mapping.errors ?? []).map(({ instancePath, keyword, params }) => [
      instancePath,
      keyword,
      params.additionalProperty ?? params.missingProperty,
    ]);
    expect(errors).toEqual(
      expect.arrayContaining([
        ["", "additionalProperties", "onErorr"],
        ["/duplicates", "enum", undefined],
        ["/resources/0/port", "additionalProperties", "itemToParse"],
        ["/resources/0/port/entity/mappings", "required", "identifier"],
      ]),
    );
  });
});
