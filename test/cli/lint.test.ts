import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../support/catalog.js";
import { runInProcess as runProgram } from "../support/in-process.js";

describe("portload lint", () => {
  it("prints findings on stdout, counts on stderr, and ends with 0 without an error", async () => {
    const { code, stdout, stderr } = await runProgram([
      "lint",
      "mappings/services.yaml",
      "--blueprints",
      "samples/blueprints",
    ]);
    expect([code, stderr]).toEqual([
      0,
      "1 file: 0 errors, 0 warnings, 2 notes\ncolumns were not compared with a file: add --source <file>\n",
    ]);
    expect(stdout).toMatch(
      /^mappings\/services\.yaml:45 {2}note {2}relation_without_resource {2}.*\n(?:.*\n)*mappings\/services\.yaml {2}note {2}reversed_default\n/,
    );
  });

  it("says that columns were not looked at, with the file that is called as the kind; not where one was given", async () => {
    const cwd = await makeFolder();
    await writeFile(join(cwd, "apps.csv"), "Key\na\n");
    await writeFile(
      join(cwd, "m.yaml"),
      `resources: [{ kind: apps, port: { entity: { mappings: { identifier: .Kye, blueprint: '"app"' } } } }]\n`,
    );
    const run = (...more: string[]) => runProgram(["lint", "m.yaml", ...more], {}, { cwd });
    const unchecked = "names and types were not checked against blueprints: add --blueprints <folder>\n";
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([
      0,
      `1 file: 0 errors, 0 warnings, 0 notes\ncolumns were not compared with a file: add --source apps.csv\n${unchecked}`,
    ]);
    const compared = await run("--source", "apps.csv");
    expect([compared.code, compared.stderr]).toEqual([3, expect.stringMatching(/^1 file: 1 error, .*\n.*\n$/)]);
    expect(compared.stderr.endsWith(unchecked)).toBe(true);
    for (const flag of [["-m", "m.yaml"], ["--mapping=m.yaml"]])
      expect(await runProgram(["lint", ...flag, "--source", "apps.csv"], {}, { cwd })).toEqual(compared);
    expect((await run("--output", "json")).stderr).not.toContain("columns");
  });

  it("ends with 3 on an error, and annotates for GitHub", async () => {
    const { code, stdout } = await runProgram([
      "lint",
      "test/fixtures/lint/bare-word.yaml",
      "--output",
      "github",
      "--quiet",
    ]);
    expect(code).toBe(3);
    expect(stdout.split("\n")).toEqual([
      "::error file=test/fixtures/lint/bare-word.yaml,line=7,title=portload bare_word::resources.0.port.entity.mappings.blueprint: jq reads `service` as the name of a function, and there is no such function; fix: write '\"service\"'; for a column or key write `.service`",
      "::error file=test/fixtures/lint/bare-word.yaml,line=9,title=portload bare_word::resources.0.port.entity.mappings.properties.tier: jq reads `gold` as the name of a function, and there is no such function; fix: write '\"gold\"'; for a column or key write `.gold`",
      "",
    ]);
  });

  it("ends with 64 on a form that it lacks", async () => {
    const { code, stderr } = await runProgram(["lint", "mappings/dotgov.yaml", "--output", "xml"]);
    expect(code).toBe(64);
    expect(stderr).toContain("--output must be text, json or github");
  });
});
