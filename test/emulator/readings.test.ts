import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { likeliestReadings, parseReadings, readings, readingValues } from "../../src/emulator/readings.js";
import { root } from "../support/catalog.js";
import { runProgram } from "../support/program.js";

const page = join(root, "docs/emulator.md");
const [begin, end] = ["<!-- readings: begin -->\n", "<!-- readings: end -->"];

function rendered(text: string): string {
  const rows = Object.entries(readings.shape).map(([key, { description }]) => {
    const [likeliest, ...others] = readingValues[key as keyof typeof readingValues];
    return `| \`${key}\` | ${likeliest} | ${others.join(", ")} | ${description} |\n`;
  });
  const table = `| Reading | Likeliest | Or | Of |\n|---|---|---|---|\n${rows.join("")}`;
  const [before = "", rest = ""] = text.split(begin);
  return `${before}${begin}\n${table}\n${end}${rest.split(end)[1] ?? ""}`;
}

describe("the readings of Port's behaviour", () => {
  it("are in docs/emulator.md (UPDATE_DOCS=1 makes the table again)", () => {
    const text = readFileSync(page, "utf8");
    if (process.env.UPDATE_DOCS === "1") writeFileSync(page, rendered(text));
    expect(readFileSync(page, "utf8")).toBe(rendered(text));
  });

  it("are given as pairs, each value as its schema has it", () => {
    for (const [key, values] of Object.entries(readingValues)) {
      expect(values[0]).toBe(likeliestReadings[key as keyof typeof likeliestReadings]);
      expect(values.length).toBeGreaterThan(1);
      for (const value of values) expect(parseReadings([`${key}=${value}`])).toEqual({ [key]: value });
    }
    expect(parseReadings(["migrationPolls=12", "apostrophe=false"])).toEqual({ migrationPolls: 12, apostrophe: false });
  });

  it.each([
    ["nonsense=1", 'portload: --reading nonsense=1: there is no reading "nonsense"'],
    ["toString=1", 'portload: --reading toString=1: there is no reading "toString"'],
    ["bulkAllFailed=500", "portload: --reading bulkAllFailed=500: bulkAllFailed is one of 207, 200"],
    ["apostrophe", "portload: --reading must be <reading>=<value>"],
  ])("refuse %s before the emulator starts", async (pair, message) => {
    const { code, stderr } = await runProgram(["emulator", "--port", "0", "--reading", pair]);
    expect(code).toBe(64);
    expect(stderr).toContain(message);
  });
});
