import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands.js";
import { envOf, makeFolder, root, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";
import { runProgram } from "../support/program.js";

const teams = join(root, "samples/teams.json");
const mapping = join(root, "mappings/organisation.yaml");

describe("wrong usage ends with 64 before any work", () => {
  it.each([
    ["import", teams, "-m", mapping, "--bogus"],
    ["import", teams, "-m", mapping, "--mode", "replace"],
    ["import", teams, "-m", mapping, "--report", "out.txt"],
    ["import", teams, "-m", mapping, "--pace", "http://x"],
    ["import", teams, "-m", mapping, "--api-url", "ftp://x"],
    ["import", teams, "-m", mapping, "--limit=-1"],
    ["sync", teams, "-m", mapping, "--prune", "--bogus", "1"],
    ["sync", teams, "-m", mapping, "--prune", "--limit", "1"],
    ["plan", teams, "-m", mapping, "--out", "a.plan", "--bogus"],
    ["preview", teams, "-m", mapping, "--bogus"],
    ["entity", "delete-all", "team", "--yes", "--bogus"],
    ["entity", "create", "team", "--identifier", "a", "--bogus"],
    ["blueprint", "apply", join(root, "samples/blueprints/team.json"), "--bogus"],
    ["emulator", "--port", "0", "--bogus"],
    ["emulator", "extra", "--port", "0"],
    ["demo", "--bogus"],
    ["schema", "--bogus"],
    ["completion", "--bogus"],
    ["nonsense"],
    [],
  ])("portload %s %s %s %s %s %s", async (...args) => {
    const emulator = await startCatalog({ limits: "port" });
    const state = join(await makeFolder(), "state");
    const { code, stdout, stderr } = await runInProcess(args, { ...envOf(emulator), PORTLOAD_STATE: state });
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toMatch(/^portload: /);
    expect(existsSync(state)).toBe(false);
    const { families } = emulator.stats();
    expect(Object.values(families).filter(({ accepted }) => accepted > 0)).toEqual([]);
  });

  it("reports the bounds of a number", async () => {
    const { stderr } = await runInProcess(["import", teams, "-m", mapping, "--limit=-1", "--keep", "x"]);
    expect(stderr).toContain(
      '--limit must be a whole number from 0, not "-1"\n--keep must be a whole number from 1, not "x"',
    );
  });

  it.each([
    ["import", teams, "-m", mapping, "--bogus"],
    ["emulator", "--port", "0", "--bogus"],
  ])("also as a process, which then ends: portload %s %s %s", async (...args) => {
    const { code, stdout } = await runProgram(args, {}, { cwd: await makeFolder() });
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
  });
});

describe("the common flags", () => {
  it("are taken by every command", async () => {
    expect(commands.map(({ name }) => name)).toContain("import");
    for (const { name } of commands) {
      const line = [...name.split(" "), "--help", "--all", "--yes", "--quiet", "--no-color"];
      const { stdout: help } = await runInProcess(line);
      for (const flag of ["--yes", "--quiet", "--color"]) expect(help, name).toContain(flag);
    }
  });
});
