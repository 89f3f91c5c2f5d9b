import { describe, expect, it } from "vitest";
import { compareTest, type Got, type StatedEntity } from "../../src/mapping-test/expectations.js";
import type { MappingTest } from "../../src/mapping-test/test-file.js";

const entity = (identifier: string, properties: Record<string, unknown> = {}): StatedEntity => ({
  blueprint: "service",
  identifier,
  properties,
  relations: {},
});
const stated = (fields: Partial<MappingTest>): MappingTest => ({
  name: "x",
  records: [],
  entities: [],
  rejects: [],
  ...fields,
});
const came = (fields: Partial<Got>): Got => ({ entities: [], rejects: [], skipped: 0, warnings: [], ...fields });

describe("comparing a test with what came", () => {
  it("finds nothing where keys are in another order", () => {
    const test = stated({ entities: [entity("a", { x: 1, y: { p: 1, q: [2] } })] });
    expect(compareTest(test, came({ entities: [entity("a", { y: { q: [2], p: 1 }, x: 1 })] }))).toEqual([]);
  });

  it("reports the path of each value that differs, is missing or is too many", () => {
    const test = stated({ entities: [entity("a", { tier: "1", old: true, tags: ["x", "y"], list: [1] })] });
    const got = came({ entities: [entity("a", { tier: 1, new: null, tags: ["x", "z"], list: [1, 2] })] });
    expect(compareTest(test, got)).toEqual([
      { path: "entities[0].properties.tier", expected: "1", got: 1 },
      { path: "entities[0].properties.old", expected: true },
      { path: "entities[0].properties.tags[1]", expected: "y", got: "z" },
      { path: "entities[0].properties.list", expected: [1], got: [1, 2] },
      { path: "entities[0].properties.new", got: null },
    ]);
  });

  it("pairs entities by name, so that one that is missing does not make the others differ", () => {
    const test = stated({ entities: [entity("a"), entity("b"), entity("c")] });
    expect(compareTest(test, came({ entities: [entity("b"), entity("c"), entity("d")] }))).toEqual([
      { path: "entities[0]", expected: entity("a") },
      { path: "entities[2]", got: entity("d") },
    ]);
  });

  it("reports another order of the same entities", () => {
    const test = stated({ entities: [entity("a"), entity("b")] });
    expect(compareTest(test, came({ entities: [entity("b"), entity("a")] }))).toEqual([
      { path: "entities", expected: ["service/a", "service/b"], got: ["service/b", "service/a"] },
    ]);
  });

  it("compares of a fault only what the test states", () => {
    const fault = { record: 2, code: "not_in_enum", path: "properties.tier", blueprint: "service" } as const;
    expect(compareTest(stated({ rejects: [{ code: "not_in_enum" }] }), came({ rejects: [fault] }))).toEqual([]);
    expect(compareTest(stated({ rejects: [{ record: 1, code: "not_in_enum" }] }), came({ rejects: [fault] }))).toEqual([
      { path: "rejects[0]", expected: { record: 1, code: "not_in_enum" } },
      { path: "rejects[0]", got: fault },
    ]);
  });

  it("compares skips and warnings only where the test states them", () => {
    const got = came({ skipped: 2, warnings: ["format_unusual"] });
    expect(compareTest(stated({}), got)).toEqual([]);
    expect(compareTest(stated({ skipped: 1, warnings: [] }), got)).toEqual([
      { path: "skipped", expected: 1, got: 2 },
      { path: "warnings", expected: [], got: ["format_unusual"] },
    ]);
  });
});
