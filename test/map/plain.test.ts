import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { startJq } from "../../src/map/jq.js";
import { follow, leadingPath, PathFault, type PathStep, plainOf, without } from "../../src/map/plain.js";

const engine = startJq();
afterAll(() => engine.close());

const step = (key: string | number, optional = false): PathStep => ({ key, optional });

describe("plainOf", () => {
  it.each<[string, PathStep[]]>([
    [".", []],
    [".a", [step("a")]],
    [".a.b_2", [step("a"), step("b_2")]],
    ['.["Go-live"]', [step("Go-live")]],
    ['."Go-live"', [step("Go-live")]],
    ['.a."b c".d', [step("a"), step("b c"), step("d")]],
    ['.a["b"][0]', [step("a"), step("b"), step(0)]],
    [".[-1]", [step(-1)]],
    [".a.[0]", [step("a"), step(0)]],
    [".a?.b", [step("a", true), step("b")]],
    [" .a # the a\n .b ", [step("a"), step("b")]],
    ['."\\u00e9\\n"', [step("é\n")]],
    [".__proto__", [step("__proto__")]],
  ])("reads the path %j", (expression, path) => {
    expect(plainOf(expression)).toEqual({ path });
  });

  it.each<[string, unknown]>([
    ['"a b"', "a b"],
    ['"\\"\\u00e9"', '"é'],
    ["12", 12],
    ["0", 0],
    ["true", true],
    ["null", null],
    ['""', ""],
  ])("reads the literal %j", (expression, constant) => {
    expect(plainOf(expression)).toEqual({ constant });
  });

  it.each([
    ".a | .b",
    ".[]",
    ".a[]",
    "..",
    ".a[1:2]",
    ".[1.5]",
    ".a, .b",
    '"\\(.a)"',
    "service",
    "-1",
    "1.0",
    "12345678901234567890",
    '"a\tb"',
    '"\\ud800"',
    '."a\\(1)"',
    "(.a)",
    ".a + 1",
    "$x",
    "@base64",
    "{}",
    "",
  ])("leaves %j to jq", (expression) => {
    expect(plainOf(expression)).toBeUndefined();
  });

  it("gives for every plain path and every JSON exactly what jq gives, values and failures", async () => {
    const key = fc.constantFrom("a", "b", "Go-live", "x y", "__proto__", "constructor", "é", '"', "");
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom(null, true, false, "text", "", 0, -1.5, 1e21, Number.MAX_SAFE_INTEGER),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(key, tie("value"), { maxKeys: 4 }),
      ),
    })).value;
    const written = fc.array(fc.tuple(fc.oneof(key, fc.integer({ min: -3, max: 3 })), fc.boolean(), fc.boolean()), {
      maxLength: 4,
    });
    const expression = written.map((steps) => {
      const text = steps.map(([name, dotted, optional], index) => {
        const named =
          dotted && typeof name === "string" && /^[a-z_]+$/u.test(name)
            ? `.${name}`
            : `${index === 0 ? "." : ""}[${JSON.stringify(name)}]`;
        return optional ? `${named}?` : named;
      });
      return text.length === 0 ? "." : text.join("");
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(expression, { minLength: 1, maxLength: 8 }),
        fc.array(json, { minLength: 1, maxLength: 20 }),
        async (expressions, records) => {
          const answer = await engine.run(
            expressions,
            records.map((record) => JSON.stringify(record)),
          );
          const expected =
            "rows" in answer ? answer.rows.map((row) => row.map(({ value, error }) => error ?? { value })) : answer;
          const own = records.map((record) =>
            expressions.map((text) => {
              const plain = plainOf(text);
              if (plain === undefined || !("path" in plain)) return `${text} is not plain`;
              const value = follow(record, plain.path);
              return value instanceof PathFault ? value.message : { value };
            }),
          );
          expect(JSON.stringify(own)).toBe(JSON.stringify(expected));
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("leadingPath", () => {
  it.each<[string, string[] | undefined]>([
    [".a.b", ["a", "b"]],
    [".a.b // []", ["a", "b"]],
    ["(.a // []) | map(.c)", ["a"]],
    [". | .a", ["a"]],
    [".a[] | .b", ["a"]],
    ['.a | split(";")', ["a"]],
    ["[.a, .b]", undefined],
    [".", undefined],
    ["to_entries", undefined],
  ])("of %j is %j", (expression, keys) => {
    expect(leadingPath(expression)?.map(({ key }) => key)).toEqual(keys);
  });
});

describe("without", () => {
  it("takes out what is at the path and leaves the value as it was", () => {
    const value = { a: { b: [1, 2], c: 3 }, d: 4 };
    expect(without(value, [step("a"), step("b")])).toEqual({ a: { c: 3 }, d: 4 });
    expect(without(value, [step("a"), step("b"), step(-1)])).toEqual({ a: { b: [1], c: 3 }, d: 4 });
    expect(without(value, [step("d"), step("x")])).toEqual(value);
    expect(without(value, [step("x")])).toBe(value);
    expect(value).toEqual({ a: { b: [1, 2], c: 3 }, d: 4 });
  });
});
