import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, it } from "vitest";
import { startJq } from "../../src/map/jq.js";

const engine = startJq();
const hasty = startJq({ timeoutMs: 250 });
afterAll(async () => {
  await Promise.all([engine.close(), hasty.close()]);
});

/** The values of one expression over records. */
async function valuesOf(expression: string, ...records: unknown[]): Promise<unknown[]> {
  const answer = await engine.run(
    [expression],
    records.map((record) => JSON.stringify(record)),
  );
  if ("stuck" in answer) throw new Error(answer.stuck.why);
  return answer.rows.map((row) => (row[0]?.error === undefined ? row[0]?.value : `! ${row[0].error}`));
}

describe("compile", () => {
  it("finds nothing wrong with an expression that is right", async () => {
    expect(await engine.compile('.a | select(.b != null) // "x"')).toBeUndefined();
    expect(await engine.compile("def f: . + 1; .a | f # the end")).toBeUndefined();
    expect(
      await engine.compile(". as [$a] ?// $a | label $out | reduce $a as $b (0; . + 1, break $out)"),
    ).toBeUndefined();
  });

  it.each([
    [".a +", "syntax error, unexpected end of file", { line: 1, column: 4 }],
    ["service", "service/0 is not defined", { line: 1, column: 1 }],
    [".a\n| nope(1)", "nope/1 is not defined", { line: 2, column: 3 }],
    [". as $x | $y", "$y is not defined", { line: 1, column: 11 }],
  ])("says where %j is wrong", async (expression, message, position) => {
    expect(await engine.compile(expression)).toEqual({ message, position });
  });

  it.each([
    ["closes its bracket and opens another leaf", "1), null)] catch {e: .}), (try [first((2"],
    ["closes its bracket and opens another", "1)) | ((2"],
    ["is definitions alone", "def f: 1;"],
    ["is nothing", " # nothing"],
    ["leaves a string open", '"a'],
    ["binds what only a neighbour could use", ". as $x |"],
    ["fills the memory with a constant", '"x" * 1000000000'],
    ["is too deep", `${"(".repeat(100_000)}1${")".repeat(100_000)}`],
  ])("refuses an expression that %s", async (_title, expression) => {
    expect(await engine.compile(expression)).toHaveProperty("message", expect.stringMatching(/./u));
  });

  it("keeps the bracket of an expression whose comment ends in a backslash", async () => {
    expect(await engine.compile(". #\\")).toBeUndefined();
    expect(await engine.run([". #\\", "2"], ["1"])).toEqual({ rows: [[{ value: 1 }, { value: 2 }]] });
  });

  it("runs nothing", async () => {
    expect(await hasty.compile("def f: f; f")).toBeUndefined();
  });
});

describe("run", () => {
  it("gives the first output, null without one, and errors as values", async () => {
    expect(await valuesOf(".[]", [1, 2], [], { a: 3 }, "x")).toEqual([
      1,
      null,
      3,
      '! Cannot iterate over string ("x")',
    ]);
    expect(await valuesOf("error({a: 1}), 2", null)).toEqual(['! {"a":1}']);
    expect(await valuesOf("error(null)", null)).toEqual(["! null"]);
    expect(await valuesOf("1, error(2)", null)).toEqual([1]);
    expect(await valuesOf(".[] as [$a] ?// $a | $a", [[1], 2], [3], [], "x")).toEqual([
      1,
      3,
      null,
      expect.stringMatching(/^! Cannot iterate/u),
    ]);
    expect(await valuesOf(". as [$a] ?// $a | $a, error(2)", [1])).toEqual([1]);
  });

  it("keeps the order of records and of batches in flight", async () => {
    const batch = (n: number) => engine.run([".", ". * 2"], [String(n), String(n + 1)]);
    const answers = await Promise.all([batch(1), batch(10), batch(100), batch(1000)]);
    const numbers = answers.map((answer) =>
      "rows" in answer ? answer.rows.map((row) => row.map(({ value }) => value)) : [],
    );
    expect(numbers).toEqual([
      [
        [1, 2],
        [2, 4],
      ],
      [
        [10, 20],
        [11, 22],
      ],
      [
        [100, 200],
        [101, 202],
      ],
      [
        [1000, 2000],
        [1001, 2002],
      ],
    ]);
  });

  it("keeps the digits of integers beyond 2^53 as text, and says so", async () => {
    const answer = await engine.run(
      [".id | tonumber", ". * 1", ".id", "[1.5, 1e2]"],
      ['{"id":"9007199254740993"}', '{"id":"7"}'],
    );
    expect(answer).toEqual({
      rows: [
        [
          { value: "9007199254740993", long: true },
          expect.anything(),
          { value: "9007199254740993" },
          { value: [1.5, 100] },
        ],
        [{ value: 7 }, expect.anything(), { value: "7" }, { value: [1.5, 100] }],
      ],
    });
  });

  it("gives strings of every kind back unbent", async () => {
    const texts = ["", "\u0000\u001f\u2028\u2029", 'a"\\/\n', "日本語 🎉", "1234567890123456789012", "__proto__"];
    expect(await valuesOf(".[0]", ...texts.map((text) => [text]))).toEqual(texts);
  });

  it("fails every leaf of a record that jq cannot read, and no other record", async () => {
    const answer = await engine.run([".a", "1"], ['{"a":1}', '{"a":"\\ud800"}', '{"a":3}']);
    const error = expect.stringContaining("surrogate");
    expect(answer).toEqual({
      rows: [
        [{ value: 1 }, { value: 1 }],
        [
          { value: null, error },
          { value: null, error },
        ],
        [{ value: 3 }, { value: 1 }],
      ],
    });
  });

  it("shows an expression no environment of the machine", async () => {
    expect(await valuesOf("env.PATH, $ENV.PATH", null)).toEqual(["/"]);
  });

  it("finds the leaf and the record that end the engine", async () => {
    expect(await engine.run([".", "if . == 2 then halt else . end"], ["1", "2", "3"])).toEqual({
      stuck: { leaf: 1, record: 1, why: "lost" },
    });
    expect(await valuesOf(".", 1)).toEqual([1]);
  });

  it.each(["def f: f; f", "[range(1e12)] | length", "last(repeat(1))", "until(false; .)"])(
    "ends %s and names leaf and record",
    async (endless) => {
      const answer = await hasty.run([".", `if . == 3 then ${endless} else . end`, "1"], ["1", "2", "3", "4"]);
      expect(answer).toMatchObject({ stuck: { leaf: 1, record: 2 } });
      expect(await hasty.run(["."], ["5"])).toEqual({ rows: [[{ value: 5 }]] });
    },
  );

  it.each([
    ["nests without end", "def f: [f]; f"],
    ["nests too deep to print", "reduce range(200000) as $i (null; [.])"],
    ["fills the memory", '"x" * (. * 500000000)'],
  ])("makes the engine again after an expression that %s", async (_title, expression) => {
    const answer = await engine.run([".", `if . == 2 then ${expression} else . end`], ["1", "2"]);
    if ("rows" in answer) expect(answer.rows[1]?.[1]?.error).toBeTypeOf("string");
    else expect(answer).toMatchObject({ stuck: { leaf: 1, record: 1 } });
    expect(await valuesOf(".", 1)).toEqual([1]);
  });

  it("lets a batch after an endless one finish", async () => {
    const endless = hasty.run(["def f: f; f"], ["1"]);
    const next = hasty.run(["."], ["2"]);
    expect(await endless).toEqual({ stuck: { leaf: 0, record: 0, why: "timeout" } });
    expect(await next).toEqual({ rows: [[{ value: 2 }]] });
  });

  it("rejects what still runs when it is closed", async () => {
    const closing = startJq();
    const endless = closing.run(["def f: f; f"], ["1"]);
    const refused = expect(endless).rejects.toThrow("jq was closed");
    await closing.close();
    await refused;
    await expect(closing.run(["."], ["1"])).rejects.toThrow("jq was closed");
  });

  it("holds no process open while idle, and holds it open while it runs", () => {
    const program = `
      import { startJq } from ${JSON.stringify(new URL("../../node_modules/.cache/portload-bench/src/map/jq.js", import.meta.url).href)};
      const engine = startJq();
      const answer = await engine.run([".a"], ['{"a":1}']);
      process.stdout.write(JSON.stringify(answer));`;
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
      timeout: 10_000,
    });
    expect([ended.status, ended.stdout]).toEqual([0, '{"rows":[[{"value":1}]]}']);
  });
});
