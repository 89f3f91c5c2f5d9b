import { describe, expect, it } from "vitest";
import { apiReport } from "./support/api-report.js";

describe.each([
  ["portload", "dist/index.d.ts"],
  ["portload-emulator", "dist/emulator/emulator.d.ts"],
])("the public surface of %s", (name, declarations) => {
  it("is as its report says", async () => {
    const { text, faults } = await apiReport(name, declarations);
    await expect(text).toMatchFileSnapshot(`../docs/api/${name}.api.md`);
    expect(faults).toEqual([]);
    expect(text).not.toMatch(/\bzod\b|z\.(?:infer|output|input)/);
  });
});
