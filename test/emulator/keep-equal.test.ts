import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepEqual } from "../../src/emulator/calculation.js";

describe("keeping what a write does not change", () => {
  it("gives what was given, whatever was held", () => {
    const values = fc.dictionary(fc.constantFrom("a", "b", "c", "toString"), fc.jsonValue());
    fc.assert(
      fc.property(values, values, (held, given) => {
        const sent = JSON.parse(JSON.stringify(given)) as typeof given;
        expect(keepEqual(JSON.parse(JSON.stringify(held)), structuredClone(sent))).toEqual(sent);
      }),
    );
  });

  it("is the same object when nothing changes, and keeps equal parts when something does", () => {
    const held = { a: [1, { b: 2 }], c: 3 };
    expect(keepEqual(held, structuredClone(held))).toBe(held);
    const changed = keepEqual(held, { ...structuredClone(held), c: 4 });
    expect(changed).toEqual({ a: [1, { b: 2 }], c: 4 });
    expect(changed.a).toBe(held.a);
    expect(keepEqual(held, { a: held.a })).toEqual({ a: held.a });
  });
});
