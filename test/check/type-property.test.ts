import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Property } from "../../src/blueprint.js";
import { typeOne } from "./support.js";
import { kinds } from "./typing-table.js";

const text: Property = { type: "string" };
const number: Property = { type: "number" };
const list: Property = { type: "array" };
const object: Property = { type: "object" };

describe.each(Object.entries(kinds))("a property: %s", (_kind, { rows }) => {
  it.each(rows)("%j from %j gives %j", async (property, value, outcome) => {
    const expected =
      typeof outcome === "string"
        ? outcome
        : { sent: outcome.is, ...(outcome.warned === undefined ? {} : { warned: outcome.warned }) };
    expect(await typeOne(property, value)).toEqual(expected);
  });
});

describe("a property of a type that Port's description lacks", () => {
  const unlisted = (property: object) => property as Property;

  it("is a number where it is integer, and as it was where it is enum", async () => {
    expect(await typeOne(unlisted({ type: "integer" }), "3")).toEqual({ sent: 3 });
    expect(await typeOne(unlisted({ type: "integer" }), "three")).toBe("wrong_type");
    const levels = unlisted({ type: "enum", enum: ["low", "high"] });
    expect(await typeOne(levels, "low")).toEqual({ sent: "low" });
    expect(await typeOne(levels, "none")).toBe("not_in_enum");
  });
});

describe("typing, for all inputs", () => {
  it("leaves every text as it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (value) => {
        expect(await typeOne(text, value)).toEqual({ sent: value });
      }),
    );
  });

  it("reads every number back from its own text", async () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(finite, async (value) => {
        expect(await typeOne(number, String(value))).toEqual({ sent: value + 0 });
      }),
    );
  });

  it("takes a decimal text exactly when its value, digit by digit, is the number's", async () => {
    const parts = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.integer({ min: 0, max: 30 }));
    await fc.assert(
      fc.asyncProperty(parts, async ([digits, scale]) => {
        const written = digits.toString().padStart(scale + 1, "0");
        const value = scale === 0 ? written : `${written.slice(0, -scale)}.${written.slice(-scale)}`;
        const isExact = sameDecimal(digits, scale, Number(value));
        expect(await typeOne(number, value)).toEqual(isExact ? { sent: Number(value) } : "wrong_type");
      }),
    );
  });

  it("gives back every JSON list and object from its text", async () => {
    const json = fc.jsonValue({ depthSize: "small" }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    await fc.assert(
      fc.asyncProperty(fc.array(json.filter((item) => item !== null)), async (value) => {
        expect(await typeOne(list, JSON.stringify(value))).toEqual({ sent: value });
        expect(await typeOne(object, JSON.stringify({ value }))).toEqual({ sent: { value } });
      }),
    );
  });
});

/** Compares `digits / 10^scale` with the shortest decimal of a number, in whole numbers only. */
function sameDecimal(digits: bigint, scale: number, number: number): boolean {
  const [mantissa = "", exponent = "0"] = String(number).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const power = Number(exponent) - fraction.length;
  const other = BigInt(whole + fraction);
  const shift = 10n ** 60n;
  const scaled = power >= 0 ? other * 10n ** BigInt(power) * shift : (other * shift) / 10n ** BigInt(-power);
  return (digits * shift) / 10n ** BigInt(scale) === scaled;
}
