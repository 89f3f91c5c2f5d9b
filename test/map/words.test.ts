import { describe, expect, it } from "vitest";
import { doubleQuotes, isFetched, refusalOf, refusedWords } from "../../src/map/tokens.js";

describe("refusalOf", () => {
  it.each([...refusedWords])("refuses %s", (word) => {
    for (const expression of [
      word,
      `.a | ${word}`,
      `[${word}]`,
      `{a: ${word}}`,
      `"\\(${word})"`,
      `def f: ${word}; f`,
      `{(${word}): 1}`,
      `${word}#`,
    ]) {
      expect([expression, refusalOf(expression)]).toEqual([expression, expect.stringContaining(word)]);
    }
  });

  it.each(["$ENV", "$ENV.PATH", ".a | $ENV", "{$ENV}", "$ ENV", "$__prog_args"])("refuses %s", (expression) => {
    expect(refusalOf(expression)).toContain("is refused");
  });

  it.each([
    ".input",
    ".a.input.env",
    ".env?",
    '."halt"',
    '.["input"]',
    '"input"',
    '"a \\" halt"',
    ".a # halt",
    "{input: 1}",
    "{a: .b, env}",
    '{"input": .env}',
    "{debug}",
    ". as {input: $x} | $x",
    ".inputs_of",
    "$input",
    '"\\(.input) halt"',
    "inputs2",
    "$__loc__",
  ])("lets %s pass", (expression) => {
    expect(refusalOf(expression)).toBeUndefined();
  });

  it.each([
    ["a string that never closes", '.a | "x'],
    ["an interpolation that never closes", '"\\(.a'],
    ["a bracket too many", ".a)"],
    ["a bracket of another kind", "(.a]"],
    ["a bracket that never closes", "(.a"],
    ["a comment that continues after a backslash", ".a # \\\nhalt"],
    ["a comment with a lone carriage return", '.a # \r"halt'],
    ["nothing", ""],
    ["only a comment", "# a"],
    ["a character without meaning", ".a & .b"],
  ])("refuses %s", (_title, expression) => {
    expect(refusalOf(expression)).toBeTypeOf("string");
  });

  it("is not led astray by a comment that hides a quote", () => {
    expect(refusalOf('.a # "\n| halt # "')).toContain("halt");
  });
});

describe("doubleQuotes", () => {
  it.each([
    ["'foo'", '"foo"'],
    [".a + ' b' + .c", ".a + ' b\" + .c"],
    [".a // 'none'", '.a // "none"'],
    ["'it's'", '"it\'s"'],
    ['.a + "users\' list"', '.a + "users\' list"'],
    [".a # don't", ".a # don't"],
    ['"plain"', '"plain"'],
    [".a |\r\n.b", ".a |\n.b"],
    ["'/' + .organization", '"/" + .organization'],
    [".organization + '/'", '.organization + "/"'],
    [".a + '\"'", ".a + '\"'"],
    [".a | join(', ')", ".a | join(', \")"],
  ])("turns %j into %j", (text, expected) => {
    expect(doubleQuotes(text)).toBe(expected);
  });
});

describe("isFetched", () => {
  it.each([
    ["file://README.md", true],
    ["search://scope=blobs&&query=filename:x", true],
    ['"file://a"', false],
    [".file", false],
  ])("of %j is %s", (text, expected) => {
    expect(isFetched(text)).toBe(expected);
  });
});
