import { describe, expect, it } from "vitest";
import { runInProcess as runProgram } from "../support/in-process.js";

describe("portload test", () => {
  it("ends with 0 when all pass, and says how many", async () => {
    const { code, stderr } = await runProgram(["test", "mappings/dotgov.test.yaml"]);
    expect([code, stderr]).toEqual([0, "3 tests: 3 passed, 0 failed\n"]);
  });

  it("ends with 1 when one fails, and gives JSON", async () => {
    const { code, stdout } = await runProgram([
      "test",
      "test/fixtures/mapping-test/people.test.yaml",
      "--output",
      "json",
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, passed: 2, failed: 3, updated: 0 });
  });

  it("ends with 1 for a file that is missing", async () => {
    const { code, stdout } = await runProgram(["test", "no-such.test.yaml"]);
    expect([code, stdout]).toEqual([1, "no-such.test.yaml\n  FAIL     there is no file no-such.test.yaml\n"]);
  });
});
