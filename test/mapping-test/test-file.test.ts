import { describe, expect, it } from "vitest";
import { parseTests } from "../../src/mapping-test/test-file.js";

describe("a file of tests", () => {
  it("has the line of each test", () => {
    const parsed = parseTests(
      "mapping: a.yaml\ntests:\n  - name: one\n    records: []\n\n  - name: two\n    text: x\n",
    );
    expect(parsed).toMatchObject({
      lines: [3, 6],
      file: { mapping: "a.yaml", tests: [{ name: "one", entities: [], rejects: [] }, { name: "two" }] },
    });
  });

  it("reports every fault at once, each with its line", () => {
    const text =
      "mappings: a.yaml\ntests:\n  - name: one\n    records: []\n    text: both\n  - records: []\n    rejects:\n      - code: no_such\n";
    const parsed = parseTests(text);
    expect("issues" in parsed && parsed.issues.map(({ path, line }) => [path, line])).toEqual([
      ["tests.0", 3],
      ["tests.1.name", 6],
      ["tests.1.rejects.0.code", 8],
      ["", undefined],
    ]);
  });

  it("reports what is not YAML", () => {
    expect(parseTests("tests: [\n")).toMatchObject({ issues: [{ path: "" }] });
  });
});
