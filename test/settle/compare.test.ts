import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EntityBody } from "../../src/entity.js";
import { sameValue } from "../../src/same-value.js";
import { compileComparison, type MappedFields } from "../../src/settle/compare.js";
import { blueprintOf } from "../support/catalog.js";

const date = { type: "string", format: "date-time" } as const;
const service = blueprintOf("service", {
  schema: {
    properties: {
      tier: { type: "string", default: "gold" },
      size: { type: "number" },
      seen: date,
      dates: { type: "array", items: date },
      data: { type: "object" },
    },
    required: ["size"],
  },
  relations: { owner: { target: "team", required: true }, uses: { target: "service", many: true } },
  mirrorProperties: { ownerName: { path: "owner.$title" } },
  ownership: { type: "Direct" },
});
const all: MappedFields = {
  head: ["title", "icon", "team"],
  properties: ["tier", "size", "seen", "dates", "data"],
  relations: ["owner", "uses"],
};
const held = {
  identifier: "a",
  title: "A",
  icon: null,
  team: ["x", "y"],
  properties: { tier: "gold", size: 1, seen: "2026-01-01T12:00:00.000Z", data: { a: 1, b: [1] }, ownerName: "Blue" },
  relations: { owner: "t", uses: ["b", "c"] },
};
const body = (fields: Partial<EntityBody> = {}): EntityBody => ({
  identifier: "a",
  properties: {},
  relations: {},
  ...fields,
});
const whole = body({
  title: "A",
  team: ["y", "x"],
  properties: { tier: "gold", size: 1, seen: "2026-01-01T13:00:00+01:00", data: { b: [1], a: 1 } },
  relations: { owner: ["t"], uses: ["c", "b", "c"] },
});

describe("a comparison in merge", () => {
  const merge = compileComparison(service, "merge", all);

  it.each<[string, Partial<EntityBody>, string[]]>([
    ["nothing brought", {}, []],
    ["all the same in other notation", whole, []],
    ["null where there is none", { icon: null, properties: { dates: null }, relations: {} }, []],
    [
      "a null that clears",
      { properties: { tier: null }, relations: { uses: null } },
      ["properties.tier", "relations.uses"],
    ],
    ["an empty list of targets", { relations: { uses: [] } }, ["relations.uses"]],
    ["another value", { title: "B", properties: { size: 2 } }, ["title", "properties.size"]],
    ["one team of two", { team: "x" }, ["team"]],
    ["a search as target", { relations: { owner: { combinator: "and", rules: [] } } }, ["relations.owner"]],
    ["an order of elements", { properties: { data: { a: 1, b: [1, 2] } } }, ["properties.data"]],
  ])("finds the fields that change: %s", (_title, fields, paths) => {
    expect(merge.changes(body(fields), held).map(({ path }) => path)).toEqual(paths);
  });

  it("keeps what was before in the fields that are brought, and no others", () => {
    const brought = body({ title: "B", properties: { size: 2, dates: [] }, relations: { owner: "u" } });
    expect(merge.before(brought, held)).toEqual({
      identifier: "a",
      title: "A",
      properties: { size: 1, dates: null },
      relations: { owner: "t" },
    });
  });

  it("asks for the fields that are mapped and those that are required", () => {
    const some = compileComparison(service, "merge", { head: ["title"], properties: ["tier"], relations: [] });
    expect(some.include).toEqual(["$identifier", "$title", "tier", "size", "owner"]);
  });

  it("asks for whole entities where a property has the name of a field of every entity", () => {
    const named = blueprintOf("named", { schema: { properties: { title: { type: "string" } } } });
    expect(
      compileComparison(named, "merge", { head: [], properties: ["title"], relations: [] }).include,
    ).toBeUndefined();
  });

  it("reports what would be missing, the catalog's values counted", () => {
    expect(merge.lacks(body())).toEqual(["properties.size", "relations.owner"]);
    expect(merge.lacks(body(), held)).toEqual([]);
    expect(merge.lacks(body({ properties: { size: null } }), held)).toEqual(["properties.size"]);
  });
});

describe("a comparison in override", () => {
  const override = compileComparison(service, "override", all);

  it.each<[string, EntityBody, string[]]>([
    ["all the same, the default left out", { ...whole, properties: { ...whole.properties, tier: undefined } }, []],
    ["a title left out", { ...whole, title: null }, ["title"]],
    [
      "all left out",
      body(),
      ["title", "team", "properties.size", "properties.seen", "properties.data", "relations.owner", "relations.uses"],
    ],
  ])("finds the fields that change, those left out among them: %s", (_title, brought, paths) => {
    expect(override.changes(brought, held).map(({ path }) => path)).toEqual(paths);
  });

  it("takes the identifier as a title for none", () => {
    expect(override.changes({ ...whole, title: null }, { ...held, title: "a" })).toEqual([]);
  });

  it("leaves out a team that is inherited, and what is calculated", () => {
    const inherits = { ...service, ownership: { type: "Inherited" as const, path: "owner" } };
    const comparison = compileComparison(inherits, "override", all);
    expect(comparison.include).toEqual([
      "$identifier",
      "$title",
      "$icon",
      "tier",
      "size",
      "seen",
      "dates",
      "data",
      "owner",
      "uses",
    ]);
  });
});

describe("values that mean the same", () => {
  it.each([
    ["2026-01-01T12:00:00Z", "2026-01-01T13:00:00+01:00", true],
    ["2026-01-01T12:00:00.5Z", "2026-01-01t12:00:00.500000z", true],
    ["2026-01-01T12:00:00.0000001Z", "2026-01-01T12:00:00.0000002Z", false],
    ["2026-01-01T12:00:00Z", "2026-01-01T12:00:01Z", false],
    ["soon", "soon", true],
    ["soon", "later", false],
  ])("as dates: %s and %s: %s", (a, b, same) => {
    expect(sameValue(a, b, date)).toBe(same);
    expect(sameValue([a], [b], { type: "array", items: date })).toBe(same);
  });

  it("as text only to the letter", () => {
    expect(sameValue("2026-01-01T12:00:00Z", "2026-01-01T13:00:00+01:00", { type: "string" })).toBe(false);
    expect(sameValue("1", 1, { type: "string" })).toBe(false);
  });

  it("are those that come back from JSON, whatever the order of keys", () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, shuffled(inner)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const back = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
        expect(sameValue(a, shuffled(back(a)))).toBe(true);
        const differ = JSON.stringify(shuffled(shuffled(back(a)))) !== JSON.stringify(shuffled(shuffled(back(b))));
        if (!differ) expect(sameValue(a, b)).toBe(true);
        expect(sameValue(a, b)).toBe(sameValue(b, a));
      }),
    );
  });
});
