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
        `wrote ${out}\nwrote ${join(blueprints, "team.json")}\n` +
        `To look at what comes of it: portload preview samples/teams.json -m ${out} --blueprints ${blueprints} --limit 1\n`,
    ]);
    const again = ["init", "samples/teams.json", "--out", out];
    expect((await runProgram(again)).code).toBe(64);
    await writeFile(out, `# edited\n${await readFile(out, "utf8")}`);
    expect((await runProgram([...again, "--yes"])).stderr).toContain(`\nreplaced ${out} (it was different)\n`);
    expect((await runProgram([...again, "--yes"])).stderr).toContain(`\nwrote ${out}\n`);
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
    const { stderr: unnamed } = await runProgram(["preview", book, "-m", join(folder, "m.yaml")]);
    expect(unnamed).toContain("Name it once for each kind that it has a sheet for: ");
    expect(unnamed).toMatch(/Servers=\S* book\.xlsx/);
  });
});
