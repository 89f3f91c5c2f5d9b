import { describe, expect, it } from "vitest";
import { runInProcess as runProgram } from "../support/in-process.js";

describe("portload schema", () => {
  it.each([
    [[], "portload mapping"],
    [["test"], "portload mapping tests"],
  ])("%j prints the JSON Schema titled %s", async (args, title) => {
    const { code, stdout } = await runProgram(["schema", ...args]);
    expect([code, JSON.parse(stdout).title]).toEqual([0, title]);
  });
});
