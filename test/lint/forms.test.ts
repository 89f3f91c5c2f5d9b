import { describe, expect, it } from "vitest";
import { type LintFinding, lintForms } from "../../src/lint/codes.js";

const finding: LintFinding = {
  file: "maps/a,b.yaml",
  line: 3,
  path: "duplicates",
  code: "wrong_value",
  severity: "error",
  message: "100% wrong\nin two lines",
  fix: "write `first`",
};

describe("the forms of lint's findings", () => {
  it("writes place, weight, code and path, then what is wrong and its fix", () => {
    expect(lintForms.text([finding])).toBe(
      "maps/a,b.yaml:3  error  wrong_value  duplicates\n    100% wrong\nin two lines\n    fix: write `first`\n",
    );
  });

  it("writes annotations that GitHub reads, with its escapes", () => {
    const note = {
      file: "b.yaml",
      path: "",
      code: "reversed_default",
      severity: "note",
      message: "m",
      fix: "n",
    } as const;
    expect(lintForms.github([finding, note])).toBe(
      "::error file=maps/a%2Cb.yaml,line=3,title=portload wrong_value::duplicates: 100%25 wrong%0Ain two lines; fix: write `first`\n" +
        "::notice file=b.yaml,title=portload reversed_default::m; fix: n\n",
    );
  });

  it("writes one JSON object with the counts", () => {
    expect(JSON.parse(lintForms.json([finding]))).toEqual({
      schemaVersion: 1,
      error: 1,
      warning: 0,
      note: 0,
      findings: [finding],
    });
  });

  it("writes nothing of nothing as text", () => {
    expect(lintForms.text([])).toBe("");
  });
});
