import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holds, plainNames, plainValue, sameHead, sameJson, sameNames, sameValue } from "../src/same-value.js";
import { blueprintOf } from "./support/catalog.js";

const json = fc.jsonValue({ maxDepth: 3 });
const name = fc.string({ maxLength: 3 });
const names = fc.oneof(name, fc.constant(null), fc.constant(undefined), fc.array(name, { maxLength: 4 }));
const date = { type: "string", format: "date-time" } as const;

/** The same value with the keys of its objects in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reordered(item)]),
  );
}

describe("sameness", () => {
  it.each([
    ["sameJson", json, sameJson],
    ["sameValue", json, (a: unknown, b: unknown) => sameValue(a, b)],
    ["sameNames", names, sameNames],
  ] as const)("of %s holds of itself, and both ways", (_, values: fc.Arbitrary<unknown>, same) => {
    fc.assert(fc.property(values, (a) => same(a, structuredClone(a))));
    fc.assert(fc.property(values, values, (a, b) => same(a, b) === same(b, a)));
  });

  it("is that of JSON texts, whatever the order of keys", () => {
    fc.assert(fc.property(json, (a) => sameJson(a, reordered(a)) && sameJson(a, JSON.parse(JSON.stringify(a)))));
    fc.assert(
      fc.property(json, json, (a, b) => sameJson(a, b) === (canonical(a) === canonical(b))),
      { numRuns: 500 },
    );
  });

  it("is that of plain values and names", () => {
    const text = (value: unknown) => JSON.stringify(value);
    fc.assert(fc.property(json, (a) => text(plainValue(a)) === text(plainValue(reordered(a)))));
    fc.assert(
      fc.property(json, json, (a, b) => sameValue(a, b) === (text(plainValue(a)) === text(plainValue(b)))),
      { numRuns: 500 },
    );
    fc.assert(fc.property(names, names, (a, b) => sameNames(a, b) === (text(plainNames(a)) === text(plainNames(b)))));
    const list = { type: "array", items: date } as const;
    const [summer, same] = [["2026-05-01T12:00:00+02:00"], ["2026-05-01T10:00:00.000Z"]];
    expect(plainValue(summer, list)).toEqual(plainValue(same, list));
    expect(plainValue(summer)).not.toEqual(plainValue(same));
  });

  it("of dates is that of their instants, in any notation", () => {
    const instant = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });
    fc.assert(
      fc.property(instant, fc.integer({ min: -14, max: 14 }), fc.constantFrom("", "0", "00"), (at, hours, zeros) => {
        const sign = hours < 0 ? "-" : "+";
        const zone = `${sign}${String(Math.abs(hours)).padStart(2, "0")}`;
        const local = new Date(at.getTime() + hours * 3_600_000).toISOString().replace("Z", zeros);
        for (const text of [`${local}${zone}:00`, `${local}${zone}00`]) {
          expect(sameValue(at.toISOString(), text, date)).toBe(true);
          expect(sameValue([at.toISOString()], [text], { type: "array", items: date })).toBe(true);
          expect(sameValue(at.toISOString(), text)).toBe(at.toISOString() === text);
        }
        expect(sameValue(at.toISOString(), new Date(at.getTime() + 1).toISOString(), date)).toBe(false);
      }),
    );
  });

  it("of names is that of sets: order and repeats do not count, one is a list of one, none is none", () => {
    fc.assert(
      fc.property(fc.array(name), fc.array(fc.nat()), (all, swaps) => {
        const other = [...all, ...swaps.flatMap((at) => all[at % Math.max(1, all.length)] ?? [])].reverse();
        return sameNames(all, other);
      }),
    );
    fc.assert(fc.property(name, (one) => sameNames(one, [one]) && !sameNames(one, null)));
    expect([sameNames(null, []), sameNames(undefined, null), sameNames([], undefined)]).toEqual([true, true, true]);
    expect(sameNames({ combinator: "and", rules: [] }, { combinator: "and", rules: [] })).toBe(false);
  });

  it("of a value takes null for absent, and nothing else", () => {
    fc.assert(
      fc.property(json, (a) => sameValue(a, null) === (a === null) && sameValue(undefined, a) === (a === null)),
    );
  });

  it("of a title takes the identifier for none", () => {
    const found = { identifier: "a", title: "a" };
    expect(sameHead("title", { title: null }, found)).toBe(true);
    expect(sameHead("title", { title: "b" }, found)).toBe(false);
    expect(sameHead("icon", {}, { identifier: "a", icon: "a" })).toBe(false);
  });
});

describe("holds", () => {
  const blueprint = blueprintOf("b", { schema: { properties: { seen: date, note: { type: "string" } } } });

  it("is true of what was sent, with whatever else the catalog holds", () => {
    const bodies = fc.record({
      title: fc.option(name),
      team: fc.array(name),
      properties: fc.dictionary(name, json),
      relations: fc.dictionary(name, fc.oneof(name, fc.array(name))),
    });
    fc.assert(
      fc.property(bodies, fc.dictionary(name, json), (body, more) => {
        const found = { identifier: "x", icon: "i", ...body, properties: { ...more, ...body.properties } };
        expect(holds(body, found)).toBe(true);
      }),
    );
  });

  it.each([
    ["another property", { properties: { note: "b" } }],
    ["a property that is gone", { properties: {} }],
    ["another target", { relations: { owner: "u" } }],
    ["another title", { title: "B" }],
  ])("is false of %s", (_, change) => {
    const body = { title: "A", properties: { note: "a" }, relations: { owner: "t" } };
    expect(holds(body, { identifier: "x", ...body })).toBe(true);
    expect(holds(body, { identifier: "x", ...body, ...change })).toBe(false);
  });

  it("reads dates by the blueprint, and leaves searches out", () => {
    const found = { identifier: "x", properties: { seen: "2026-01-01T00:00:00.000Z" }, relations: { owner: "t" } };
    const body = {
      properties: { seen: "2026-01-01T01:00:00+01:00" },
      relations: { owner: { combinator: "and", rules: [] } },
      team: { combinator: "and", rules: [] },
    } as const;
    expect(holds(body, found, blueprint)).toBe(true);
    expect(holds(body, found)).toBe(false);
  });
});

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "0" : JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .sort()}}`;
}
