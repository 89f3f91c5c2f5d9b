import { describe, expect, it } from "vitest";
import { settleDuplicates } from "../../src/settle/duplicates.js";
import { createKeySet } from "../../src/settle/keys.js";
import { entity } from "../support/entities.js";

const describeAt = ({ source, position }: { source: number; position: number }) => `${source}:${position}`;
const a1 = entity("a", { title: "one", position: 1 });
const a2 = entity("a", { title: "one", position: 2 });
const a3 = entity("a", { title: "two", position: 3 });
const b = entity("b", { position: 4 });

describe("settleDuplicates", () => {
  it("sends the first, counts later ones, and warns with both places only where the content differs", () => {
    const settled = settleDuplicates([a1, a2, a3, b], "first", createKeySet(), describeAt);
    expect(settled.fresh).toEqual([a1, b]);
    expect(settled.duplicates).toEqual([a2, a3]);
    expect(settled.rejects).toEqual([]);
    expect(settled.warnings).toEqual([
      {
        code: "duplicate_differs",
        blueprint: "service",
        message:
          "service/a of 0:3 has other content at 0:1; the first one is sent, as duplicates in the mapping says (first, last, merge or error)",
        count: 1,
        first: a3.at,
      },
    ]);
  });

  it("rejects a later different one under error; an equal one stays a duplicate", () => {
    const settled = settleDuplicates([a1, a2, a3], "error", createKeySet(), describeAt);
    expect(settled.duplicates).toEqual([a2]);
    expect(settled.rejects.map(({ reject }) => reject)).toMatchObject([
      { code: "duplicate_differs", stage: "check", at: { position: 3 }, identifier: "a", blueprint: "service" },
    ]);
  });

  it("remembers keys across calls", () => {
    const keys = createKeySet();
    settleDuplicates([a1], "first", keys, describeAt);
    expect(settleDuplicates([a2, b], "first", keys, describeAt).fresh).toEqual([b]);
  });

  it("keeps no keys under off", () => {
    const keys = createKeySet();
    expect(settleDuplicates([a1, a3], "off", keys, describeAt).fresh).toEqual([a1, a3]);
    expect(keys.size).toBe(0);
  });

  it("never takes two searches for one entity", () => {
    const search = { combinator: "and" as const, rules: [] };
    const one = entity(search);
    expect(settleDuplicates([one, one], "first", createKeySet(), describeAt).fresh).toHaveLength(2);
  });
});
