import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testMappings } from "../src/recipes/mapping-test.js";
import { root } from "./support/catalog.js";

const folder = join(root, "mappings");
const mappings = readdirSync(folder).filter((name) => /^[^.]+\.ya?ml$/.test(name));

describe("the mappings of this package", () => {
  it.each(mappings)("%s has tests beside it", (name) => {
    expect(existsSync(join(folder, name.replace(/\.(ya?ml)$/, ".test.$1")))).toBe(true);
  });

  it.each(mappings)("%s passes its tests, and they try every leaf", async (name) => {
    const [result] = await testMappings({ files: [join(folder, name.replace(/\.(ya?ml)$/, ".test.$1"))] });
    expect(result?.error).toBeUndefined();
    expect(result?.tests.filter(({ is }) => is !== "passed")).toEqual([]);
    expect(result?.coverage.filter(({ value }) => value === 0).map(({ path }) => path)).toEqual([]);
  });
});
