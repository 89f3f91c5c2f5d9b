import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundedRegExp, compilePattern } from "../src/pattern.js";

const atoms = fc.oneof(
  ...[
    "a",
    "b",
    "-",
    ".",
    "\\.",
    "[ab]",
    "[^a]",
    "\\d",
    "\\w",
    "\\s",
    "\\S",
    "[\\s\\d]",
    "\\u0061",
    "[[]",
    "\\p{L}",
  ].map((text) => fc.constant(text)),
);
const expression = fc.letrec((tie) => ({
  whole: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    atoms,
    fc.tuple(tie("whole"), tie("whole")).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie("whole"), tie("whole")).map(([a, b]) => `(?:${a}|${b})`),
    fc.tuple(tie("whole"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "*?")).map(([a, sign]) => `(${a})${sign}`),
  ),
})).whole as fc.Arbitrary<string>;
const texts = fc.string({
  unit: fc.constantFrom("a", "b", "1", "-", ".", " ", "\u00a0", "\n", "[", "é", "😀"),
  maxLength: 8,
});

describe("a pattern in bounded time", () => {
  it("answers as JavaScript does, natively and with RE2", () => {
    fc.assert(
      fc.property(expression, fc.boolean(), texts, (body, anchored, text) => {
        const [head, tail] = anchored ? ["^(?:", ")$"] : ["(?:", ")"];
        const expected = new RegExp(`${head}${body}${tail}`, "u").test(text);
        expect(compilePattern(`${head}${body}${tail}`).test(text)).toBe(expected);
        // What follows never matches more than nothing, but no native engine is trusted with it.
        expect(compilePattern(`${head}${body}(?:q*)*${tail}`).test(text)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["words joined by signs", "^([a-z]+[-_.]?)+$", `${"a".repeat(28)}!`],
    ["a long text of them", "^([a-z]+[-_.]?)+$", `${"a".repeat(200_000)}!`],
    ["numbers", "^\\d+\\.?\\d+$", `${"0".repeat(200_000)}x`],
    ["no start", "\\d+x", "0".repeat(200_000)],
    ["nested repetitions", "^(a*)*$", `${"a".repeat(50)}!`],
    ["alternatives", "^(a|a)+$", `${"a".repeat(50)}!`],
    ["bounded repetitions", "^(a?){40}a{40}$", "a".repeat(39)],
  ])("refuses a text that makes it backtrack: %s", (_, source, text) => {
    const begin = process.cpuUsage();
    expect(compilePattern(source).test(text)).toBe(false);
    expect(process.cpuUsage(begin).user).toBeLessThan(5_000_000);
  });

  it("gives up on what takes a back-reference and too long, and on such texts at once after three", () => {
    const { test } = compilePattern("^(?:(a+)+)\\1!?$");
    const text = `${"a".repeat(40)}?`;
    expect(test("aa")).toBe(true);
    expect([1, 2, 3].map(() => test(text))).toEqual([undefined, undefined, undefined]);
    const begin = process.cpuUsage();
    for (let i = 0; i < 1000; i++) expect(test(text)).toBeUndefined();
    expect(process.cpuUsage(begin).user).toBeLessThan(1_000_000);
    expect(test("aaaa")).toBe(true);
  });

  it("throws for what is not an expression, and takes what is legal without `u` only", () => {
    expect(() => compilePattern("(")).toThrow(SyntaxError);
    expect(() => compilePattern("[\\w-_]")).toThrow(SyntaxError);
    expect(compilePattern("^[\\w-_]+$", "").test("a-b_c")).toBe(true);
    expect(compilePattern("^([\\w-_]+x?)+$", "").test(`${"a".repeat(40)}!`)).toBeUndefined();
  });

  it("is what Ajv checks with, each pattern for itself", () => {
    const ajv = new Ajv({ strict: false, code: { regExp: boundedRegExp } });
    const check = ajv.compile({
      properties: { a: { pattern: "^([a-z]+-?)+$" }, b: { pattern: "^\\d+$" } },
      patternProperties: { "^x": { type: "number" } },
    });
    expect(check({ a: "a-b", b: "12", x1: 1 })).toBe(true);
    expect(check({ a: `${"a".repeat(60)}!` })).toBe(false);
    expect(check({ b: "a" })).toBe(false);
    expect(check({ x1: "a" })).toBe(false);
  });
});
