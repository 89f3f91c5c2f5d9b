import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { startJq } from "../../src/map/jq.js";
import { keysRead } from "../../src/map/keys-read.js";
import { textOf } from "../../src/map/prepare.js";

const engine = startJq();
afterAll(() => engine.close());

describe("keysRead", () => {
  it.each<[string, string[]]>([
    ['.tags | split(";") | map(.x)', ["tags"]],
    ['[."Organization name", .State] | join("-")', ["Organization name", "State"]],
    ['.a + "-" + (.b | ascii_downcase) + .c', ["-", "a", "b", "c"]],
    ["if .a == null then .b else .c end", ["a", "b", "c"]],
    ["if (.a | length) > 1 then .b | keys elif .d then .e else .c end", ["a", "b", "c", "d", "e"]],
    ["{a: .b, c} | keys", ["a", "b", "c"]],
    ['"\\(.a) of \\(.b | length)"', ["a", "b"]],
    ["{if: .a, end: .b} | .if", ["a", "b", "end", "if"]],
    ['.["a"][.b]', ["a", "b"]],
    ["1 + 1", []],
  ])("of %j are %j", (expression, keys) => {
    expect([...(keysRead(expression) ?? ["everything"])].sort()).toEqual(keys);
  });

  it.each([
    ".",
    ".[]",
    "keys",
    "to_entries",
    "..",
    ". as $r | $r.a",
    "reduce .a as $x (.; .b)",
    ".a = 1 | .b",
    "del(.a)",
    ".a + length",
    "def f: .; f",
    ".[.a]",
    "(.a | .b), .",
    "{(.a): .}",
    "select(.a)",
    "tojson",
    "try . catch 1",
    "@json",
  ])("cannot be known of %j", (expression) => {
    expect(keysRead(expression)).toBeUndefined();
  });

  it("never leaves out a key that changes what an expression gives", async () => {
    const key = fc.constantFrom("a", "b", "c", "if", "end");
    const term = fc.letrec<{ e: string }>((tie) => ({
      e: fc.oneof(
        { maxDepth: 3 },
        key.map((name) => `.${name}`),
        key.map((name) => `.["${name}"]`),
        fc.constantFrom('"a"', "1", "null", ".", "length", "keys?", "empty"),
        fc
          .tuple(tie("e"), fc.constantFrom("|", ",", "//", "and", "=="), tie("e"))
          .map(([l, op, r]) => `(${l} ${op} ${r})`),
        fc.tuple(tie("e"), fc.constantFrom("|", ",", "//"), tie("e")).map(([l, op, r]) => `${l} ${op} ${r}`),
        fc.tuple(tie("e"), tie("e"), tie("e")).map(([c, t, e]) => `if ${c} then ${t} else ${e} end`),
        fc.tuple(key, tie("e"), key).map(([k, v, s]) => `{${k}: (${v}), ${s}}`),
        tie("e").map((e) => `[${e}]`),
        tie("e").map((e) => `"x\\(${e})"`),
        fc.tuple(tie("e"), tie("e")).map(([l, r]) => `(${l})[${r}]?`),
      ),
    })).e;
    const record = fc.dictionary(key, fc.oneof(fc.constantFrom(null, 1, "a", "b"), fc.dictionary(key, fc.integer())), {
      maxKeys: 5,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(term, { minLength: 3, maxLength: 6 }), record, async (expressions, value) => {
        for (const expression of expressions) {
          const keys = keysRead(expression);
          if (keys === undefined || (await engine.compile(expression)) !== undefined) continue;
          const answer = await engine.run([expression], [JSON.stringify(value), textOf(value, keys)]);
          const [whole, part] = "rows" in answer ? answer.rows : [];
          expect([expression, part]).toEqual([expression, whole]);
        }
      }),
      { numRuns: 120 },
    );
  });
});
