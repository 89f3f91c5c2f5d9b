import { afterAll, describe, expect, it } from "vitest";
import { MappingError } from "../../src/errors.js";
import { fastOf } from "../../src/map/fast.js";
import { bindFast } from "../../src/map/fast-bind.js";
import { ask } from "../../src/map/fast-calls.js";
import { startJq } from "../../src/map/jq.js";
import { mapAll, resource, values } from "./records.js";

const engine = startJq();
const hasty = startJq({ timeoutMs: 250 });
afterAll(async () => {
  await Promise.all([engine.close(), hasty.close()]);
});

/** Properties of the candidates, or what the mapping or the run was refused for. */
async function propertiesOf(expressions: Record<string, unknown>, ...records: object[]): Promise<unknown[]> {
  const file = { onNull: "clear", resources: [resource({ properties: expressions })] };
  const { items } = await mapAll(engine, file, values(...records));
  return items.map(({ fields }) => fields.properties);
}

describe("an expression", () => {
  it.each([
    ["the environment", "env.PATH"],
    ["the environment by its variable", "$ENV.PATH"],
    ["the environment inside text", '"\\($ENV)"'],
    ["the environment through a path", "[env | paths]"],
    ["further records", "input"],
    ["all further records", "[inputs]"],
    ["a file, as data", 'import "/etc/passwd" as $x; $x'],
    ["a file, as a module", 'include "/etc/passwd"; .'],
    ["where modules are looked for", "get_search_list"],
    ["the name of the input", "input_filename"],
    ["the arguments of the engine", "$__prog_args"],
    ["named arguments", "$named"],
    ["the end of the engine", "halt"],
    ["the output of errors", "debug"],
  ])("cannot reach %s", async (_title, expression) => {
    await expect(propertiesOf({ a: expression }, { id: "i" })).rejects.toBeInstanceOf(MappingError);
  });

  it("cannot reach a file by any function of jq that is left", async () => {
    const { items } = await mapAll(
      engine,
      { resources: [resource({ properties: { names: "[builtins] | flatten | unique" } })] },
      values({ id: "i" }),
    );
    const names = items[0]?.fields.properties.names as string[];
    expect(names.length).toBeGreaterThan(150);
    expect(names.filter((name) => /file|read|load|open|system|exec|getenv/u.test(name))).toEqual(["input_filename/0"]);
  });

  it("cannot pollute prototypes, by jq, by closures or by paths", async () => {
    const record = JSON.parse(
      '{"id":"i","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"list":[{"__proto__":{"polluted":3}}]}',
    );
    const [found] = await propertiesOf(
      {
        path: ".__proto__",
        deep: ".constructor.prototype.polluted",
        jq: '{"__proto__": {polluted: 4}} + {constructor: {prototype: {polluted: 5}}}',
        set: 'setpath(["__proto__", "polluted"]; 6) | .["__proto__"]',
        closure: '.__proto__ // "none"',
        list: ".list | map(.__proto__)",
        parsed: '"{\\"__proto__\\":{\\"polluted\\":7}}" | fromjson',
        none: ".toString",
        nothing: '.a | . // "x" | .',
        constructor: ".list[0].constructor",
        toString: '.hasOwnProperty // "absent"',
      },
      record,
    );
    expect(JSON.stringify(found)).toBe(
      JSON.stringify({
        path: { polluted: 1 },
        deep: 2,
        jq: JSON.parse('{"__proto__":{"polluted":4},"constructor":{"prototype":{"polluted":5}}}'),
        set: { polluted: 6 },
        closure: { polluted: 1 },
        list: [{ polluted: 3 }],
        parsed: JSON.parse('{"__proto__":{"polluted":7}}'),
        none: null,
        nothing: "x",
        constructor: null,
        toString: "absent",
      }),
    );
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    await expect(propertiesOf(JSON.parse('{"__proto__":".id"}'), { id: "i" })).rejects.toBeInstanceOf(MappingError);
  });

  it("keeps `__proto__` a key like any other beside an element of itemsToParse", async () => {
    const port = { itemsToParse: ".list", itemsToParseName: "__proto__" };
    const file = { resources: [resource({ properties: { a: ".__proto__.a", b: '.__proto__.a // ""' } }, { port })] };
    const { items } = await mapAll(engine, file, values({ id: "i", list: [{ a: "x" }] }));
    expect(items.map(({ fields }) => fields.properties)).toEqual([{ a: "x", b: "x" }]);
    expect(({} as { a?: string }).a).toBeUndefined();
  });

  it.each([
    ["recursion without end", "def f: [f]; f"],
    ["a loop without end", "last(repeat(1))"],
    ["a range without end", "reduce range(0; infinite) as $x (0; . + $x)"],
    ["an array without end", "[range(1e12)] | length"],
    ["a giant text", ".id * 1000000000 | length"],
    ["a text that doubles", 'reduce range(40) as $i ("x"; . + .) | length'],
    [
      "a regular expression that goes back without end",
      '("a" * 5000 + "!") | [range(100000) as $i | test("^(a|a?)+$")] | length',
    ],
  ])("is ended and named, or fails alone: %s", async (_title, expression) => {
    const guarded = `if .id == "2" then (${expression}) else 1 end`;
    const file = { resources: [resource({ properties: { first: ".id", bad: guarded } })] };
    const start = performance.now();
    const ended = await mapAll(hasty, file, values({ id: "1" }, { id: "2" })).then(
      ({ items, warnings }) => ({ items: items.length, codes: warnings.map(({ code }) => code) }),
      (error: Error) => error.message,
    );
    if (typeof ended === "string") {
      expect(ended).toMatch(
        /^resources\.0\.port\.entity\.mappings\.properties\.bad (?:did not end within|broke the engine)/u,
      );
      expect(ended).toMatch(/at record 2$/u);
    } else {
      expect(ended).toEqual({ items: 2, codes: ["expression_error"] });
    }
    expect(performance.now() - start).toBeLessThan(15_000);
    expect((await mapAll(hasty, { resources: [resource({})] }, values({ id: "3" }))).items).toHaveLength(1);
  });

  it.each([
    ["texts that double", `.a | ${Array.from({ length: 60 }, () => ". + .").join(" | ")}`, { a: "xxxx" }],
    ["arrays that double", Array.from({ length: 60 }, () => "[., .]").join(" | "), { a: 1 }],
    [
      "arrays in arrays",
      `.a | split("") | ${Array.from({ length: 5 }, (_, n) => `${"map(".repeat(n)}map([${".,".repeat(40)}.])${")".repeat(n)}`).join(" | ")}`,
      { a: "x".repeat(1000) },
    ],
    [
      "a text put between all letters",
      `.a | ${Array.from({ length: 6 }, () => `split("") | join("${"-".repeat(300)}")`).join(" | ")}`,
      { a: "x".repeat(1000) },
    ],
    [
      "a letter replaced by many",
      `.a | ${Array.from({ length: 6 }, () => `gsub("x"; "${"x".repeat(300)}")`).join(" | ")}`,
      { a: "x".repeat(1000) },
    ],
    [
      "interpolation that doubles",
      `.a | ${Array.from({ length: 40 }, () => '"\\(.)\\(.)"').join(" | ")}`,
      { a: "xxxx" },
    ],
  ])("is handed to jq before it starves the process: %s", (_title, expression, record) => {
    const fast = fastOf(expression);
    if (fast === undefined) throw new Error("it is not fast");
    const evaluate = bindFast(fast, { is: "value" });
    const start = performance.now();
    expect(evaluate(record)).toBe(ask);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it("of any length and depth compiles or is refused", async () => {
    for (const expression of [
      `${"(".repeat(5000)}.a${")".repeat(5000)}`,
      `${"[".repeat(200)}${"]".repeat(200)}`,
      Array.from({ length: 3000 }, () => ".a").join(" + "),
      `"${"x".repeat(200_000)}"`,
      `.${"a.".repeat(2000)}a`,
    ]) {
      const outcome = await propertiesOf({ a: expression }, { id: "i" }).then(
        (found) => found.length,
        (error: unknown) => error instanceof MappingError,
      );
      expect([1, true]).toContain(outcome);
    }
  });
});
