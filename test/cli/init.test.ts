import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../support/catalog.js";
import { runInProcess as runProgram } from "../support/in-process.js";
import { textRow, workbook } from "../support/workbook.js";

describe("portload init", () => {
  it("prints the mapping on stdout, and its questions on stderr", async () => {
    const { code, stdout, stderr } = await runProgram(["init", "samples/services.csv"]);
    expect(code).toBe(0);
    expect(stdout).toContain("  - kind: services\n");
    expect(stderr).toContain('? are the values of .Tags lists, or texts that hold ";"?');
  });

  it("writes the files that are asked for, and says so", async () => {
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
        `wrote ${out}\nwrote ${join(blueprints, "team.json")}\n` +
        `To see the result: portload preview samples/teams.json -m ${out} --blueprints ${blueprints} --limit 1\n`,
    ]);
    const again = ["init", "samples/teams.json", "--out", out];
    expect((await runProgram(again)).code).toBe(64);
    await writeFile(out, `# edited\n${await readFile(out, "utf8")}`);
    expect((await runProgram([...again, "--yes"])).stderr).toContain(`\nreplaced ${out} (it was different)\n`);
    expect((await runProgram([...again, "--yes"])).stderr).toContain(`\nwrote ${out}\n`);
  });

  it("names the new blueprint as asked, and says how where a blueprint that exists is not found", async () => {
    const given = ["init", "samples/teams.json", "--blueprint-name", "squad"];
    const { stdout, stderr } = await runProgram([...given, "--output", "json"]);
    const { mapping, blueprints } = JSON.parse(stdout);
    expect([stderr, mapping.includes(`blueprint: '"squad"'`)]).toEqual(["", true]);
    expect(blueprints).toMatchObject([{ identifier: "squad", title: "Squad" }]);
    const lines = async (...args: readonly string[]) => (await runProgram(args)).stderr.split("\n");
    expect(await lines("init", "samples/teams.json", "--blueprint", "squad")).toEqual([
      "portload: there is no file squad, and the catalog cannot be asked for the blueprint: no credentials: set PORT_CLIENT_ID and PORT_CLIENT_SECRET",
      expect.stringMatching(/^ {2}For a new one of this name: --blueprint-name squad\. Take them from Port/),
      "",
    ]);
    expect(await lines(...given, "--blueprint", "squad")).toEqual([
      "portload: --blueprint-name names a new blueprint, --blueprint one that exists",
      "  Leave one of them out.",
      "",
    ]);
    expect(await lines(...given, "samples/services.csv")).toEqual([
      "portload: --blueprint-name fits one source",
      "  Name each by its kind, whose singular its blueprint is called: teams=samples/teams.json services=samples/services.csv",
      "",
    ]);
    expect((await lines("init", "samples/teams.json", "--blueprint-nam", "x"))[0]).toContain(
      "did you mean --blueprint-name?",
    );
  });

  it("ends with a command that works, for the sheets of a workbook as well, and says how each is named", async () => {
    const folder = await makeFolder();
    const book = join(folder, "our book.xlsx");
    await writeFile(
      book,
      workbook([
        {
          name: "Servers",
          rows: [
            ["Name", "Cores"],
            ["a", "1"],
            ["b", "2"],
          ]
            .map((row, at) => textRow(at + 1, row))
            .join(""),
        },
        {
          name: "Teams",
          rows: [
            ["Team", "Mail"],
            ["x", "x@example.com"],
            ["y", "y@example.com"],
          ]
            .map((row, at) => textRow(at + 1, row))
            .join(""),
        },
      ]),
    );
    const { stderr } = await runProgram(["init", book, "--out", join(folder, "m.yaml")]);
    const [, line = ""] = /: portload (preview .*)\n$/.exec(stderr) ?? [];
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
    const { code, stdout } = await runProgram(words);
    expect([code, stdout.trim().split("\n").length]).toEqual([0, 2]);
    const { stdout: unnamed } = await runProgram(["preview", book, "-m", join(folder, "m.yaml")]);
    expect(unnamed.trim().split("\n")).toHaveLength(4);
  });
});
