import { describe, expect, it } from "vitest";
import type { Entity } from "../../src/entity.js";
import { mergePart } from "../../src/settle/duplicates.js";
import { blueprintOf } from "../support/catalog.js";
import { entity } from "../support/entities.js";

const service = blueprintOf("service", {
  schema: {
    properties: { seen: { type: "string", format: "date-time" }, tags: { type: "array" }, size: { type: "number" } },
  },
  relations: { uses: { target: "service", many: true } },
});
const merge = (earlier: Entity, later: Entity) => mergePart(earlier, later, service);
const a = entity("a", { title: "A", properties: { size: 1 }, relations: { uses: ["b", "c"] } });

describe("two entities of one key", () => {
  it("become one with the fields of both, which remembers where they came from", () => {
    const later = entity("a", { source: 1, position: 7, icon: "Box", properties: { size: 1, tags: ["x"] } });
    const merged = merge(a, later);
    expect(merged).toMatchObject({ is: "merged", added: ["icon", "properties.tags"] });
    const { entity: whole } = merged as { entity: Entity };
    expect(whole.body).toMatchObject({
      identifier: "a",
      title: "A",
      properties: { size: 1, tags: ["x"] },
      relations: { uses: ["b", "c"] },
    });
    expect([whole.at, whole.parts]).toEqual([a.at, [{ at: later.at, span: undefined, resource: 0, item: 0 }]]);
    expect(whole.bytes).toBe(Buffer.byteLength(whole.json));
  });

  it("are the same where the later one brings nothing else, whatever the notation", () => {
    const dated = entity("a", { properties: { seen: "2026-01-01T00:00:00Z" } });
    const sooner = entity("a", { position: 2, properties: { seen: "2026-01-01T01:00:00+01:00" } });
    expect(merge(dated, sooner)).toEqual({ is: "same" });
    expect(merge(a, entity("a", { position: 2, relations: { uses: ["c", "b", "b"] } }))).toEqual({ is: "same" });
    expect(merge(a, entity("a", { position: 2 }))).toEqual({ is: "same" });
  });

  it("disagree where both have a value and not the same, in every field at once", () => {
    const later = entity("a", { title: "B", properties: { size: 2, tags: [] }, relations: { uses: ["b"] } });
    expect(merge(a, later)).toEqual({
      is: "conflict",
      fields: [
        { path: "title", earlier: "A", later: "B" },
        { path: "properties.size", earlier: 1, later: 2 },
        { path: "relations.uses", earlier: ["b", "c"], later: ["b"] },
      ],
    });
  });

  it("take a value in place of null, in either order, and keep a null that nobody contradicts", () => {
    const empty = entity("a", { properties: { size: null, seen: null }, relations: { uses: null } });
    for (const [first, second] of [
      [empty, a],
      [a, empty],
    ] as const) {
      const merged = merge(first, second);
      expect(merged.is).toBe("merged");
      expect((merged as { entity: Entity }).entity.body).toMatchObject({
        properties: { size: 1, seen: null },
        relations: { uses: ["b", "c"] },
      });
    }
  });

  it("clear a title only where no part has one", () => {
    const clearing = entity("a", { position: 2 }).with({ clears: ["title", "icon"] });
    const merged = merge(clearing, a) as { entity: Entity };
    expect(merged.entity.body.title).toBe("A");
    expect(merged.entity.clears).toEqual(["icon"]);
    expect((merge(a, clearing) as { entity: Entity }).entity.clears).toEqual(["icon"]);
  });

  it("take an equal search for one value, and another for two", () => {
    const search = (value: string) => ({
      combinator: "and" as const,
      rules: [{ property: "code", operator: "=", value }],
    });
    const one = entity("a", { relations: { uses: search("x") } });
    expect(merge(one, entity("a", { title: "t", relations: { uses: search("x") } })).is).toBe("merged");
    expect(merge(one, entity("a", { relations: { uses: search("y") } })).is).toBe("conflict");
  });
});
