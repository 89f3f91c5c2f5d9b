import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeySet } from "../../src/settle/keys.js";

describe("createKeySet", () => {
  it("numbers keys in order and remembers the first place, source by source", () => {
    const keys = createKeySet();
    const add = (identifier: string, source: number, position: number) =>
      keys.add({ blueprint: "service", identifier }, { source, position }, 7);
    expect(add("a", 0, 1)).toEqual({ entry: 0, isNew: true });
    expect(add("b", 2, 1)).toEqual({ entry: 1, isNew: true });
    expect(add("c", 0, 9)).toEqual({ entry: 2, isNew: true });
    expect(add("a", 0, 3)).toEqual({ entry: 0, isNew: false });
    expect([0, 1, 2].map(keys.place)).toEqual([
      { source: 0, position: 1 },
      { source: 2, position: 1 },
      { source: 0, position: 9 },
    ]);
    expect(keys.content(0)).toBe(7);
  });

  it("keeps blueprints apart, also where joining the names would not", () => {
    const keys = createKeySet();
    const at = { source: 0, position: 1 };
    keys.add({ blueprint: "a/b", identifier: "c" }, at, 0);
    expect(keys.find({ blueprint: "a", identifier: "b/c" })).toBe(-1);
    expect(keys.find({ blueprint: "a/b", identifier: "c" })).toBe(0);
  });

  it("acknowledges single entries", () => {
    const keys = createKeySet();
    for (let i = 0; i < 20; i++) keys.add({ blueprint: "b", identifier: `${i}` }, { source: 0, position: i + 1 }, i);
    keys.acknowledge(9);
    expect(Array.from({ length: 20 }, (_, i) => keys.isAcknowledged(i)).indexOf(true)).toBe(9);
    expect(Array.from({ length: 20 }, (_, i) => keys.isAcknowledged(i)).filter(Boolean)).toHaveLength(1);
  });

  it("behaves like a map from key to order of coming", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.string({ maxLength: 3 }))), (pairs) => {
        const keys = createKeySet();
        const model = new Map<string, number>();
        for (const [blueprint, identifier] of pairs) {
          const name = JSON.stringify([blueprint, identifier]);
          const isNew = !model.has(name);
          if (isNew) model.set(name, model.size);
          const added = keys.add({ blueprint, identifier }, { source: 0, position: 1 }, 0);
          expect(added).toEqual({ entry: model.get(name), isNew });
        }
        expect(keys.size).toBe(model.size);
      }),
    );
  });

  it("needs at most 32 bytes a key at 300,000 keys", () => {
    const keys = createKeySet();
    for (let i = 0; i < 300_000; i++)
      keys.add({ blueprint: "service", identifier: `srv-${i}` }, { source: 0, position: i + 1 }, i);
    expect(keys.size).toBe(300_000);
    expect(keys.bytes / keys.size).toBeLessThanOrEqual(32);
    expect(keys.find({ blueprint: "service", identifier: "srv-123456" })).toBe(123_456);
    expect(keys.find({ blueprint: "service", identifier: "srv-300000" })).toBe(-1);
  });
});
