import { describe, expect, it } from "vitest";
import { runInProcess as runProgram } from "../support/in-process.js";

const mapping = ["-m", "mappings/services.yaml", "--blueprints", "samples/blueprints"];

describe("portload explain", () => {
  it("ends with 0 for a record that becomes an entity, as text or JSON", async () => {
    const { code, stdout } = await runProgram([
      "explain",
      "samples/services.csv",
      ...mapping,
      "--record",
      "1",
      "--output",
      "json",
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      position: 1,
      line: 2,
      kind: "services",
      candidates: [{ fate: "entity" }],
    });
  });

  it("ends with 1 for a record that is rejected", async () => {
    const { code, stdout } = await runProgram([
      "explain",
      "samples/services-dirty.csv",
      ...mapping,
      "--record",
      "9",
      "--quiet",
    ]);
    expect(code).toBe(1);
    expect(stdout).toContain("properties.monthlyCost  wrong_type: is not a number");
  });

  it("ends with 64 without a record", async () => {
    expect((await runProgram(["explain", "samples/services.csv", ...mapping])).code).toBe(64);
  });
});
