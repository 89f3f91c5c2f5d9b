import { afterAll, describe, expect, it } from "vitest";
import { ExpressionError, MappingError } from "../../src/errors.js";
import { startJq } from "../../src/map/jq.js";
import { compileMapping } from "../../src/map/map.js";
import { parseMapping } from "../../src/map/mapping-file.js";
import type { Reject } from "../../src/reject.js";
import { mapAll, resource, rows, values } from "./records.js";

const engine = startJq();
const hasty = startJq({ timeoutMs: 250 });
afterAll(async () => {
  await Promise.all([engine.close(), hasty.close()]);
});

const base = "resources.0.port.entity.mappings";

/** Identifier and properties of each candidate. */
async function mapped(...args: Parameters<typeof mapAll>): Promise<unknown[]> {
  const { items } = await mapAll(...args);
  return items.map(({ fields: { identifier, properties } }) => [identifier, properties]);
}

describe("candidates", () => {
  it("carry place, span, resource, item, blueprint and all fields, from closures and from jq", async () => {
    const fields = {
      title: ".b",
      icon: '"Cloud"',
      team: ".c.d",
      properties: { up: ".b | ascii_upcase", n: 7, list: [".a", '"x"', { k: ".c" }] },
      relations: { to: ".a" },
    };
    const record = {
      at: { source: 2, position: 9, line: 11 },
      span: { start: 5, end: 8 },
      value: { id: "i", a: 1, b: "bee", c: { d: ["t"] } },
    };
    const { items } = await mapAll(engine, { resources: [resource(fields)] }, [record]);
    expect(items).toEqual([
      {
        at: { source: 2, position: 9, line: 11 },
        span: { start: 5, end: 8 },
        resource: 0,
        item: 0,
        blueprint: "b",
        fields: {
          identifier: "i",
          title: "bee",
          icon: "Cloud",
          team: ["t"],
          properties: { up: "BEE", n: 7, list: [1, "x", { k: { d: ["t"] } }] },
          relations: { to: 1 },
        },
      },
    ]);
  });

  it("come in the order of records, then resources, then items, however many chunks there are", async () => {
    const file = {
      resources: [
        resource({ identifier: '"first-" + .id' }),
        resource({ identifier: '.id + "-" + .item' }, { port: { itemsToParse: ".list" } }),
        resource({ identifier: ".id" }),
      ],
    };
    const records = values({ id: "a", list: ["1", "2"] }, { id: "b", list: [] }, { id: "c", list: ["3"] });
    const expected = ["first-a", "a-1", "a-2", "a", "first-b", "b", "first-c", "c-3", "c"];
    for (const perChunk of [1, 2, 1000]) {
      const { items, tally } = await mapAll(engine, file, records, { perChunk });
      expect(items.map(({ fields }) => fields.identifier)).toEqual(expected);
      expect(tally).toEqual({ read: 3, mapped: 3, skipped: 0, rejected: 0 });
    }
  });

  it("read the cells of a CSV row by column, absent columns as null", async () => {
    const file = {
      resources: [
        resource({
          properties: { a: '.["Go-live"]', up: ".name | ascii_upcase", none: ".x", whole: ".", odd: ".__proto__" },
        }),
      ],
    };
    const records = rows(["id", "Go-live", "name", "__proto__"], ["1", "2024", "n", "p"], ["2", "", "m", "q"]);
    const [first, second] = (await mapAll(engine, file, records)).items;
    expect(first?.fields.properties).toMatchObject({ a: "2024", up: "N", odd: "p" });
    expect(JSON.stringify(first?.fields.properties.whole)).toBe(
      '{"id":"1","Go-live":"2024","name":"n","__proto__":"p"}',
    );
    expect(second?.fields.properties).toMatchObject({ a: "", up: "M", odd: "q" });
    expect(first?.fields.properties.none).toBeUndefined();
  });

  it("never reach the prototype of a record", async () => {
    const file = {
      onNull: "clear",
      resources: [
        resource({ properties: { a: ".constructor", b: ".__proto__.x", c: ".toString", d: ".hasOwnProperty | type" } }),
      ],
    };
    expect(await mapped(engine, file, values({ id: "i" }))).toEqual([["i", { a: null, b: null, c: null, d: "null" }]]);
    const own = JSON.parse('{"id":"j","__proto__":{"x":1},"constructor":2}');
    expect(await mapped(engine, file, values(own))).toEqual([["j", { a: 2, b: 1, c: null, d: "null" }]]);
  });

  it("turn blanks to null before any expression sees them, in cells and at any depth of JSON", async () => {
    const source = { blanks: ["", "N/A"] };
    const file = {
      source,
      onNull: "clear",
      resources: [resource({ properties: { path: ".a", jq: '.a | . // "none"', deep: ".c" } })],
    };
    expect(await mapped(engine, file, rows(["id", "a"], ["1", "N/A"], ["2", "x"]))).toEqual([
      ["1", { path: null, jq: "none", deep: null }],
      ["2", { path: "x", jq: "x", deep: null }],
    ]);
    expect(await mapped(engine, file, values({ id: "3", a: "", c: [{ x: "N/A", y: "n/a" }] }))).toEqual([
      ["3", { path: null, jq: "none", deep: [{ x: null, y: "n/a" }] }],
    ]);
  });

  it("leave null fields out, keep those named in clear, and keep all with onNull: clear", async () => {
    const fields = { title: ".t", properties: { a: ".a", b: ".b", c: ".c" }, relations: { r: ".r" } };
    const of = async (root: object) =>
      (await mapAll(engine, { ...root, resources: [resource(fields)] }, values({ id: "i", c: false }))).items[0]
        ?.fields;
    expect(await of({})).toEqual({ identifier: "i", properties: { c: false }, relations: {} });
    expect(await of({ clear: ["properties.b", "relations.r"] })).toEqual({
      identifier: "i",
      properties: { b: null, c: false },
      relations: { r: null },
    });
    expect(await of({ onNull: "clear" })).toEqual({
      identifier: "i",
      title: null,
      properties: { a: null, b: null, c: false },
      relations: { r: null },
    });
  });

  it("hand an identifier on as it is, number or search query", async () => {
    const query = { combinator: '"and"', rules: [{ property: '"name"', operator: '"="', value: ".id" }] };
    expect(
      await mapped(engine, { resources: [resource({}), resource({ identifier: query })] }, values({ id: 7 })),
    ).toEqual([
      [7, {}],
      [{ combinator: "and", rules: [{ property: "name", operator: "=", value: 7 }] }, {}],
    ]);
  });

  it("take their blueprint from an expression", async () => {
    const { items } = await mapAll(
      engine,
      { resources: [resource({ blueprint: ".type" })] },
      values({ id: "i", type: "vm" }),
    );
    expect(items[0]?.blueprint).toBe("vm");
  });

  it("keep the digits of long integers as text, with a warning", async () => {
    const file = { resources: [resource({ properties: { n: ".n | tonumber" } })] };
    const { items, warnings } = await mapAll(engine, file, values({ id: "i", n: "9007199254740993" }));
    expect(items[0]?.fields.properties).toEqual({ n: "9007199254740993" });
    expect(warnings).toMatchObject([
      { code: "long_integer", path: `${base}.properties.n`, count: 1, first: { source: 0, position: 1 } },
    ]);
  });

  it("come only from the resources that are kept", async () => {
    const file = { resources: [resource({ identifier: '"one"' }), resource({ identifier: '"two"' })] };
    expect(await mapped(engine, file, values({}), { resources: [1] })).toEqual([["two", {}]]);
  });

  it("of a chunk that gives more than 1,000 travel in several chunks, counted once", async () => {
    const file = {
      resources: [resource({ identifier: ".item | tostring" }, { port: { itemsToParse: "[range(2500)]" } })],
    };
    const { items, tally } = await mapAll(engine, file, values({}));
    expect([items.length, items.at(-1)?.fields.identifier, items.at(-1)?.item]).toEqual([2500, "2499", 2499]);
    expect(tally).toEqual({ read: 1, mapped: 1, skipped: 0, rejected: 0 });
  });
});

describe("itemsToParse", () => {
  const spread = async (port: object, value: object, expression: string) =>
    mapped(
      engine,
      { resources: [resource({ identifier: '"i"', properties: { all: expression } }, { port })] },
      values(value),
    );

  it("puts each element beside its parent, whose array is taken out", async () => {
    const value = { a: { list: [1, { x: 2 }], b: 3 }, c: 4 };
    for (const whole of [".", "[.] | .[0]"]) {
      expect(await spread({ itemsToParse: ".a.list" }, value, whole)).toEqual([
        ["i", { all: { a: { b: 3 }, c: 4, item: 1 } }],
        ["i", { all: { a: { b: 3 }, c: 4, item: { x: 2 } } }],
      ]);
    }
  });

  it("leaves the parent whole without the top-level transform", async () => {
    const port = { itemsToParse: ".list", itemsToParseTopLevelTransform: false };
    expect(await spread(port, { list: [1] }, ".")).toEqual([["i", { all: { list: [1], item: 1 } }]]);
  });

  it("binds the element to the name given, over a key of the parent", async () => {
    const port = { itemsToParse: ".list", itemsToParseName: "row" };
    for (const expression of [".row.x", ".row | .x"])
      expect(await spread(port, { list: [{ x: 1 }], row: { x: 9 } }, expression)).toEqual([["i", { all: 1 }]]);
  });

  it("splits a cell with jq", async () => {
    const port = { itemsToParse: '.tags | split(";")' };
    const file = {
      resources: [
        resource(
          { identifier: ".item", properties: { id: ".id", tags: ".tags", up: ".item | ascii_upcase" } },
          { port },
        ),
      ],
    };
    expect(await mapped(engine, file, rows(["id", "tags"], ["1", "a;b"]))).toEqual([
      ["a", { id: "1", up: "A" }],
      ["b", { id: "1", up: "B" }],
    ]);
  });

  it("skips a record whose array is null or empty, and rejects one that is not an array", async () => {
    const file = { resources: [resource({ identifier: ".item" }, { port: { itemsToParse: ".list" } })] };
    const { tally, rejects } = await mapAll(engine, file, values({}, { list: [] }, { list: "a" }, { list: ["b"] }));
    expect(tally).toEqual({ read: 4, mapped: 1, skipped: 2, rejected: 1 });
    expect(rejects).toMatchObject([
      {
        code: "items_not_array",
        stage: "map",
        at: { position: 3 },
        path: "resources.0.port.itemsToParse",
        value: '"a"',
        item: 0,
      },
    ]);
  });

  it("that fails gives no items and a warning, or a reject with onError: reject", async () => {
    const resources = [resource({ identifier: ".item" }, { port: { itemsToParse: ".list.x" } })];
    const lenient = await mapAll(engine, { resources }, values({ list: 1 }));
    expect([lenient.tally.skipped, lenient.rejects, lenient.warnings.map(({ code, path }) => [code, path])]).toEqual([
      1,
      [],
      [["expression_error", "resources.0.port.itemsToParse"]],
    ]);
    const strict = await mapAll(engine, { onError: "reject", resources }, values({ list: 1 }));
    expect(strict.rejects).toMatchObject([{ code: "expression_error", path: "resources.0.port.itemsToParse" }]);
    expect(strict.tally).toEqual({ read: 1, mapped: 0, skipped: 0, rejected: 1 });
  });
});

describe("skips and rejects", () => {
  it.each([".on", ".on | ."])("a selector's false skips, true maps, all else rejects: %s", async (selector) => {
    const file = { resources: [resource({}, { selector })] };
    const { tally, items, rejects } = await mapAll(
      engine,
      file,
      values({ id: "a", on: true }, { id: "b", on: false }, { id: "c" }, { id: "d", on: "true" }),
    );
    expect(tally).toEqual({ read: 4, mapped: 1, skipped: 1, rejected: 2 });
    expect(items.map(({ fields }) => fields.identifier)).toEqual(["a"]);
    expect(rejects.map(({ code, at, path, value }) => [code, at.position, path, value])).toEqual([
      ["selector_not_boolean", 3, "resources.0.selector.query", "null"],
      ["selector_not_boolean", 4, "resources.0.selector.query", '"true"'],
    ]);
  });

  it("a selector judges each item", async () => {
    const file = {
      resources: [resource({ identifier: ".item.id" }, { selector: ".item.on", port: { itemsToParse: ".list" } })],
    };
    const { items, tally } = await mapAll(
      engine,
      file,
      values(
        {
          list: [
            { id: "a", on: false },
            { id: "b", on: true },
          ],
        },
        { list: [{ id: "c", on: false }] },
      ),
    );
    expect(items.map(({ fields, item }) => [fields.identifier, item])).toEqual([["b", 1]]);
    expect(tally).toEqual({ read: 2, mapped: 1, skipped: 1, rejected: 0 });
  });

  it("a null or empty identifier or blueprint rejects, with what is known of the entity", async () => {
    const file = { resources: [resource({ blueprint: ".type" })] };
    const { rejects, tally } = await mapAll(
      engine,
      file,
      values({ type: "t" }, { id: "", type: "t" }, { id: "c" }, { id: "d", type: "" }, { id: "e", type: 1 }, {}),
    );
    expect(tally).toEqual({ read: 6, mapped: 0, skipped: 0, rejected: 6 });
    expect(
      rejects.map(({ code, path, blueprint, identifier, also }) => [
        code,
        path,
        blueprint,
        identifier,
        also?.map((one) => one.code),
      ]),
    ).toEqual([
      ["identifier_missing", `${base}.identifier`, "t", undefined, undefined],
      ["identifier_missing", `${base}.identifier`, "t", undefined, undefined],
      ["blueprint_missing", `${base}.blueprint`, undefined, "c", undefined],
      ["blueprint_missing", `${base}.blueprint`, undefined, "d", undefined],
      ["blueprint_missing", `${base}.blueprint`, undefined, "e", undefined],
      ["identifier_missing", `${base}.identifier`, undefined, undefined, ["blueprint_missing"]],
    ]);
  });

  it("a failing expression gives null and one warning for its leaf, with count and first place", async () => {
    const file = { resources: [resource({ properties: { a: ".a.b", j: ".a | keys" } })] };
    const { warnings, items, tally } = await mapAll(engine, file, rows(["id", "a"], ["1", "x"], ["2", "y"]));
    expect(items.map(({ fields }) => fields.properties)).toEqual([{}, {}]);
    expect(tally.mapped).toBe(2);
    const first = { source: 0, position: 1, line: 2 };
    expect(warnings).toEqual([
      {
        code: "expression_error",
        message: 'the expression failed: Cannot index string with string ("b")',
        path: `${base}.properties.a`,
        blueprint: "b",
        count: 2,
        first,
      },
      {
        code: "expression_error",
        message: 'the expression failed: string ("x") has no keys',
        path: `${base}.properties.j`,
        blueprint: "b",
        count: 2,
        first,
      },
    ]);
  });

  it("a failing expression rejects with onError: reject, all of them in one reject", async () => {
    const file = { onError: "reject", resources: [resource({ properties: { a: ".a.b", j: ".a | keys" } })] };
    const { warnings, rejects, tally } = await mapAll(engine, file, rows(["id", "a"], ["1", "x"]));
    expect(warnings).toEqual([]);
    expect(tally).toEqual({ read: 1, mapped: 0, skipped: 0, rejected: 1 });
    expect(rejects).toEqual([
      {
        stage: "map",
        code: "expression_error",
        message: 'the expression failed: Cannot index string with string ("b")',
        path: `${base}.properties.a`,
        at: { source: 0, position: 1, line: 2 },
        resource: 0,
        item: 0,
        blueprint: "b",
        identifier: "1",
        also: [
          {
            code: "expression_error",
            message: 'the expression failed: string ("x") has no keys',
            path: `${base}.properties.j`,
          },
        ],
      },
    ]);
  });

  it("a failing expression of a skipped record is not reported", async () => {
    const file = { resources: [resource({ properties: { j: ".id | keys" } }, { selector: "false" })] };
    expect(await mapAll(engine, file, values({ id: "a" }))).toMatchObject({ warnings: [], tally: { skipped: 1 } });
  });

  it("a failing identifier says why it is null", async () => {
    const { rejects } = await mapAll(engine, { resources: [resource({ identifier: ".id.x" })] }, values({ id: 1 }));
    expect(rejects).toMatchObject([
      {
        code: "identifier_missing",
        message: 'the identifier is null; the expression failed: Cannot index number with string ("x")',
      },
    ]);
  });

  it("a record is rejected when one of its candidates is, though others continue", async () => {
    const file = { resources: [resource({}), resource({ identifier: ".other" })] };
    const { tally, items, rejects } = await mapAll(engine, file, values({ id: "a" }));
    expect(tally).toEqual({ read: 1, mapped: 0, skipped: 0, rejected: 1 });
    expect([items.length, rejects.length, rejects[0]?.resource]).toEqual([1, 1, 1]);
  });

  it("rejects of the reader stay, in the order of the source", async () => {
    const ragged: Reject = { stage: "read", code: "ragged_row", message: "m", at: { source: 0, position: 2 } };
    const records = values({}, {}, {}).filter(({ at }) => at.position !== 2);
    const { rejects, tally } = await mapAll(engine, { resources: [resource({})] }, records, { rejects: [ragged] });
    expect(rejects.map(({ code, at }) => [code, at.position])).toEqual([
      ["identifier_missing", 1],
      ["ragged_row", 2],
      ["identifier_missing", 3],
    ]);
    expect(tally).toEqual({ read: 3, mapped: 0, skipped: 0, rejected: 3 });
  });
});

describe("runs that cannot continue", () => {
  it("an expression without end is named with its leaf and record", async () => {
    const file = {
      resources: [
        resource({ properties: { a: ".n | ascii_upcase", x: 'if .id == "3" then [range(1e12)] | length else 1 end' } }),
      ],
    };
    const records = rows(["id", "n"], ["1", "a"], ["2", "b"], ["3", "c"]);
    const error = await mapAll(hasty, file, records, { perChunk: 2 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExpressionError);
    expect(String(error)).toContain(`${base}.properties.x did not end within 0.25 s, at record 3 (line 4)`);
  });

  it("every leaf that does not compile is reported at once, with its line, and a hint for a bare word", async () => {
    const text = `resources:\n  - kind: k\n    port:\n      entity:\n        mappings:\n          identifier: .id |\n          blueprint: service\n          title: .a\n`;
    const error = await compileMapping(parseMapping(text, "m.yaml"), engine).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MappingError);
    expect((error as MappingError).issues).toEqual([
      { path: `${base}.identifier`, line: 6, message: expect.stringContaining("syntax error") },
      {
        path: `${base}.blueprint`,
        line: 7,
        message:
          "to jq service is a function, and there is none of that name; write `'\"service\"'` for this very text, or `.service` for the column",
      },
    ]);
  });
});

describe("compileMapping", () => {
  it("lists every leaf with its place and how it is evaluated", async () => {
    const text = `resources:\n  - kind: k\n    port:\n      entity:\n        mappings:\n          identifier: .id\n          blueprint: '"b"'\n          properties:\n            up: .a | ascii_upcase\n            n: 7\n`;
    const { leaves } = await compileMapping(parseMapping(text, "m.yaml"), engine);
    expect(leaves).toEqual([
      { resource: 0, path: "resources.0.selector.query", line: 2, expression: "true", by: "constant" },
      { resource: 0, path: `${base}.identifier`, line: 6, expression: ".id", by: "path" },
      { resource: 0, path: `${base}.blueprint`, line: 7, expression: '"b"', by: "constant" },
      { resource: 0, path: `${base}.properties.up`, line: 9, expression: ".a | ascii_upcase", by: "fast" },
      { resource: 0, path: `${base}.properties.n`, line: 10, expression: "7", by: "constant" },
    ]);
  });
});

describe("a search that looks for null", () => {
  it("names nothing: no identifier, no relation, no team", async () => {
    const search = (value: string) => ({
      combinator: '"and"',
      rules: [{ property: '"code"', operator: '"="', value }],
    });
    const entity = { identifier: ".id", blueprint: '"b"', team: search(".team"), relations: { to: search(".to") } };
    const named = { resources: [resource(entity)] };
    const { items } = await mapAll(engine, named, values({ id: "a", to: "x", team: null }, { id: "b", team: "t" }));
    expect(items.map(({ fields }) => [fields.team !== undefined, fields.relations.to !== undefined])).toEqual([
      [false, true],
      [true, false],
    ]);
    const searched = { resources: [resource({ ...entity, identifier: search(".id") })] };
    const { rejects } = await mapAll(engine, searched, values({ to: "x" }));
    expect(rejects.map(({ code }) => code)).toEqual(["identifier_missing"]);
  });
});
