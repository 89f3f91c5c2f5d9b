import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { LintCode } from "../../src/lint/codes.js";
import { lintMapping } from "../../src/lint/lint-mapping.js";
import { startJq } from "../../src/map/jq.js";
import { compileMapping } from "../../src/map/map.js";
import { parseMapping } from "../../src/map/mapping-file.js";
import { loadBlueprintFolder } from "../../src/recipes/run/blueprints.js";
import { root } from "../support/catalog.js";

const engine = startJq();
afterAll(() => engine.close());
const texts = ["services", "teams", "deployments", "organisation", "dotgov"].map((name) =>
  readFileSync(join(root, `mappings/${name}.yaml`), "utf8"),
);

/** Slips that a hand makes in one line. */
const slips: readonly ((line: string) => string | undefined)[] = [
  () => undefined,
  (line) => line.replace(/: .*/, ":"),
  (line) => line.replace(/[a-z]/, "x"),
  (line) => line.replace(/: .*/, ": [1, { a: null }]"),
  (line) => line.replace(/: .*/, ": some text | here"),
  (line) => `  ${line}`,
];

/** Codes of what keeps an import from starting, whatever the blueprints. */
const stops: readonly LintCode[] = [
  "not_readable",
  "unknown_key",
  "missing_key",
  "wrong_value",
  "refused_expression",
  "jq_syntax",
  "bare_word",
];

const slipped = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...slips)), { minLength: 1, maxLength: 3 }),
  )
  .map(([text, changes]) => {
    const lines = text.split("\n");
    for (const [at, slip] of changes) {
      const line = slip(lines[at % lines.length] ?? "");
      lines.splice(at % lines.length, 1, ...(line === undefined ? [] : [line]));
    }
    return lines.join("\n");
  });

describe("lint and import", () => {
  it("agree on which mappings cannot be started on, and lint never throws", async () => {
    const blueprints = new Map(
      (await loadBlueprintFolder(join(root, "samples/blueprints"))).map((each) => [each.identifier, each]),
    );
    await fc.assert(
      fc.asyncProperty(slipped, async (text) => {
        const isRefused = await Promise.resolve()
          .then(() => compileMapping(parseMapping(text, "mapping.yaml"), engine))
          .then(
            () => false,
            () => true,
          );
        const findings = await lintMapping(text, "mapping.yaml", {
          compile: (expression) => engine.compile(expression),
          blueprints,
        });
        expect(findings.some(({ code }) => stops.includes(code))).toBe(isRefused);
      }),
      { numRuns: 60 },
    );
  });
});
