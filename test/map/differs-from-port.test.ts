import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkTargets } from "../../src/check/targets.js";
import { MappingError } from "../../src/errors.js";
import { startJq } from "../../src/map/jq.js";
import { parseMapping } from "../../src/map/mapping-file.js";
import { blueprintOf, root } from "../support/catalog.js";
import { mapAll, resource, values } from "./records.js";

const engine = startJq();
afterAll(() => engine.close());

const map = (file: { resources: object[]; [key: string]: unknown }, ...records: object[]) =>
  mapAll(engine, file, values(...records));
const codesOf = async (...given: Parameters<typeof map>) => (await map(...given)).rejects.map(({ code }) => code);
const propertiesOf = async (...given: Parameters<typeof map>) =>
  (await map(...given)).items.map(({ fields }) => fields.properties);
const parse = (file: object) => parseMapping(JSON.stringify(file), "m.json");
const withItems = (itemsToParse: string, properties: object) => ({
  resources: [resource({ identifier: ".item.id", properties }, { port: { itemsToParse } })],
});
const targetFaults = (fields: { readonly properties?: string[]; readonly relations?: string[] }) =>
  checkTargets(
    [{ path: "m", blueprint: "b", properties: [], relations: [], ...fields }],
    new Map([
      ["b", blueprintOf("b", { mirrorProperties: { up: { path: "to.$title" } }, relations: { to: { target: "b" } } })],
    ]),
  ).map(({ message }) => message);

/** The rows of the table "Where portload differs from Port" in docs/mapping.md, by their first cell. */
const rows: Readonly<Record<string, () => Promise<void> | void>> = {
  "an expression fails": async () => {
    const file = { resources: [resource({ properties: { a: ".x | keys" } })] };
    const { items, warnings } = await map(file, { id: "i", x: 1 });
    expect([items.length, warnings]).toMatchObject([
      1,
      [{ code: "expression_error", count: 1, first: { position: 1 } }],
    ]);
    expect(await codesOf({ ...file, onError: "reject" }, { id: "i", x: 1 })).toEqual(["expression_error"]);
  },
  "identifier null or empty": async () => {
    expect(await codesOf({ resources: [resource({})] }, { id: null }, { id: "" }, {})).toEqual(
      Array(3).fill("identifier_missing"),
    );
  },
  "blueprint null, empty or not text": async () => {
    const file = { resources: [resource({ blueprint: ".b" })] };
    expect(await codesOf(file, { id: "i" }, { id: "i", b: "" }, { id: "i", b: 1 })).toEqual(
      Array(3).fill("blueprint_missing"),
    );
  },
  "selector gives neither true nor false": async () => {
    expect(await codesOf({ resources: [resource({}, { selector: ".on" })] }, { id: "i", on: "yes" })).toEqual([
      "selector_not_boolean",
    ]);
  },
  "`itemsToParse` gives neither array nor null": async () => {
    const { items, rejects, tally } = await map(withItems(".items", {}), { items: 1 }, { items: null });
    expect([items.length, rejects.map(({ code }) => code), tally.skipped]).toEqual([0, ["items_not_array"], 1]);
  },
  "null values": async () => {
    expect(
      JSON.stringify(
        await propertiesOf({ resources: [resource({ properties: { a: ".a", b: ".b" } })] }, { id: "i", a: 1 }),
      ),
    ).toBe('[{"a":1}]');
  },
  "a property that the blueprint lacks, or that Port calculates": () => {
    expect(targetFaults({ properties: ["x", "up"] })).toEqual([
      expect.stringContaining("no property"),
      expect.stringContaining("by a mirror"),
    ]);
  },
  "a relation that the blueprint lacks": () => {
    expect(targetFaults({ relations: ["x"] })).toEqual([expect.stringContaining("no relation")]);
  },
  "relation to an entity that does not exist": () => {
    expect(parse({ resources: [resource({})] }).createMissingRelatedEntities).toBe(false);
  },
  "the environment in expressions": () => {
    const file = { resources: [resource({ title: "env.A" })] };
    expect(() => parse(file)).toThrow("is refused");
    expect(() => parse({ ...file, allowedEnvironmentVariablesInJQ: ["^A"] })).toThrow(MappingError);
    expect(parse({ ...file, allowedEnvironmentVariablesInJQ: ["A"] }).allowedEnvironmentVariablesInJQ).toEqual(["A"]);
  },
  "`itemsToParse` that does not begin with a path that can be deleted, such as `[.items[0]]` or `if … end`":
    async () => {
      const record = { name: "n", items: [{ id: "i" }, { id: "j" }] };
      const properties = { name: ".name", left: ".items | length" };
      expect(await propertiesOf(withItems("[.items[0]]", properties), record)).toEqual([{ name: "n", left: 2 }]);
      expect(await propertiesOf(withItems("if .items then .items else [] end", properties), record)).toEqual(
        Array(2).fill({ name: "n", left: 2 }),
      );
    },
  '`itemsToParse` that quotes its path, `."items"`': async () => {
    const record = { name: "n", items: [{ id: "i" }] };
    expect(await propertiesOf(withItems('."items"', { name: ".name", left: ".items | length" }), record)).toEqual([
      { name: "n", left: 0 },
    ]);
  },
  "a number, true, false, null, a list or an object as a value under `properties`": async () => {
    const properties = {
      n: 1,
      yes: true,
      no: false,
      nothing: null,
      list: [".id", '"x"'],
      object: { id: ".id", deep: [2] },
    };
    expect(JSON.stringify(await propertiesOf({ resources: [resource({ properties })] }, { id: "i" }))).toBe(
      '[{"n":1,"yes":true,"no":false,"list":["i","x"],"object":{"id":"i","deep":[2]}}]',
    );
  },
  "an expression that is jq with single quotes in a text": async () => {
    expect(
      await propertiesOf({ resources: [resource({ properties: { a: `.id + " 'users' "` } })] }, { id: "i" }),
    ).toEqual([{ a: "i 'users' " }]);
  },
  "a list of one under `mappings`": async () => {
    const mappings = [{ identifier: ".id", blueprint: '"b"' }];
    expect((await map({ resources: [{ kind: "k", port: { entity: { mappings } } }] }, { id: "i" })).items).toHaveLength(
      1,
    );
  },
};

describe("where portload differs from Port", () => {
  it.each(Object.entries(rows))("%s", async (_, check) => {
    await check();
  });

  it("is reported row by row in docs/mapping.md", () => {
    const text = readFileSync(join(root, "docs/mapping.md"), "utf8");
    const table = text.slice(text.indexOf("## Where portload differs from Port")).split("\n\n")[2] ?? "";
    const cells = table
      .split("\n")
      .slice(2)
      .map((row) => row.split(" | ")[0]?.replace(/^\| /, ""));
    expect(cells).toEqual(Object.keys(rows));
  });
});
