import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lintCodes } from "../../src/lint/codes.js";
import { root } from "../support/catalog.js";

describe("the codes of lint", () => {
  it("have each a row in docs/lint.md with their weight and meaning, and no row without a code", () => {
    const docs = readFileSync(join(root, "docs/lint.md"), "utf8");
    const rows = [...docs.matchAll(/^\| `(\w+)` \| (error|warning|note) \| (.+?) \|/gm)].map(
      ([, code, severity, means]) => [code, { severity, means }],
    );
    expect(Object.fromEntries(rows)).toEqual(lintCodes);
  });
});
