import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { fastOf } from "../../src/map/fast.js";
import { bindFast } from "../../src/map/fast-bind.js";
import { ask, Failure, none } from "../../src/map/fast-signal.js";
import { startJq } from "../../src/map/jq.js";
import type { JqCell } from "../../src/map/jq-program.js";

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
