import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Reject } from "../../src/reject.js";
import { groupCauses, maxMessages } from "../../src/report/group-causes.js";

function reject(position: number, changes: Partial<Reject> = {}): Reject {
  return {
    code: "wrong_type",
    stage: "check",
    at: { source: 0, position },
    blueprint: "service",
    path: "properties.cpu",
    message: `at ${position}`,
    ...changes,
  };
}

describe("groupCauses", () => {
  it("groups rejects by code, stage, blueprint and path, the most frequent first, each with its first place", () => {
    const causes = groupCauses(["a.csv", "b.csv"]);
    causes.addRejects([
      reject(1, { path: "properties.ram" }),
      reject(9, { at: { source: 1, position: 1, line: 2 } }),
      reject(7),
    ]);
    causes.addRejects([
      reject(5),
      reject(6, { code: "bad_json", stage: "read", blueprint: undefined, path: undefined } as never),
    ]);
    expect(causes.rejects()).toEqual([
      {
        code: "wrong_type",
        stage: "check",
        blueprint: "service",
        path: "properties.cpu",
        count: 3,
        message: "at 5",
        first: { source: "a.csv", position: 5 },
        samples: [
          { source: "a.csv", position: 5 },
          { source: "a.csv", position: 7 },
          { source: "b.csv", position: 1, line: 2 },
        ],
      },
      {
        code: "wrong_type",
        stage: "check",
        blueprint: "service",
        path: "properties.ram",
        count: 1,
        message: "at 1",
        first: { source: "a.csv", position: 1 },
        samples: [{ source: "a.csv", position: 1 }],
      },
      {
        code: "bad_json",
        stage: "read",
        count: 1,
        message: "at 6",
        first: { source: "a.csv", position: 6 },
        samples: [{ source: "a.csv", position: 6 }],
      },
    ]);
  });

  it("keeps the five samples that come first in the sources, whatever the order of their coming", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 40 }), (positions) => {
        const causes = groupCauses(["a.csv"]);
        for (const position of positions) causes.addRejects([reject(position, { value: `v${position}` })]);
        const first = positions.toSorted((a, b) => a - b).slice(0, 5);
        expect(causes.rejects()[0]?.samples).toEqual(
          first.map((position) => ({ source: "a.csv", position, value: `v${position}` })),
        );
      }),
    );
  });

  it("counts every fault, also further ones of one refused thing", () => {
    const causes = groupCauses(["a.csv"]);
    const also = [
      { code: "bad_format", path: "properties.url", message: "no url" },
      { code: "wrong_type", path: "properties.cpu", message: "no number" },
    ] as const;
    causes.addRejects([reject(1), reject(2, { path: "properties.tags", also })]);
    const first = { source: "a.csv", position: 2 };
    expect(causes.faults()).toEqual([
      { code: "wrong_type", blueprint: "service", path: "properties.cpu", message: "at 1", count: 2, first },
      { code: "wrong_type", blueprint: "service", path: "properties.tags", message: "at 2", count: 1 },
      { code: "bad_format", blueprint: "service", path: "properties.url", message: "no url", count: 1, first },
    ]);
  });

  it("tells messages of one path apart except for their numbers and the texts that they quote, and no more than it says", () => {
    const causes = groupCauses(["a.csv"]);
    const messages = [
      'holds "#"',
      'holds "("',
      'holds "#"',
      'is none of "a", "b"',
      'is none of "ccc"',
      "has 5 cells",
      "has 6 cells",
    ];
    causes.addRejects(messages.map((message, index) => reject(index + 1, { message })));
    const counts = causes.rejects().map(({ count, message }) => [count, message]);
    expect(counts).toEqual([
      [2, 'holds "#"'],
      [2, "has 5 cells"],
      [1, 'holds "("'],
      [1, 'is none of "a", "b"'],
      [1, 'is none of "ccc"'],
    ]);
    const many = groupCauses(["a.csv"]);
    many.addRejects(Array.from({ length: 100 }, (_, n) => reject(n + 1, { message: "x".repeat(n + 1) })));
    expect(many.rejects().length).toBe(maxMessages + 1);
    expect(many.rejects()[0]).toMatchObject({ count: 100 - maxMessages });
  });

  it("adds up the counts of warnings, with or without a place", () => {
    const causes = groupCauses(["a.csv"]);
    causes.addWarnings([
      { code: "expression_error", path: "title", message: "failed", count: 3, first: { source: 0, position: 4 } },
      {
        code: "expression_error",
        path: "title",
        message: "failed",
        count: 2,
        first: { source: 0, position: 2, line: 3 },
      },
      { code: "kind_without_source", message: "kind team got no source", count: 1 },
    ]);
    expect(causes.warnings()).toEqual([
      {
        code: "expression_error",
        path: "title",
        count: 5,
        message: "failed",
        first: { source: "a.csv", position: 2, line: 3 },
      },
      { code: "kind_without_source", count: 1, message: "kind team got no source" },
    ]);
  });

  it("keeps a bounded number of groups and loses no reject", () => {
    const some = fc.record({ path: fc.string(), code: fc.constantFrom("wrong_type" as const, "bad_format" as const) });
    fc.assert(
      fc.property(fc.array(some), fc.integer({ min: 1, max: 5 }), (items, limit) => {
        const causes = groupCauses(["a.csv"], limit);
        causes.addRejects(items.map((changes, i) => reject(i + 1, changes)));
        const groups = causes.rejects();
        expect(groups.length).toBeLessThanOrEqual(limit + 2);
        expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(items.length);
      }),
    );
  });

  it("reports further causes without blueprint and path", () => {
    const causes = groupCauses(["a.csv"], 1);
    causes.addRejects([reject(1), reject(2, { path: "x" }), reject(3, { path: "y" })]);
    expect(causes.rejects()).toEqual([
      {
        code: "wrong_type",
        stage: "check",
        count: 2,
        message: "at 2",
        first: { source: "a.csv", position: 2 },
        samples: [
          { source: "a.csv", position: 2 },
          { source: "a.csv", position: 3 },
        ],
      },
      {
        code: "wrong_type",
        stage: "check",
        blueprint: "service",
        path: "properties.cpu",
        count: 1,
        message: "at 1",
        first: { source: "a.csv", position: 1 },
        samples: [{ source: "a.csv", position: 1 }],
      },
    ]);
  });
});
