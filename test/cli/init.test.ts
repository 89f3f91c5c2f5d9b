import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../support/catalog.js";
import { runInProcess as runProgram } from "../support/in-process.js";

describe("portload init", () => {
  it("prints the mapping on stdout, and its questions on stderr", async () => {
    const { code, stdout, stderr } = await runProgram(["init", "samples/services.csv"]);
    expect(code).toBe(0);
    expect(stdout).toContain("  - kind: services\n");
    expect(stderr).toContain('? are the values of .Tags lists, or texts that hold ";"?');
  });

  it("writes the files that it is told to, and says so", async () => {
    const folder = await makeFolder();
    const [out, blueprints] = [join(folder, "teams.yaml"), join(folder, "blueprints")];
    const { code, stdout, stderr } = await runProgram([
      "init",
      "samples/teams.json",
      "--out",
      out,
      "--blueprints-out",
      blueprints,
    ]);
    expect([code, stdout, stderr]).toEqual([
      0,
      "",
      'samples/teams.json: tried on the sample: 20 records, 20 would be imported as "team", none rejected\n' +
        `wrote ${out}\nwrote ${join(blueprints, "team.json")}\n`,
    ]);
    expect((await runProgram(["init", "samples/teams.json", "--out", out])).code).toBe(64);
  });
});
