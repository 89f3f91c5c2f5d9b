import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Property } from "../../src/blueprint.js";
import { typeOne } from "./support.js";

/** Each row: the property, the raw value, what is sent (`is`), with which warning, or the code it is refused with. */
type Row = [property: Property, value: unknown, outcome: { is: unknown; warned?: string } | string];

const text: Property = { type: "string" };
const number: Property = { type: "number" };
const boolean: Property = { type: "boolean" };
const list: Property = { type: "array" };
const texts: Property = { type: "array", items: { type: "string" } };
const numbers: Property = { type: "array", items: { type: "number" } };
const object: Property = { type: "object" };
const labeled: Property = { type: "object", format: "labeled-url" };
const format = (name: string): Property => ({ type: "string", format: name });

const table: Readonly<Record<string, readonly Row[]>> = {
  text: [
    [text, "000123", { is: "000123" }],
    [text, "1E5", { is: "1E5" }],
    [text, "12345678901234567890", { is: "12345678901234567890" }],
    [text, " padded ", { is: " padded " }],
    [text, "", { is: "" }],
    [text, "true", { is: "true" }],
    [text, true, { is: "true" }],
    [text, 42, { is: "42", warned: "number_as_text" }],
    [text, 1.1, "wrong_type"],
    [text, 1e21, "wrong_type"],
    [text, ["a"], "wrong_type"],
    [text, { a: 1 }, "wrong_type"],
    [text, null, { is: null }],
  ],
  number: [
    [number, "3", { is: 3 }],
    [number, "1.50", { is: 1.5 }],
    [number, "-0.25", { is: -0.25 }],
    [number, "+3", { is: 3 }],
    [number, ".5", { is: 0.5 }],
    [number, "007", { is: 7 }],
    [number, "1E5", { is: 100000 }],
    [number, "-0", { is: 0 }],
    [number, "9007199254740991", { is: 9007199254740991 }],
    [number, "100000000000000000000000", { is: 1e23 }],
    [number, 2.5, { is: 2.5 }],
    [number, "9007199254740993", "wrong_type"],
    [number, "0.12345678901234567890", "wrong_type"],
    [number, "1e400", "wrong_type"],
    [number, "1e-400", "wrong_type"],
    [number, "0x1F", "wrong_type"],
    [number, "1,234", "wrong_type"],
    [number, "1 234", "wrong_type"],
    [number, "1.234.567", "wrong_type"],
    [number, "5.", "wrong_type"],
    [number, "", "wrong_type"],
    [number, " 3", "wrong_type"],
    [number, "3\n", "wrong_type"],
    [number, "٣", "wrong_type"],
    [number, "Infinity", "wrong_type"],
    [number, "NaN", "wrong_type"],
    [number, true, "wrong_type"],
    [number, [3], "wrong_type"],
  ],
  boolean: [
    ...["true", "TRUE", "Yes", "y", "t", "on", "1"].map((word): Row => [boolean, word, { is: true }]),
    ...["false", "No", "n", "F", "off", "0"].map((word): Row => [boolean, word, { is: false }]),
    [boolean, true, { is: true }],
    [boolean, 0, { is: false }],
    [boolean, "x", "wrong_type"],
    [boolean, "", "wrong_type"],
    [boolean, " true", "wrong_type"],
    [boolean, "ja", "wrong_type"],
    [boolean, 2, "wrong_type"],
    [boolean, [true], "wrong_type"],
  ],
  list: [
    [list, ["a", 1, { b: 2 }], { is: ["a", 1, { b: 2 }] }],
    [list, '["a", 1]', { is: ["a", 1] }],
    [list, [], { is: [] }],
    [texts, '["a","b"]', { is: ["a", "b"] }],
    [numbers, ["1", "2.5", 3], { is: [1, 2.5, 3] }],
    [numbers, '["007", 8]', { is: [7, 8] }],
    [{ type: "array", items: { format: "labeled-url" } }, [{ url: "https://a.b" }], { is: [{ url: "https://a.b" }] }],
    [numbers, ["1", "x"], "wrong_type"],
    [numbers, "[12345678901234567890]", "wrong_type"],
    [texts, "a;b", "wrong_type"],
    [texts, "", "wrong_type"],
    [texts, "[a]", "wrong_type"],
    [texts, ["a", null], "wrong_type"],
    [texts, { a: 1 }, "wrong_type"],
    [texts, 3, "wrong_type"],
  ],
  object: [
    [object, { a: { b: [1] } }, { is: { a: { b: [1] } } }],
    [object, '{"a": 1.50}', { is: { a: 1.5 } }],
    [object, '{"a": "12345678901234567890"}', { is: { a: "12345678901234567890" } }],
    [object, '{"a": 12345678901234567890}', "wrong_type"],
    [object, '{"a": 1e999}', "wrong_type"],
    [object, "{a: 1}", "wrong_type"],
    [object, "a", "wrong_type"],
    [object, "[1]", "wrong_type"],
    [object, [1], "wrong_type"],
    [object, 1, "wrong_type"],
    [{ type: "object", spec: "open-api" }, { openapi: "3.0.0" }, { is: { openapi: "3.0.0" } }],
  ],
  "labeled url": [
    [labeled, { url: "https://a.b/c", displayText: "C" }, { is: { url: "https://a.b/c", displayText: "C" } }],
    [labeled, '{"url": "https://a.b"}', { is: { url: "https://a.b" } }],
    [labeled, "https://a.b", { is: { url: "https://a.b" } }],
    [labeled, { displayText: "C" }, "bad_format"],
    [labeled, { url: "https://a.b", displayText: 3 }, "bad_format"],
    [labeled, "no url", "bad_format"],
    [labeled, 3, "wrong_type"],
  ],
  enum: [
    [{ type: "string", enum: ["low", "high"] }, "low", { is: "low" }],
    [{ type: "string", enum: ["low", "high"] }, "Low", "not_in_enum"],
    [{ type: "string", enum: ["1", "2"] }, 1, { is: "1", warned: "number_as_text" }],
    [{ type: "number", enum: [1, 2.5] }, "2.50", { is: 2.5 }],
    [{ type: "number", enum: [1, 2.5] }, "3", "not_in_enum"],
    [{ type: "array", items: { type: "string", enum: ["a"] } }, ["a"], { is: ["a"] }],
    [{ type: "array", items: { type: "string", enum: ["a"] } }, ["a", "b"], "not_in_enum"],
    [{ type: "array", items: { enum: ["a", 1] } }, [1, "b"], "not_in_enum"],
  ],
  "date-time": [
    [format("date-time"), "2024-05-01T10:00:00Z", { is: "2024-05-01T10:00:00Z" }],
    [format("date-time"), "2024-02-29T23:59:59.123+02:00", { is: "2024-02-29T23:59:59.123+02:00" }],
    [format("date-time"), "2023-02-29T00:00:00Z", { is: "2023-02-29T00:00:00Z", warned: "format_unusual" }],
    [format("date-time"), "2024-05-01 10:00:00Z", { is: "2024-05-01 10:00:00Z", warned: "format_unusual" }],
    [format("date-time"), "2024-05-01", "bad_format"],
    [format("date-time"), "2024-05-01T10:00:00", "bad_format"],
    [format("date-time"), "03/04/2024", "bad_format"],
    [format("date-time"), "", "bad_format"],
    [format("timer"), "2022-12-01T16:50:00+02:00", { is: "2022-12-01T16:50:00+02:00" }],
    [format("timer"), "soon", { is: "soon", warned: "format_unusual" }],
  ],
  url: [
    [format("url"), "https://example.com/a?b=c#d", { is: "https://example.com/a?b=c#d" }],
    [format("url"), "http://wiki/Home", { is: "http://wiki/Home" }],
    [format("url"), "http://10.0.0.1:8080", { is: "http://10.0.0.1:8080" }],
    [format("url"), "ssh://git@host/x.git", { is: "ssh://git@host/x.git" }],
    [format("url"), "mailto:a@b.c", { is: "mailto:a@b.c", warned: "format_unusual" }],
    [format("url"), "www.example.com", "bad_format"],
    [format("url"), " https://example.com", "bad_format"],
    [format("url"), "/relative", "bad_format"],
  ],
  "email, user, team": [
    [format("email"), "a.b+c@example.com", { is: "a.b+c@example.com" }],
    [format("email"), "müller@example.com", { is: "müller@example.com", warned: "format_unusual" }],
    [format("email"), "nobody", "bad_format"],
    [format("idn-email"), "müller@exämple.com", { is: "müller@exämple.com" }],
    [format("idn-email"), "nobody", { is: "nobody", warned: "format_unusual" }],
    [format("user"), "a@example.com", { is: "a@example.com" }],
    [format("user"), "Ada", { is: "Ada", warned: "format_unusual" }],
    [format("team"), "Team One", { is: "Team One" }],
    [format("team"), "", { is: "", warned: "format_unusual" }],
    [{ type: "array", items: { type: "string", format: "email" } }, ["a@b.c", "x"], "bad_format"],
  ],
  "ipv4, ipv6": [
    [format("ipv4"), "192.0.2.1", { is: "192.0.2.1" }],
    [format("ipv4"), "192.0.02.1", { is: "192.0.02.1", warned: "format_unusual" }],
    [format("ipv4"), "192.0.2.256", "bad_format"],
    [format("ipv4"), "10.0.0.0/8", "bad_format"],
    [format("ipv6"), "2001:db8::1", { is: "2001:db8::1" }],
    [format("ipv6"), "fe80::1%eth0", { is: "fe80::1%eth0", warned: "format_unusual" }],
    [format("ipv6"), "192.0.2.1", "bad_format"],
  ],
  "markdown, yaml, proto, blueprints, unknown formats": [
    [format("markdown"), "# a", { is: "# a" }],
    [format("yaml"), "a: [", { is: "a: [" }],
    [format("proto"), "message A {}", { is: "message A {}" }],
    [format("blueprints"), "service", { is: "service" }],
    [format("blueprints"), "a b", { is: "a b", warned: "format_unusual" }],
    [format("newer-than-us"), "x", { is: "x" }],
  ],
  bounds: [
    [{ type: "string", minLength: 2, maxLength: 3 }, "ab", { is: "ab" }],
    [{ type: "string", maxLength: 3 }, "abcd", "out_of_bounds"],
    [{ type: "string", maxLength: 1 }, "😀", { is: "😀" }],
    [{ type: "string", pattern: "^a+$" }, "aa", { is: "aa" }],
    [{ type: "string", pattern: "^a+$" }, "b", "out_of_bounds"],
    [{ type: "string", pattern: "^[\\w-_]+$" }, "a-b", { is: "a-b" }],
    [{ type: "string", pattern: "^[\\w-_]+$" }, "a b", "out_of_bounds"],
    [{ type: "number", minimum: 1, maximum: 5 }, "5", { is: 5 }],
    [{ type: "number", minimum: 1 }, "0", "out_of_bounds"],
    [{ type: "number", exclusiveMaximum: 5 }, 5, "out_of_bounds"],
    [{ type: "array", minItems: 1 }, [], "out_of_bounds"],
    [{ type: "array", maxItems: 1 }, [1, 2], "out_of_bounds"],
    [{ type: "array", uniqueItems: true }, ["a", "a"], "out_of_bounds"],
    [{ type: "array", items: { type: "string", pattern: "^a" } }, ["a", "b"], "out_of_bounds"],
    [{ type: "object", properties: { a: { type: "number" } } }, { a: "1" }, "wrong_type"],
    [{ type: "object", properties: { a: { type: "string", format: "url" } } }, { a: "x" }, "bad_format"],
    [{ type: "object", required: ["a"], properties: {} }, {}, "required_missing"],
    [{ type: "object", additionalProperties: false, properties: { a: {} } }, { a: 1, b: 2 }, "unknown_property"],
    [{ type: "object", patternProperties: { "^a": { type: "string" } } }, { ab: 1 }, "wrong_type"],
    [{ type: "object", maxProperties: 1 }, { a: 1, b: 2 }, "out_of_bounds"],
    [{ type: "string", minLength: 3, pattern: "^a" }, "b", "out_of_bounds out_of_bounds"],
    [{ type: "string", pattern: "(" }, "a", { is: "a", warned: "constraint_unchecked" }],
    [{ type: "string", title: "T", icon: "I", description: "D", default: "d", enumColors: {} }, "a", { is: "a" }],
  ],
};

describe.each(Object.entries(table))("a property: %s", (_kind, rows) => {
  it.each(rows)("%j from %j gives %j", async (property, value, outcome) => {
    const expected =
      typeof outcome === "string"
        ? outcome
        : { sent: outcome.is, ...(outcome.warned === undefined ? {} : { warned: outcome.warned }) };
    expect(await typeOne(property, value)).toEqual(expected);
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
