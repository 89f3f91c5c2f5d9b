import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { spreadOf, type Yield, yieldOf } from "../../src/lint/yields.js";
import { startJq } from "../../src/map/jq.js";
import { isLong } from "../support/long.js";

const engine = startJq({ timeoutMs: 20_000 });
afterAll(() => engine.close());

const functions =
  'tostring tojson ascii_downcase ltrimstr("a") rtrimstr("a") trimstr("a") ltrim trim join(",") sub("a";"b") gsub("a";"b") type strings implode tonumber length ' +
  'utf8bytelength floor sqrt round numbers not test("a") startswith("a") has("a") has(0) any all contains("a") inside("abc") isnormal booleans IN(1,"a") split(",") keys map(.a) ' +
  'map(.) to_entries sort sort_by(.a) unique unique_by(.a) group_by(.a) explode indices("a") flatten arrays combinations transpose from_entries with_entries(.) objects capture("(?<x>a)") match("a") ' +
  'values select(.) scalars iterables first last add min empty @text @json @base64 @uri .. todate fromdate mktime gmtime ascii_upcase error ascii splits(",") getpath(["a"]) paths recurse tojson? .[0]? .[1:]? .a?';

const literal = fc.constantFrom(
  '"a"',
  '"a,b"',
  '"x\\(.a)y"',
  "1",
  "2.5",
  "true",
  "null",
  "[]",
  "{}",
  "[1]",
  "{a: 1}",
  "{a: .b}",
  '["a", .a]',
);
const path = fc.constantFrom(
  ".",
  ".a",
  ".b",
  ".a.b",
  ".a[0]",
  ".a[]",
  ".[]",
  ".a[]?",
  ".a?",
  '."a"',
  '.["b"]',
  ".a[1:]",
  ".c.d[]",
);
const call = fc.constantFrom(...functions.split(" "));
const operator = fc.constantFrom("|", "//", "+", "-", "*", "/", "%", ",", "==", "<", "and", "or");

const { expression } = fc.letrec<{ expression: string; term: string }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 2 },
    literal,
    path,
    call,
    tie("expression").map((inner) => `(${inner})`),
    tie("expression").map((inner) => `[${inner}]`),
    tie("expression").map((inner) => `{a: (${inner})}`),
    tie("expression").map((inner) => `(${inner})[]`),
    tie("expression").map((inner) => `if .a then ${inner} else 1 end`),
    tie("expression").map((inner) => `try (${inner}) catch "no"`),
    tie("expression").map((inner) => `. as $x | ${inner}`),
    tie("expression").map((inner) => `reduce .a[]? as $x (0; ${inner})`),
  ),
  expression: fc.oneof(
    { maxDepth: 3 },
    { weight: 2, arbitrary: tie("term") },
    { weight: 3, arbitrary: fc.tuple(tie("expression"), operator, tie("term")).map((parts) => parts.join(" ")) },
    { weight: 1, arbitrary: tie("expression").map((inner) => `${inner} []`) },
    { weight: 1, arbitrary: tie("expression").map((inner) => `${inner} // []`) },
  ),
}));

const inputs: readonly unknown[] = [
  null,
  {},
  "a",
  7,
  [],
  [[1], ["a"]],
  { a: "a", b: null },
  { a: 3, b: "a" },
  { a: [1, "a", null], b: [2] },
  { a: [[1], [2, 3]], b: { c: 1 } },
  { a: { a: "a", b: [1] }, b: true, c: { d: ["x"] } },
  { a: true, b: { a: 2 } },
  { a: [{ a: 1, key: "k", value: 2 }, { a: 0 }] },
  { a: "2015-03-05T23:51:47Z", b: 1425599621 },
];

/** Expressions of a round that may need more time or memory than jq gets, such as one that repeats a text a thousand million times. */
const mostStuck = 5;

/** All outputs of an expression before its failure, at most thirty, for each input; undefined where jq needs more time or memory for it than it gets. */
async function outputsOf(
  expressions: readonly string[],
): Promise<readonly (readonly (readonly unknown[])[] | undefined)[]> {
  const texts = inputs.map((input) => JSON.stringify(input));
  const able = [...expressions.keys()];
  while (expressions.length - able.length <= mostStuck) {
    const programs = able.map((index) => `[limit(30; try (${expressions[index]}) catch empty)]`);
    const answer = await engine.run(programs, texts);
    if ("stuck" in answer) able.splice(answer.stuck.leaf, 1);
    else
      return expressions.map((_, index) => {
        const leaf = able.indexOf(index);
        return leaf < 0 ? undefined : answer.rows.map((row) => (row[leaf]?.value ?? []) as readonly unknown[]);
      });
  }
  throw new Error(
    `jq ran more than ${mostStuck} of these neither to their end nor to a failure:\n${expressions.join("\n")}`,
  );
}

function typeOf(value: unknown): Yield | "null" {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : (typeof value as Yield);
}

const rounds = isLong ? 40 : 2;

describe("what lint says of an expression's outputs", () => {
  it("is what jq gives, on generated expressions and inputs, or nothing", { timeout: 300_000 }, async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    let judged = 0;
    const wrong: unknown[] = [];
    for (let round = 0; round < rounds; round++) {
      const all = [...new Set(fc.sample(expression, { numRuns: 600, seed: seed + round }))];
      const sure = all.filter((each) => yieldOf(each) !== undefined || spreadOf(each) !== undefined).slice(0, 150);
      const faults = await Promise.all(sure.map((each) => engine.compile(each)));
      const right = sure.filter((_, index) => faults[index] === undefined);
      judged += right.length;
      const given = await outputsOf(right);
      for (const [index, each] of right.entries()) {
        const type = yieldOf(each);
        const types = new Set((given[index] ?? []).flat().map(typeOf));
        const others = [...types].filter((one) => one !== "null" && one !== type);
        if (type !== undefined && others.length > 0) wrong.push([each, type, ...others]);
      }
      const spreads = right.flatMap((each, index) => {
        const whole = spreadOf(each);
        return whole === undefined ? [] : [{ each, whole, index }];
      });
      const wholes = await outputsOf(spreads.map(({ whole }) => whole));
      for (const [at, { each, whole, index }] of spreads.entries())
        for (const input of inputs.keys()) {
          const [array, ...more] = wholes[at]?.[input] ?? [];
          const outputs = given[index]?.[input];
          if (!Array.isArray(array) || more.length > 0 || outputs === undefined) continue;
          const elements = outputs.slice(0, 30);
          if (JSON.stringify(elements) !== JSON.stringify(array.slice(0, 30)))
            wrong.push([each, whole, elements, array]);
        }
    }
    expect(wrong, `seed ${seed}`).toEqual([]);
    expect(judged).toBeGreaterThan(40 * rounds);
  });

  it.each([
    ".status.history // []",
    "[]",
    ".a + []",
    ".a, []",
    "if .a then .b else [] end",
    ".a | []",
    ".a == []",
    ".a and []",
    ".a as $x | $x[]",
    "reduce .a[] as $x ([]; . + [$x])",
    "[.a[]]",
    ".a[0]",
    "{a: []}",
  ])("takes %s for no spread", (expression) => {
    expect(spreadOf(expression)).toBeUndefined();
  });

  it.each([
    [".people[]", ".people"],
    [".people.[]", ".people"],
    [".people[]?", ".people"],
    ['."go-live"[]', '."go-live"'],
    [".a | .b[]", ".a | .b"],
    [".a | .[]", ".a | ."],
    [".[]", "."],
    ["(.a // .b)[]", "(.a // .b)"],
    [".a[0][]", ".a[0]"],
    [".a | map(.b)[]", ".a | map(.b)"],
  ])("takes %s for the elements of %s", (expression, whole) => {
    expect(spreadOf(expression)).toBe(whole);
  });
});
