import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands.js";
import { commandHelp } from "../../src/cli/help.js";
import { runInProcess } from "../support/in-process.js";

const linesOf = (text: string): readonly string[] => text.trimEnd().split("\n");

describe("help", () => {
  it.each([[["--help"]], [["-h"]], [["help"]]])("of the program: portload %j", async (args) => {
    const { code, stdout, stderr } = await runInProcess(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("import  Write every record of the sources to the catalog");
    expect(linesOf(stdout).length).toBeLessThan(50);
  });

  it.each([[["import", "--help"]], [["import", "-h"]], [["help", "import"]], [["-h", "import", "x.csv"]]])(
    "of a command, which does not run: portload %j",
    async (args) => {
      const { code, stdout } = await runInProcess(args);
      expect(code).toBe(0);
      expect(stdout).toContain("portload import <source…> -m <file> [flags]");
      expect(stdout).toContain("--mode <merge|override|create>");
      expect(stdout).not.toContain("--pace");
      expect(stdout).toContain("portload import --help --all shows");
    },
  );

  it("of a command in full has every flag, by groups", async () => {
    const { stdout } = await runInProcess(["help", "import", "--all"]);
    for (const text of ["Sources:", "Writing:", "Output:", "Target:", "Terminal:", "--pace-fallback"])
      expect(stdout).toContain(text);
  });

  it("of a family and of its verbs", async () => {
    expect((await runInProcess(["entity", "--help"])).stdout).toContain("entity delete-all <blueprint>");
    expect((await runInProcess(["help", "entity", "get"])).stdout).toContain(
      "portload entity get <blueprint> <identifier>",
    );
  });

  it("of every command fits a screen, and no line is wider than the terminal but what is to be pasted", () => {
    for (const command of commands) {
      const lines = linesOf(commandHelp(command, false, 100));
      expect(lines.length, command.name).toBeLessThanOrEqual(40);
      const isPasted = (line: string) => line.startsWith("  portload ") || line.startsWith("portload ");
      expect(lines.filter((line) => line.length > 100 && !isPasted(line))).toEqual([]);
    }
  });
});

describe("the version", () => {
  it.each(["--version", "-V"])("%s", async (flag) => {
    expect((await runInProcess([flag])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("what is not known is named, with what is near", () => {
  it.each([
    [["impot"], "there is no command impot\n  Did you mean: portload import"],
    [["help", "impot"], "there is no command impot"],
    [["entity", "overide"], "there is no command entity overide\n  Did you mean: portload entity override"],
    [["snyc", "a b.csv", "-m", "x.yaml"], "Did you mean: portload sync 'a b.csv' -m x.yaml\n"],
    [["-q", "help", "impot"], "Did you mean: portload -q help import\n"],
    [["blueprint", "blueprints", "apply", "-q"], "Did you mean: portload blueprint apply blueprints -q\n"],
    [["get", "entity", "server", "a"], "Did you mean: portload entity get server a\n"],
    [["merge", "server", "a"], "Did you mean: portload entity merge server a\n"],
    [["delete", "a"], "Name of what: portload entity|blueprint delete\n"],
    [
      ["validate", "a.yaml"],
      "A mapping is checked by portload lint; what it would write by portload import --dry-run\n",
    ],
    [["entity"], "portload: entity: name one of its commands\n  portload entity get|create"],
    [["import", "a.csv", "-m", "a.yaml", "--dryrun"], "portload: import has no --dryrun; did you mean --dry-run?"],
    [["import", "a.csv", "-m", "a.yaml", "--maxerrors", "5"], "did you mean --max-errors?"],
    [["sync", "a.csv", "-m", "a.yaml", "--prun"], "portload: sync has no --prun; did you mean --prune?"],
    [
      ["import", "a.csv", "-m", "a.yaml", "--purge"],
      "portload import has no --purge; what the sources lack is deleted by portload sync --prune",
    ],
    [["sync", "a.csv", "-m", "a.yaml", "--purge"], "portload: sync has no --purge; did you mean --prune?"],
    [["report", "report.html"], "portload report takes an import id, and report.html is a file"],
    [["import", "a.csv", "-m", "a.yaml", "-z"], "portload: import has no -z"],
    [["emulator", "extra"], 'portload: emulator takes no "extra"'],
    [["import", "a.csv", "-m", "--limit", "3"], "-m needs <file>"],
    [["import", "a.csv", "-m", "a.yaml", "--limit"], "--limit needs <n>"],
    [["import", "a.csv", "-m", "a.yaml", "--limit", "1", "--limit", "2"], "--limit is given more than once"],
    [["import", "a.csv", "-m", "a.yaml", "--dry-run=maybe"], "--dry-run takes no value"],
    [["emulator", "--latency", "80"], "--latency must be a duration, such as 30s"],
    [["emulator", "--limit-period", "300"], "--limit-period must be a duration, such as 30s"],
    [["entity", "get", "a", "b", "--bogus"], "portload: entity get has no --bogus\n"],
    [["import"], "source and --mapping are missing, and there is no portload.config.yaml in "],
  ])("portload %j", async (args, message) => {
    const { code, stdout, stderr } = await runInProcess(args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toContain(message);
  });
});

describe("-- ends the flags", () => {
  it.each([[["entity", "get", "svc", "--", "-web-03"]], [["entity", "merge", "svc", "--", "-web-03"]]])(
    "portload %j has the identifier -web-03, and fails for its credentials only",
    async (args) => {
      const { code, stderr } = await runInProcess(args);
      expect(code).toBe(3);
      expect(stderr).toContain("no credentials");
    },
  );

  it("so that no flag comes after it", async () => {
    const { stderr } = await runInProcess(["entity", "get", "svc", "a", "--", "--help"]);
    expect(stderr).toContain('portload: entity get takes no "--help"');
  });
});
