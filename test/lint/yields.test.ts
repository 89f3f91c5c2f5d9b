import { describe, expect, it } from "vitest";
import { yieldOf } from "../../src/lint/yields.js";

describe("the type of an expression's outputs", () => {
  it.each([
    ['"text"', "string"],
    ['"a \\(.b) c"', "string"],
    [".a | tostring", "string"],
    ['.a | values + "T00:00:00Z"', "string"],
    ['.id + "/" + .item.name', "string"],
    ['[.a, .b] | join("-")', "string"],
    ["@base64", "string"],
    ['.a // "none" | tojson', "string"],
    ["12", "number"],
    [".a | length", "number"],
    [".a + 1", "number"],
    [".a / 2", "number"],
    ['.a != "manual"', "boolean"],
    [".a and .b", "boolean"],
    [".a | not", "boolean"],
    ['.a | split(";")', "array"],
    ['.a | values | split(";")', "array"],
    ['.a / ","', "array"],
    ["[.a]", "array"],
    [".a | map(.b) | sort", "array"],
    ["{a: .b}", "object"],
    ["({a: 1})", "object"],
  ])("knows %s to be %s", (expression, type) => {
    expect(yieldOf(expression)).toBe(type);
  });

  it.each([
    ".a",
    ".a // 1",
    '.a // "x"',
    '{"prod": "production"}[.stage]',
    ".a | first",
    ".a - 1",
    ".a * 2",
    '.a / 2 * "x"',
    "[.a][0]",
    'if .a then 1 else "x" end',
    ".a as $x | [$x]",
    "def length: .x; length",
    '.a, "b"',
    ".a | values",
    ".a = 1",
    "reduce .a[] as $x (0; . + $x)",
    "",
  ])("gives no verdict of %s", (expression) => {
    expect(yieldOf(expression)).toBeUndefined();
  });
});
