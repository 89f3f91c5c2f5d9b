import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../support/catalog.js";
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

  it("takes a record by its line, as messages name it", async () => {
    const cwd = await makeFolder();
    await writeFile(join(cwd, "a.csv"), 'id,text\n1,one\n2,"two\nthree"\n\n3,four\n');
    await writeFile(
      join(cwd, "m.yaml"),
      `resources: [{ kind: a, port: { entity: { mappings: { identifier: .id, blueprint: '"a"' } } } }]\n`,
    );
    const at = async (source: string) => {
      const { code, stdout, stderr } = await runProgram(["explain", source, "-m", "m.yaml", "-o", "json"], {}, { cwd });
      return code === 0 ? JSON.parse(stdout).position : [code, stderr.split("\n").at(-2)];
    };
    expect(await at("a.csv:2")).toBe(1);
    expect(await at("a.csv:3")).toBe(2);
    expect(await at("a.csv:4")).toBe(2);
    expect(await at("a.csv:6")).toBe(3);
    expect(await at("a=a.csv:3")).toBe(2);
    expect(await at("a.csv:1")).toEqual([64, "portload: line 1 of the source holds no record"]);
    expect(await at("a.csv:5")).toEqual([64, "  The record above it is --record 2."]);
    expect(await at("a.csv:7")).toEqual([64, "  The record above it is --record 3."]);
    expect(await at("b.csv:2")).toEqual([3, expect.stringContaining("b.csv")]);
    expect(await at("a.csv")).toEqual([64, expect.stringContaining("or by its line: a.csv:13")]);
  });

  it("ends with 64 without a record", async () => {
    expect((await runProgram(["explain", "samples/services.csv", ...mapping])).code).toBe(64);
  });
});
