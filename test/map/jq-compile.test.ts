import { describe, expect, it, onTestFinished } from "vitest";
import { startJq } from "../../src/map/jq.js";
import { compileBy } from "../../src/map/jq-compile.js";
import { startJqThread } from "../../src/map/jq-thread.js";

/** Compiles expressions that are asked for at once; counts the programs. */
async function compiled(expressions: readonly string[]) {
  const thread = startJqThread(20_000);
  onTestFinished(() => thread.close());
  let programs = 0;
  const compile = compileBy((program) => {
    programs++;
    return thread.run(program, "");
  });
  return { faults: await Promise.all(expressions.map(compile)), programs };
}

const right = [
  '.a | test("x\\\\)")',
  "# a comment\n.b + 1",
  "def f: .x; f",
  '"\\(.a + "\\(.b)")"',
  ". as [$x] ?// $x | $x",
  "if .a then 1 else 2 end",
];
const wrong = [".a |", "nosuch", "1) , (2", "(.a", '"open', "$x", 'import "a" as a; .', "", "label $f | break $g"];

describe("expressions that are compiled at once", () => {
  it("are one program where all are right, and each once", async () => {
    const many = Array.from({ length: 90 }, (_, i) => `.a + ${i}`);
    const { faults, programs } = await compiled([...right, ...many, ...many]);
    expect(faults.every((fault) => fault === undefined)).toBe(true);
    expect(programs).toBe(1);
  });

  it("get the verdict that each gets alone, with its own place", async () => {
    const engine = startJq();
    onTestFinished(() => engine.close());
    const all = [...right, ...wrong].sort((a, b) => a.length - b.length);
    const alone = [];
    for (const expression of all) alone.push(await engine.compile(expression));
    expect(alone.filter((fault) => fault === undefined)).toHaveLength(right.length);
    expect((await compiled(all)).faults).toEqual(alone);
  });
});
