import { describe, expect, it } from "vitest";
import { addValue, openStats } from "../../src/init/field-stats.js";
import { proposeField } from "../../src/init/propose-field.js";

function propose(values: readonly unknown[], { path = ["Column"], isTabular = true } = {}) {
  const stats = openStats(path);
  for (const [index, value] of values.entries()) addValue(stats, value, index + 1);
  const proposal = proposeField(stats, { records: values.length, isTabular });
  return proposal && [proposal.property.type, proposal.property.format, proposal.expression];
}

const many = (...values: readonly string[]): string[] =>
  Array.from({ length: 20 }, (_, index) => values[index % values.length] as string);

describe("a property proposed from values", () => {
  it.each([
    [
      ["1", "2.5", "-3"],
      ["number", undefined, ".Column"],
    ],
    [
      ["007", "8"],
      ["string", undefined, ".Column"],
    ],
    [
      ["1", "x"],
      ["string", undefined, ".Column"],
    ],
    [["12345678901234567890"], ["string", undefined, ".Column"]],
    [
      ["true", "No"],
      ["boolean", undefined, ".Column"],
    ],
    [
      ["1", "0"],
      ["number", undefined, ".Column"],
    ],
    [
      ["2024-05-01", "2024-05-31"],
      ["string", "date-time", '.Column + "T00:00:00Z"'],
    ],
    [
      ["2024-05-01", "-"],
      ["string", "date-time", '.Column | values + "T00:00:00Z"'],
    ],
    [["2024-05-01T10:00:00Z"], ["string", "date-time", ".Column"]],
    [
      ["31.12.2024", "01.02.2024"],
      ["string", "date-time", ".Column"],
    ],
    [["03/04/2024"], ["string", undefined, ".Column"]],
    [["https://a.example/x"], ["string", "url", ".Column"]],
    [["a@b.example"], ["string", "email", ".Column"]],
    [["10.0.0.1"], ["string", "ipv4", ".Column"]],
    [
      ["a;b", "c"],
      ["string", undefined, ".Column"],
    ],
    [
      ["a;b", "c;d", "e"],
      ["array", undefined, '.Column | split(";")'],
    ],
    [
      ["a, b", "N/A", "c, d"],
      ["array", undefined, '.Column | values | split(", ")'],
    ],
    [
      ["Hello, dear", "Well, no, not so"],
      ["string", undefined, ".Column"],
    ],
    [["one\ntwo"], ["string", "markdown", ".Column"]],
    [
      [true, false],
      ["boolean", undefined, ".Column"],
    ],
    [
      [1, 2],
      ["number", undefined, ".Column"],
    ],
    [
      [["a"], ["b"]],
      ["array", undefined, ".Column"],
    ],
    [
      [1, "x"],
      ["string", undefined, '.Column | if type == "string" then . else tojson end'],
    ],
    [["-", "N/A", null], undefined],
  ])("of %j is %j", (values, proposal) => {
    expect(propose(values)).toEqual(proposal);
  });

  it("is an enum where few words come often", () => {
    const stats = openStats(["Tier"]);
    for (const [index, value] of many("gold", "silver").entries()) addValue(stats, value, index + 1);
    expect(proposeField(stats, { records: 20, isTabular: true })?.property).toEqual({
      type: "string",
      title: "Tier",
      enum: ["gold", "silver"],
    });
  });

  it("keeps JSON texts and versions text, though they look like numbers", () => {
    expect(propose(["1.30", "1.31"], { isTabular: false })).toEqual(["string", undefined, ".Column"]);
    expect(propose(["1.30", "1.31"], { path: ["Version"] })).toEqual(["string", undefined, ".Version"]);
  });
});
