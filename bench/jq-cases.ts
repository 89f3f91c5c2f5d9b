/**
 * Runs jq's own published test cases through the mapping engine: the scan for refused words, compilation, the program that leaves run in.
 *
 *     npm run --silent bench:build && JQ_TESTS=…/jq/tests/jq.test node node_modules/.cache/portload-bench/bench/jq-cases.js
 *
 * JQ_TESTS is the path of `tests/jq.test` in a checkout of jq 1.8.2. A case passes when the leaf's value is the first expected output, and
 * the same expression in an array gives all of them; a case that must not compile passes when it is refused.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { fastOf } from "../src/map/fast.js";
import { bindFast } from "../src/map/fast-bind.js";
import { ask, Failure, none } from "../src/map/fast-calls.js";
import { startJq } from "../src/map/jq.js";
import type { JqCell } from "../src/map/jq-compile.js";
import { follow, PathFault, plainOf } from "../src/map/plain.js";
import { refusalOf } from "../src/map/tokens.js";

interface Case {
  readonly line: number;
  readonly program: string;
  readonly input: string;
  readonly outputs: readonly string[];
  readonly mustFail: boolean;
}

const path = process.env.JQ_TESTS;
if (path === undefined) throw new Error("JQ_TESTS must name jq's tests/jq.test");
const engine = startJq();

/** @source jq 1.8.2, src/jq_test.c: groups of lines, ended by a blank line or a comment; `%%FAIL` begins one that must not compile */
function* casesOf(text: string): Generator<Case> {
  const lines = text.split("\n");
  const skipped = (line: string | undefined): boolean => line === undefined || /^[ \t]*(?:#.*)?$/u.test(line);
  let at = 0;
  while (at < lines.length) {
    if (skipped(lines[at])) {
      at++;
      continue;
    }
    const mustFail = /^%%FAIL/u.test(lines[at] as string);
    if (mustFail) at++;
    const line = at + 1;
    const program = lines[at++] as string;
    const rest: string[] = [];
    while (at < lines.length && !skipped(lines[at])) rest.push(lines[at++] as string);
    const [input = "null", ...outputs] = rest;
    yield { line, program, input: input.replace(/^\uFEFF/u, ""), outputs: mustFail ? [] : outputs, mustFail };
  }
}

async function cellsOf(expressions: readonly string[], input: string): Promise<readonly JqCell[] | string> {
  const answer = await engine.run(expressions, [input]);
  return "rows" in answer ? (answer.rows[0] as readonly JqCell[]) : `the engine: ${answer.stuck.why}`;
}

/** Why a case misses; undefined when it passes. */
async function missOf({ program, input, outputs, mustFail }: Case): Promise<string | undefined> {
  const fault = refusalOf(program) ?? (await engine.compile(program))?.message;
  if (mustFail) return fault === undefined ? "compiles, and should not" : undefined;
  if (fault !== undefined) return fault;
  // Each alone, since `$__loc__` counts the lines of a shared program.
  const single = await cellsOf([program], input);
  if (typeof single === "string") return single;
  const whole = await cellsOf([`[try (${program}\n) catch empty]`], input);
  if (typeof whole === "string") return whole;
  const expected: unknown[] = [];
  for (const output of outputs) {
    const read = await cellsOf(["."], output);
    if (typeof read === "string" || read[0]?.error !== undefined) return `the expected output ${output} is no JSON`;
    expected.push(read[0]?.value);
  }
  const [[first], [all]] = [single, whole] as [[JqCell], [JqCell]];
  if (outputs.length > 0 && !same(first.value, expected[0]))
    return `gives ${JSON.stringify(first.error ?? first.value)}`.slice(0, 120);
  return same(all.value, expected) ? undefined : `gives ${JSON.stringify(all.error ?? all.value)}`.slice(0, 120);
}

/** Zero has no sign here. */
function same(a: unknown, b: unknown): boolean {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  return isDeepStrictEqual(plain(a), plain(b));
}

/** How an expression runs, and whether a closure gives the first expected output. */
function closureOf({ program, input, outputs, mustFail }: Case): "jq" | "right" | "wrong" | "asks jq" {
  if (mustFail) return "jq";
  const plain = plainOf(program);
  const fast = plain === undefined ? fastOf(program) : undefined;
  if (plain === undefined && fast === undefined) return "jq";
  const value = JSON.parse(input) as unknown;
  const found =
    fast !== undefined
      ? bindFast(fast, { is: "value" })(value)
      : plain !== undefined && "path" in plain
        ? follow(value, plain.path)
        : plain?.constant;
  if (found === ask) return "asks jq";
  const settled = found === none || found instanceof Failure || found instanceof PathFault ? null : found;
  return same(settled, outputs[0] === undefined ? null : JSON.parse(outputs[0])) ? "right" : "wrong";
}

try {
  const cases = [...casesOf(readFileSync(path, "utf8"))];
  const misses: string[] = [];
  const by = { jq: 0, right: 0, wrong: 0, "asks jq": 0 };
  for (const one of cases) {
    const miss = await missOf(one);
    if (miss !== undefined) misses.push(`${one.line}\t${one.program.slice(0, 100)}\t${miss.slice(0, 120)}`);
    by[closureOf(one)]++;
  }
  const share = (count: number): string => `${((100 * count) / cases.length).toFixed(1)} %`;
  console.log(`${cases.length} cases, ${cases.length - misses.length} pass (${share(cases.length - misses.length)})`);
  console.log(
    `closures: ${by.right} right, ${by["asks jq"]} ask jq, ${by.wrong} wrong (${share(by.right + by.wrong)} taken)`,
  );
  console.log(misses.join("\n"));
} finally {
  await engine.close();
}
