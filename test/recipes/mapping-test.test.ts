import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SaxesParser } from "saxes";
import { describe, expect, it } from "vitest";
import { countResults, formatResults } from "../../src/mapping-test/results.js";
import { testMappings } from "../../src/recipes/mapping-test.js";
import { makeFolder, root } from "../support/catalog.js";

const folder = "test/fixtures/mapping-test";

/** The names of elements that a strict parser finds. */
function elementsOf(xml: string): string[] {
  const names: string[] = [];
  const parser = new SaxesParser();
  parser.on("opentag", ({ name, attributes }) =>
    names.push(name === "testcase" ? `testcase ${String(attributes.name)}` : name),
  );
  parser.on("error", (error) => {
    throw error;
  });
  parser.write(xml).close();
  return names;
}

describe("testing mappings", () => {
  it("reports each test, its differences and the coverage of its expressions", async () => {
    const files = await testMappings({ files: [`${folder}/people.test.yaml`, `${folder}/lost.test.yaml`] });
    expect(countResults(files)).toEqual({ passed: 2, failed: 4, updated: 0 });
    expect(formatResults(files)).toBe(`test/fixtures/mapping-test/people.test.yaml
  ok       passes
  FAIL     differs  (line 9)
           entities[0].properties.age: expected 3, got 4
  ok       fails an expression
  FAIL     has a cell that is no text  (line 16)
           record 1: the cell "age" is 3, and cells are text; put it in quotes
  FAIL     has no such kind  (line 18)
           names the kind "persons"; the mapping's kinds are people
  mapping  4 of 5 expressions gave a value, 1 null, 1 failed
           never a value: test/fixtures/mapping-test/people.yaml:14  resources.0.port.entity.mappings.properties.unused
test/fixtures/mapping-test/lost.test.yaml
  FAIL     there is no file test/fixtures/mapping-test/gone.yaml
`);
  });

  it("writes JUnit that a strict parser reads", async () => {
    const junit = join(await makeFolder(), "results.xml");
    await testMappings({ files: [`${folder}/people.test.yaml`, `${folder}/lost.test.yaml`], junit });
    expect(elementsOf(await readFile(junit, "utf8"))).toEqual([
      "testsuites",
      "testsuite",
      "testcase passes",
      "testcase differs",
      "failure",
      "testcase fails an expression",
      "testcase has a cell that is no text",
      "failure",
      "testcase has no such kind",
      "failure",
      "testsuite",
      "testcase can be run",
      "failure",
    ]);
  });

  it("rewrites what fails when asked, and passes then; what cannot run stays", async () => {
    const copy = await makeFolder();
    for (const name of ["people.yaml", "people.test.yaml"]) await copyFile(join(root, folder, name), join(copy, name));
    const file = join(copy, "people.test.yaml");
    const before = await readFile(file, "utf8");
    const [first] = await testMappings({ files: [file], update: true });
    expect(first?.tests.map(({ is }) => is)).toEqual(["passed", "updated", "passed", "failed", "failed"]);
    const [again] = await testMappings({ files: [file] });
    expect(again?.tests.map(({ is }) => is)).toEqual(["passed", "passed", "passed", "failed", "failed"]);
    const after = await readFile(file, "utf8");
    expect(after.split("\n").filter((line) => !before.split("\n").includes(line))).toEqual([
      "      - { blueprint: person, identifier: a, title: A, properties: { age: 4 } }",
    ]);
  });
});
