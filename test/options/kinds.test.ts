import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budget, duration, flag, listOf, oneOf, share, text, wholeNumber, wordOr } from "../../src/options/kinds.js";

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["1.5m", 90_000],
    ["1h", 3_600_000],
    [80, 80],
  ])("%j is read to milliseconds", (given, value) => {
    expect(duration.read(given)).toEqual({ value });
  });

  it.each(["80", "300", "", "s", "-1s", "1 s", "1d", "1e3ms", -1, Number.NaN, null])("%j is refused", (given) => {
    expect(duration.read(given)).toEqual({ must: "must be a duration, such as 30s" });
  });
});

describe("a share", () => {
  it.each([
    ["50%", 0.5],
    ["100%", 1],
    ["0.5%", 0.005],
    [0.25, 0.25],
  ])("%j is read to a ratio", (given, value) => {
    expect(share.read(given)).toEqual({ value });
  });

  it.each(["0%", "101%", "0.5", "half", 0, 1.5, -0.1])("%j is refused", (given) => {
    expect(share.read(given)).toEqual({ must: "must be a percentage above 0% and at most 100%, such as 50%" });
  });
});

describe("a budget", () => {
  it.each([
    ["5%", { share: 0.05 }],
    ["100", 100],
    [100, 100],
    [{ share: 0.05 }, { share: 0.05 }],
    [0, 0],
  ])("%j is read to a number or a share", (given, value) => {
    expect(budget.read(given)).toEqual({ value });
  });

  it.each(["-1", "5 %", "1.5", 1.5, {}, null, "x"])("%j is refused", (given) => {
    expect(budget.read(given)).toEqual({ must: "must be a number or a percentage, such as 100 or 2%" });
  });
});

describe("what every kind keeps", () => {
  it("is that what it read may be given again, as a resumed import does", () => {
    const kinds = [
      { kind: duration, from: fc.constantFrom("500ms", "30s", 12) },
      { kind: share, from: fc.integer({ min: 1, max: 100 }).map((n) => `${n}%`) },
      {
        kind: budget,
        from: fc.oneof(
          fc.nat(),
          fc.nat(100).map((n) => `${n}%`),
        ),
      },
      { kind: wholeNumber(1, 256), from: fc.integer({ min: 1, max: 256 }) },
      { kind: wordOr(["auto"], wholeNumber(1)), from: fc.constantFrom("auto", 3, "7") },
      { kind: listOf(budget), from: fc.array(fc.constantFrom("5%", 3)) },
      { kind: flag, from: fc.boolean() },
      { kind: oneOf("merge", "create"), from: fc.constantFrom("merge", "create") },
    ];
    for (const { kind, from } of kinds)
      fc.assert(
        fc.property(from as fc.Arbitrary<unknown>, (given) => {
          const read = kind.read(given);
          if (!("value" in read)) throw new Error(`${String(given)} ${read.must}`);
          expect(kind.read(JSON.parse(JSON.stringify(read.value)))).toEqual(read);
        }),
      );
  });
});

describe("other kinds say what a value must be", () => {
  it.each([
    [wholeNumber(0), -1, "must be a whole number from 0"],
    [wholeNumber(1, 256), 257, "must be a whole number from 1 to 256"],
    [oneOf("merge", "override", "create"), "replace", "must be merge, override or create"],
    [wordOr(["auto"], wholeNumber(1, 256)), "fast", "must be auto or a whole number from 1 to 256"],
    [text("<file>"), "", "must not be empty"],
    [listOf(oneOf("a", "b")), ["a", "c"], "(number 2) must be a or b"],
    [listOf(text("<file>"), 1), [], "must be given at least once"],
    [flag, "yes", "must be true or false"],
  ])("%#", (kind, given, must) => {
    expect(kind.read(given)).toEqual({ must });
  });
});
