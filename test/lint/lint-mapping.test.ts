import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type LintCode, lintCodes, lintForms } from "../../src/lint/codes.js";
import { lint } from "../../src/recipes/lint.js";
import { makeFolder, root } from "../support/catalog.js";

const folder = "test/fixtures/lint";

/** Mappings that are deliberately wrong, with the sources that some faults need. The expected findings of each are beside it, to the letter. */
const wrong: readonly (readonly [file: string, sources?: readonly string[]])[] = [
  ["bare-word"],
  ["jq-syntax"],
  ["unknown-names"],
  ["unknown-blueprint"],
  ["type-mismatch"],
  ["required-missing"],
  ["read-only"],
  ["left-out"],
  ["unknown-key"],
  ["refused-expression"],
  ["selector-and-items"],
  ["columns", ["services=columns.csv"]],
  ["fields", ["people=fields.json"]],
  ["dates", ["either.csv", "proven.csv", "days.csv"]],
  ["everything-at-once"],
  ["not-yaml"],
];

const inFolder = (source: string): string => source.replace(/^(\w+=)?/, `$1${folder}/`);

const linted = new Map<string, ReturnType<typeof lint>>();

/** Each is linted once. */
function lintWrong(file: string, sources: readonly string[] = []): ReturnType<typeof lint> {
  const known = linted.get(file);
  if (known !== undefined) return known;
  const made = lint({
    mappings: [`${folder}/${file}.yaml`],
    blueprints: `${folder}/blueprints`,
    source: sources.map(inFolder),
  });
  linted.set(file, made);
  return made;
}

describe("lint of a wrong mapping", () => {
  it.each(wrong.map(([file, sources = []]) => [file, sources] as const))(
    "reports all that is wrong with %s, each with its line and fix",
    async (file, sources) => {
      await expect(lintForms.text(await lintWrong(file, sources))).toMatchFileSnapshot(
        join(root, folder, `${file}.txt`),
      );
    },
  );

  it("has met every code once", async () => {
    const all = await Promise.all(wrong.map(([file, sources]) => lintWrong(file, sources)));
    const met = new Set<LintCode>(all.flat().map(({ code }) => code));
    expect(Object.keys(lintCodes).filter((code) => !met.has(code as LintCode))).toEqual([]);
  }, 30_000);
});

describe("lint of a right mapping", () => {
  it.each(["services", "teams", "deployments", "organisation", "dotgov"])("finds no fault in %s", async (name) => {
    const findings = await lint({ mappings: [`mappings/${name}.yaml`], blueprints: "samples/blueprints" });
    expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  });

  it("finds that the columns of the samples are those that their mapping reads", async () => {
    const source = ["teams.json", "services.csv", "deployments.ndjson"].map((name) => `samples/${name}`);
    const findings = await lint({ mappings: ["mappings/organisation.yaml"], blueprints: "samples/blueprints", source });
    expect(findings).toEqual([]);
  });

  it.each([
    ["nothing without relations and prune", "", "", []],
    ["of relations", "relations: { team: .team }", "", ["createMissingRelatedEntities"]],
    ["of a prune", "", "prune: all", ["deleteDependentEntities", "entityDeletionThreshold"]],
  ])("notes a default that differs from Port's only where it matters: %s", async (_title, fields, more, keys) => {
    const mapping = `resources: [{ kind: a, ${more === "" ? "" : `${more}, `}port: { entity: { mappings: { identifier: .id, blueprint: '"a"'${fields === "" ? "" : `, ${fields}`} } } } }]\n`;
    const file = join(await makeFolder(), "m.yaml");
    await writeFile(file, mapping);
    const notes = (await lint({ mappings: [file] })).filter(({ code }) => code === "reversed_default");
    // Its message is pasted unchanged.
    const lines = notes.flatMap(({ fix }) => [...fix.matchAll(/`(.*?)`/g)].map(([, line = ""]) => line));
    expect(lines.map((line) => line.split(":")[0])).toEqual(keys);
    await writeFile(file, lines.map((line) => `${line}\n`).join("") + mapping);
    expect((await lint({ mappings: [file] })).filter(({ code }) => code === "reversed_default")).toEqual([]);
  });

  it("says nothing of what only another integration steers but notes it", async () => {
    const findings = await lint({ mappings: ["test/fixtures/mappings/from-another-integration.yaml"] });
    expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  });
});

describe("lint of several files", () => {
  it("continues after a file that is missing", async () => {
    const findings = await lint({ mappings: ["no-such.yaml", `${folder}/not-yaml.yaml`] });
    expect(findings.map(({ file, code }) => [file, code])).toEqual([
      ["no-such.yaml", "not_readable"],
      [`${folder}/not-yaml.yaml`, "not_readable"],
    ]);
  });

  it("refuses a source that fits no kind of any mapping", async () => {
    const given = { mappings: ["mappings/organisation.yaml"], source: ["samples/services-dirty.csv"] };
    await expect(lint(given)).rejects.toThrow("no kind of the mapping fits the source samples/services-dirty.csv");
  });
});
