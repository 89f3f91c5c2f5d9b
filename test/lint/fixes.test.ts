import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Document, isMap, parse, parseDocument, type Scalar } from "yaml";
import type { LintFinding } from "../../src/lint/codes.js";
import { lintMapping } from "../../src/lint/lint-mapping.js";
import { startJq } from "../../src/map/jq.js";
import { loadBlueprintFolder } from "../../src/recipes/run/blueprints.js";
import { root } from "../support/catalog.js";

const folder = join(root, "test/fixtures/lint");

async function lintText(text: string): Promise<readonly LintFinding[]> {
  const engine = startJq();
  try {
    const blueprints = await loadBlueprintFolder(join(folder, "blueprints"));
    return await lintMapping(text, "m.yaml", {
      compile: (expression) => engine.compile(expression),
      blueprints: new Map(blueprints.map((blueprint) => [blueprint.identifier, blueprint])),
    });
  } finally {
    await engine.close();
  }
}

/** What a fix says to write, as text to paste; undefined for a fix in words. */
function pasteOf({ fix }: LintFinding): string | undefined {
  const [, text] = /^(?:for the text itself )?write (?:the array itself: )?(?:`([^`]+)`|'.*?'(?=;|$))/.exec(fix) ?? [];
  const [, quoted] = /^(?:for the text itself )?write '(".*?")'/.exec(fix) ?? [];
  return text ?? (quoted === undefined ? undefined : `'${quoted}'`);
}

/** Pastes a fix in its place: a key that is unknown by another name, all else as the value. */
function pasted(text: string, { path, code }: LintFinding, paste: string): string {
  const document: Document = parseDocument(text);
  const steps = path.split(".").map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  if (/^unknown_(?:key|property|relation)$/.test(code)) {
    const parent = document.getIn(steps.slice(0, -1));
    if (!isMap(parent)) throw new Error(`${path} has no parent`);
    const pair = parent.items.find(({ key }) => (key as Scalar).value === steps.at(-1));
    if (pair === undefined) throw new Error(`${path} is not there`);
    (pair.key as Scalar).value = paste;
  } else {
    document.setIn(steps, paste.startsWith("'") ? parse(paste) : paste);
  }
  return document.toString();
}

const files = ["bare-word", "type-mismatch", "unknown-names", "unknown-key", "unknown-blueprint", "selector-and-items"];

describe("the fixes of lint", () => {
  it.each(files)("of %s work when they are pasted", async (file) => {
    const text = readFileSync(join(folder, `${file}.yaml`), "utf8");
    const findings = (await lintText(text)).filter((finding) => pasteOf(finding) !== undefined);
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings) {
      const after = await lintText(pasted(text, finding, pasteOf(finding) as string));
      const left = after.filter(({ path, code }) => path === finding.path && code === finding.code);
      expect([finding.fix, left]).toEqual([finding.fix, []]);
      expect([finding.fix, after.map(({ code }) => code).includes("jq_syntax")]).toEqual([finding.fix, false]);
    }
  });
});
