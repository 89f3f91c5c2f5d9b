import { describe, expect, it } from "vitest";
import { rootKeys } from "../../src/map/keys-read.js";

describe("the keys that an expression certainly reads", () => {
  it.each([
    [".a", ["a"]],
    ['."Service ID"', ["Service ID"]],
    ['.["a-b"].c', ["a-b"]],
    [".a.b[0].c", ["a"]],
    ['.a + " " + .b', ["a", "b"]],
    ['.a | .b + "c"', ["a"]],
    ['[.a, .b | .c] | join("-")', ["a", "b"]],
    ["{x: .a | .b, y: .c}", ["a", "c"]],
    ['"\\(.a) \\(.b.c)"', ["a", "b"]],
    ["if .a then .b | .c else .d end", ["a", "b", "d"]],
    ["map(.a)", []],
    ["select(.a == 1) | .b", ["a"]],
    [".a as $x | .b", []],
    ['{"prod": 1}[.stage]', ["stage"]],
    ["{a, b: 1}", []],
    [".a[.b]", ["a", "b"]],
    ['."a"."b"', ["a"]],
    ["..", []],
  ])("reads of %s %j", (expression, keys) => {
    expect([...rootKeys(expression)]).toEqual(keys);
  });
});
