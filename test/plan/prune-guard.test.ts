import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparingGroup } from "../../src/options/groups.js";
import { allowingFlags, deleteLimits, excessDeletions, percent } from "../../src/plan/guards.js";

describe("limits of deletion", () => {
  it("are a hundred and a tenth unless the mapping or the flags say otherwise", () => {
    expect(deleteLimits([])).toEqual({ count: 100, share: 0.1 });
    expect(deleteLimits([], 0.9)).toEqual({ count: 100, share: 0.9 });
    expect(deleteLimits([5])).toEqual({ count: 5, share: 0.1 });
    expect(deleteLimits([{ share: 0.05 }], 0.9)).toEqual({ count: 100, share: 0.05 });
    expect(deleteLimits([250, { share: 0.4 }, 300])).toEqual({ count: 300, share: 0.4 });
  });

  it.each([
    ["a tenth of a hundred", { owned: 100, deletions: 10 }, []],
    ["one more than a tenth", { owned: 100, deletions: 11 }, ["--max-delete 11%"]],
    ["a hundred of many", { owned: 100_000, deletions: 100 }, []],
    ["a hundred and one of many", { owned: 100_000, deletions: 101 }, ["--max-delete 101"]],
    ["all of a small one", { owned: 3, deletions: 3 }, ["--max-delete 100%"]],
    ["all of a large one", { owned: 300, deletions: 300 }, ["--max-delete 300", "--max-delete 100%"]],
    ["nothing of nothing", { owned: 0, deletions: 0 }, []],
  ])("refuse what is above either of them: %s", (_title, counts, flags) => {
    const excesses = excessDeletions([{ blueprint: "service", ...counts }], deleteLimits([]));
    expect(excesses.flatMap((excess) => excess.flags)).toEqual(flags);
  });

  it("are judged for each blueprint: a small one that vanishes is not outvoted", () => {
    const all = [
      { blueprint: "large", owned: 100_000, deletions: 0 },
      { blueprint: "small", owned: 4, deletions: 4 },
    ];
    expect(excessDeletions(all, deleteLimits([])).map(({ blueprint }) => blueprint)).toEqual(["small"]);
  });

  it("are met by the very flags that a refusal names, and by nothing less", () => {
    const deletions = fc.integer({ min: 1, max: 5000 }).chain((owned) =>
      fc.record({
        blueprint: fc.constantFrom("a", "b", "c"),
        owned: fc.constant(owned),
        deletions: fc.integer({ min: 0, max: owned }),
      }),
    );
    fc.assert(
      fc.property(fc.array(deletions, { maxLength: 4 }), (all) => {
        const excesses = excessDeletions(all, deleteLimits([]));
        const asked = allowingFlags(excesses).map((flag) => flag.replace("--max-delete ", ""));
        const read = comparingGroup.maxDelete.read(asked);
        expect(excessDeletions(all, deleteLimits("value" in read ? read.value : []))).toEqual([]);
        expect(asked.length === 0).toBe(excesses.length === 0);
      }),
    );
  });

  it("never print a share smaller than it is", () => {
    expect([0.1, 0.1001, 1 / 3, 1].map(percent)).toEqual(["10%", "10.1%", "33.4%", "100%"]);
  });
});
