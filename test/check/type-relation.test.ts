import { describe, expect, it } from "vitest";
import { relateOne } from "./support.js";

const query = { combinator: "and", rules: [{ property: "$title", operator: "=", value: "A" }] };

describe("a relation to one", () => {
  it.each<[value: unknown, outcome: unknown]>([
    ["a", { sent: "a" }],
    ["O'Neill", { sent: "O'Neill" }],
    ["команда/1", { sent: "команда/1" }],
    [["a"], { sent: "a" }],
    ['["a"]', { sent: "a" }],
    [[], { sent: null }],
    [null, { sent: null }],
    [query, { sent: query }],
    [["a", "b"], "relation_invalid"],
    [7, "relation_invalid"],
    [[7], "relation_invalid"],
    ["", "relation_invalid"],
    [" a", "relation_invalid"],
    ["a b", "relation_invalid"],
    ["..", "relation_invalid"],
    ["[a", "relation_invalid"],
    [true, "relation_invalid"],
    [{ identifier: "a" }, "relation_invalid"],
    [{ ...query, combinator: "nor" }, "relation_invalid"],
  ])("from %j gives %j", async (value, outcome) => {
    expect(await relateOne({}, value)).toEqual(outcome);
  });
});

describe("a relation to many", () => {
  it.each<[value: unknown, outcome: unknown]>([
    [["a", "b"], { sent: ["a", "b"] }],
    ["a", { sent: ["a"] }],
    [["b", "a", "b"], { sent: ["b", "a"] }],
    ['["a", "b"]', { sent: ["a", "b"] }],
    [[], { sent: [] }],
    [null, { sent: null }],
    [query, { sent: query }],
    ["a,b", "relation_invalid"],
    [["a", null], "relation_invalid"],
    [["a", ["b"]], "relation_invalid"],
    [[1], "relation_invalid"],
  ])("from %j gives %j", async (value, outcome) => {
    expect(await relateOne({ many: true }, value)).toEqual(outcome);
  });
});

describe("a search query", () => {
  const rule = { property: "x", operator: "=", value: 1 };
  it.each<[title: string, query: unknown, isTaken: boolean]>([
    [
      "with nested queries",
      { combinator: "or", rules: [query, { property: "x", operator: "in", value: ["a"] }] },
      true,
    ],
    ["that contains null", { combinator: "or", rules: [{ property: "x", operator: "contains", value: null }] }, true],
    ["without rules", { combinator: "and" }, false],
    ["with another key", { combinator: "and", rules: [], limit: 1 }, false],
    ["with an unknown operator", { combinator: "and", rules: [{ ...rule, operator: "!=" }] }, false],
    ["with a value of the wrong kind", { combinator: "and", rules: [{ ...rule, operator: "in", value: "a" }] }, false],
    ["with a rule that is text", { combinator: "and", rules: ["x"] }, false],
    ["with a rule without property", { combinator: "and", rules: [{ operator: "=", value: 1 }] }, false],
    ["with a fault in a nested query", { combinator: "and", rules: [{ combinator: "and", rules: [{}] }] }, false],
  ])("%s: taken %#", async (_title, value, isTaken) => {
    expect(await relateOne({}, value)).toEqual(isTaken ? { sent: value } : "relation_invalid");
  });
});
