import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Candidate } from "../../src/entity.js";
import { fastOf } from "../../src/map/fast.js";
import { bindFast } from "../../src/map/fast-bind.js";
import { ask, Failure, none } from "../../src/map/fast-calls.js";
import { startJq } from "../../src/map/jq.js";
import type { JqCell } from "../../src/map/jq-compile.js";
import { mapAll, resource, rows, values } from "./records.js";

const engine = startJq();
afterAll(() => engine.close());

/** What the fast path gives, in the words of a jq cell; `jq's` where it leaves the record to jq. */
function fastCell(expression: string, record: unknown): unknown {
  const fast = fastOf(expression);
  if (fast === undefined) return `${expression} is not fast`;
  const value = bindFast(fast, { is: "value" })(record);
  if (value === ask) return "jq's";
  if (value instanceof Failure) return { value: null, error: value.message };
  return { value: value === none ? null : value };
}

async function jqCells(expression: string, records: readonly unknown[]): Promise<readonly JqCell[]> {
  const answer = await engine.run(
    [expression],
    records.map((record) => JSON.stringify(record)),
  );
  if ("stuck" in answer) throw new Error(answer.stuck.why);
  return answer.rows.map((row) => row[0] as JqCell);
}

/** Holds both engines to the same answer; gives how many records were left to jq. */
async function compare(expression: string, records: readonly unknown[]): Promise<number> {
  const compiled = await engine.compile(expression);
  expect([expression, compiled]).toEqual([expression, undefined]);
  const cells = await jqCells(expression, records);
  let left = 0;
  for (const [index, record] of records.entries()) {
    const own = fastCell(expression, record);
    const cell = cells[index] as JqCell;
    if (own === "jq's") left++;
    else if (own === "fails")
      expect([expression, record, cell.error]).toEqual([expression, record, expect.any(String)]);
    else expect(JSON.stringify([expression, record, own])).toBe(JSON.stringify([expression, record, cell]));
  }
  return left;
}

const texts = [
  "",
  "a",
  "A b",
  "a;b;;c",
  ";",
  "Ünïcode É",
  "日本 🎉 z",
  "\u0000\u001f",
  "\ufb01\uffee",
  "🎉",
  "10",
  "City of Phoenix--AZ ",
  "x/y/z",
  '"\\',
  "ſK\u212a",
];
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...texts) },
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -0,
    1,
    -7,
    12.5,
    0.1,
    1e15,
    1e-7,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    2 ** 53,
    1e21,
    5e-324,
  ),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 5, arbitrary: scalar },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    {
      weight: 1,
      arbitrary: fc.dictionary(fc.constantFrom("a", "b", "__proto__", "x y"), tie("value"), { maxKeys: 3 }),
    },
  ),
})).value;
const record = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ a: json, b: json, c: json, "x y": json }, { requiredKeys: [] }) as fc.Arbitrary<unknown>,
  },
  json,
);

const literal = fc.constantFrom(
  '""',
  '"a"',
  '";"',
  '"-"',
  '"a b"',
  '"é"',
  '"\\"\\\\"',
  "0",
  "1",
  "10",
  "-1",
  "true",
  "false",
  "null",
);
const separator = fc.constantFrom('";"', '""', '"/"', '" "', '", "', '"é"', '"-"');
const path = fc.constantFrom(
  ".",
  ".a",
  ".b",
  ".c",
  '."x y"',
  '.["x y"]',
  ".a.b",
  ".a?",
  ".a?.b",
  ".a.b?",
  ".a[0]",
  ".b[-1]",
  ".c[1]?",
  ".[0]",
  ".[0]?",
  ".__proto__",
  ".constructor",
);
const regex = fc.constantFrom(
  "a",
  " ",
  "[a-z]+",
  "[a-z0-9]+",
  "[A-Z]",
  "b+c",
  "\\\\.",
  "\\\\|",
  ";+",
  "[ ;]",
  "[^a]",
  "a|b",
  "$",
  ".",
  "é",
  "",
);
const operator = fc.constantFrom("|", "|", "//", "+", "==", "!=", "<", "<=", ">", ">=", "and", "or");
const bare = fc.constantFrom(
  "not",
  "tostring",
  "length",
  "ascii_downcase",
  "ascii_upcase",
  "values",
  "first",
  "last",
  "empty",
);
const expression = fc.letrec<{ e: string }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    { weight: 6, arbitrary: path },
    { weight: 3, arbitrary: literal },
    { weight: 2, arbitrary: bare },
    { weight: 2, arbitrary: separator.map((text) => `split(${text})`) },
    { weight: 2, arbitrary: separator.map((text) => `join(${text})`) },
    { weight: 1, arbitrary: fc.tuple(regex, literal).map(([pattern, text]) => `gsub("${pattern}"; ${text})`) },
    { weight: 1, arbitrary: regex.map((pattern) => `[scan("${pattern}")]`) },
    { weight: 4, arbitrary: fc.tuple(tie("e"), operator, tie("e")).map(([l, by, r]) => `${l} ${by} ${r}`) },
    { weight: 4, arbitrary: fc.tuple(tie("e"), operator, tie("e")).map(([l, by, r]) => `(${l} ${by} ${r})`) },
    { weight: 2, arbitrary: fc.tuple(tie("e"), tie("e")).map(([l, r]) => `"\\(${l})-\\(${r})"`) },
    {
      weight: 1,
      arbitrary: fc.tuple(tie("e"), tie("e"), tie("e")).map(([c, t, e]) => `if ${c} then ${t} else ${e} end`),
    },
    { weight: 1, arbitrary: fc.tuple(tie("e"), tie("e")).map(([c, t]) => `if ${c} then ${t} end`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("e"), tie("e"), tie("e"))
        .map(([c, t, e]) => `if ${c} then ${t} elif ${e} then ${c} else ${t} end`),
    },
    { weight: 2, arbitrary: fc.array(tie("e"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`) },
    { weight: 1, arbitrary: tie("e").map((inner) => `map(${inner})`) },
    { weight: 1, arbitrary: tie("e").map((inner) => `select(${inner})`) },
    {
      weight: 1,
      arbitrary: fc.tuple(tie("e"), path).map(([inner, steps]) => `(${inner})${steps === "." ? "" : steps}`),
    },
  ),
})).e;

describe("fastOf", () => {
  it("gives for every expression and every record exactly what jq gives: outputs, none, failures", {
    timeout: 60_000,
  }, async () => {
    let [fast, all, asked, answered] = [0, 0, 0, 0];
    await fc.assert(
      fc.asyncProperty(expression, fc.array(record, { minLength: 4, maxLength: 12 }), async (text, records) => {
        all++;
        if (fastOf(text) === undefined) return;
        fast++;
        const left = await compare(text, records);
        asked += left;
        answered += records.length;
      }),
      { numRuns: Number(process.env.FAST_RUNS ?? 600) },
    );
    expect(fast).toBeGreaterThan(all / 3);
    expect(asked).toBeLessThan(answered / 3);
  });
});

describe("mapRecords", () => {
  const fields = {
    identifier: '.id + "!"',
    properties: { sum: '.a + "-"', jq: "[.a] | add", text: '"<\\(.a)>"', item: "(.item // .a) | tostring" },
  };
  const sums = (items: readonly Candidate[]) => items.map(({ fields: { properties } }) => properties);

  it("fills in jq's answers where closures ask for them, each in its place, with jq's messages", async () => {
    const file = { resources: [resource(fields), resource({ ...fields, properties: { sum: fields.properties.sum } })] };
    const records = values({ id: "1", a: "x" }, { id: "2", a: 5 }, { id: "3", a: 1e20 }, { id: "4", a: "y" });
    const { items, warnings } = await mapAll(engine, file, records);
    expect(sums(items)).toEqual([
      { sum: "x-", jq: "x", text: "<x>", item: "x" },
      { sum: "x-" },
      { jq: 5, text: "<5>", item: "5" },
      {},
      { jq: "100000000000000000000", text: "<100000000000000000000>", item: "100000000000000000000" },
      {},
      { sum: "y-", jq: "y", text: "<y>", item: "y" },
      { sum: "y-" },
    ]);
    const at = (position: number) => ({ source: 0, position });
    expect(warnings.map(({ code, path, count, first, message }) => [code, path, count, first, message])).toEqual([
      [
        "expression_error",
        "resources.0.port.entity.mappings.properties.sum",
        2,
        at(2),
        'the expression failed: number (5) and string ("-") cannot be added',
      ],
      [
        "expression_error",
        "resources.1.port.entity.mappings.properties.sum",
        2,
        at(2),
        expect.stringContaining("added"),
      ],
      ["long_integer", "resources.0.port.entity.mappings.properties.jq", 1, at(3), expect.anything()],
    ]);
  });

  it("reads cells, blanks, and elements beside their parent", async () => {
    const blanks = { source: { blanks: ["N/A"] } };
    const cells = rows(["id", "a", "list"], ["1", "N/A", "p;q"], ["2", "b", "r"]);
    const { items } = await mapAll(engine, { ...blanks, resources: [resource(fields)] }, cells);
    expect(sums(items)).toEqual([
      { sum: "-", text: "<null>", item: "null" },
      { sum: "b-", jq: "b", text: "<b>", item: "b" },
    ]);
    const port = { itemsToParse: '.list | split(";")' };
    const split = await mapAll(engine, { ...blanks, resources: [resource(fields, { port })] }, cells);
    expect(split.items.map(({ fields: { identifier, properties } }) => [identifier, properties.item])).toEqual([
      ["1!", "p"],
      ["1!", "q"],
      ["2!", "r"],
    ]);
  });
});

describe("fastOf of a single expression", () => {
  it.each([
    ".a | .b",
    '.a + "-" + .b',
    '"\\(.a) of \\(.b)"',
    '.a // "none"',
    ".a == 1 and (.b | not)",
    'if .a then "x" elif .b then "y" end',
    '.a | values | split(";")',
    '[.a, .b | values] | join("-")',
    '[."Organization name", .State] | join("-") | ascii_downcase | [scan("[a-z0-9]+")] | join("-")',
    '.a | gsub(" "; "-")',
    '.a | split("/") | last',
    '(.a | split("/")).[-2]',
    ".a | map(.b)",
    ".id | tostring",
    ".a // -1",
  ])("takes %s", (text) => {
    expect(fastOf(text)).toBeDefined();
  });

  it.each([
    [".a, .b", "two outputs"],
    [".[]", "any number of outputs"],
    ['scan("a")', "any number of outputs"],
    ['[scan("a") | length]', "a scan that is not last"],
    [".a as $x | $x", "a variable"],
    [".a - 1", "arithmetic"],
    [".a??", "a second question mark"],
    ["(.a)?", "try"],
    [".a == .b == .c", "a comparison of a comparison, which jq refuses"],
    [".a = 1", "an assignment"],
    ["1.50", "a number whose digits jq keeps"],
    ["-0", "a zero with a sign"],
    ["9007199254740993", "a long integer"],
    ['.a | split(", *"; null)', "a function of two arguments"],
    [".a | split(.b)", "an argument that is no literal"],
    ['.a | test("^[a-z]")', "a function that is not listed"],
    ['.a | gsub("[^a]"; "")', "a negated class"],
    ['.a | gsub("a|b"; "")', "an alternative"],
    ['.a | gsub("^a"; "")', "an anchor"],
    ['.a | gsub("[z-a]"; "")', "a range that runs backwards"],
    ['.a | gsub("a"; "\\(.b)")', "an interpolation"],
    ['@base64 "\\(.a)"', "a format"],
    ["if .a then .b", "an end that is missing"],
    ['"\\ud800"', "half a surrogate pair"],
    ["", "nothing"],
    [`[${"[.a],".repeat(200)}.b]`, "more than 500 tokens"],
  ])("leaves %s to jq: %s", (text) => {
    expect(fastOf(text)).toBeUndefined();
  });

  it.each([
    [".a", { a: "\ud800" }],
    ['.a + "x"', { a: "\udc00 b" }],
    [".a // .b", { b: "a\ud83c" }],
    [".a // .b", { a: { "\ud800": 1 } }],
    ["[.a]", { a: ["x", { y: "\udfff" }] }],
    [".a | tostring", { a: 2 ** 53 }],
    [". // 0", -(2 ** 53) - 2],
    [".a + .b", { a: 2 ** 53 - 1, b: 1 }],
    [".a + .b", { a: 0.1, b: 0.2 }],
    ['"\\(.a)"', { a: 1e-7 }],
    ["[.a]", { a: 1e20 }],
    [".a == .b", { a: [1], b: [1] }],
    [".a < .b", { a: "\uffee", b: "🎉" }],
    ['.a | join("-")', { a: { b: "c" } }],
  ])("asks jq about %s of %j", (text, value) => {
    const fast = fastOf(`(${text})`);
    if (fast === undefined) throw new Error("it is not fast");
    expect(bindFast(fast, { is: "value" })(value)).toBe(ask);
  });
});
