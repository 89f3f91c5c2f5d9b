import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseMapping } from "../../src/map/mapping-file.js";
import { applyBlueprintFiles } from "../../src/recipes/apply-blueprints.js";
import { runImport } from "../../src/recipes/import.js";
import { proposeMapping } from "../../src/recipes/init.js";
import { lint } from "../../src/recipes/lint.js";
import { envOf, makeFolder, root, startCatalog } from "../support/catalog.js";

const dotgov = join(root, "../shared/data/dotgov/current-full.csv");
const sample = (name: string): string => join(root, "samples", name);

/** Proposes for sources, lints what was written, and imports the sources through it into an empty catalog. */
async function tryInit(sources: readonly string[], given: { readonly blueprint?: string } = {}) {
  const folder = await makeFolder();
  const [out, blueprintsOut] = [join(folder, "mapping.yaml"), join(folder, "blueprints")];
  const proposed = await proposeMapping({
    ...given,
    sources: [...sources],
    out,
    ...(given.blueprint === undefined && { blueprintsOut }),
  });
  const blueprints = given.blueprint === undefined ? blueprintsOut : join(root, "samples/blueprints");
  const findings = await lint({ mappings: [out], blueprints, source: [...sources] });
  const emulator = await startCatalog({ blueprints: [] });
  const env = envOf(emulator);
  await applyBlueprintFiles([blueprints], { env });
  const { report } = await runImport({ sources: [...sources], mapping: out, stateDir: join(folder, "state") }, { env });
  return { proposed, findings, report, text: await readFile(out, "utf8") };
}

const told = ({ findings }: { readonly findings: Awaited<ReturnType<typeof lint>> }) =>
  findings.filter(({ severity }) => severity !== "note");

describe("init", () => {
  it.each([
    ["services.csv", 331],
    ["teams.json", 20],
    ["deployments.ndjson", 250],
  ])(
    "writes for %s a mapping and a blueprint that lint finds clean and that import all %i records",
    async (name, records) => {
      const tried = await tryInit([sample(name)]);
      expect(told(tried)).toEqual([]);
      expect(tried.report).toMatchObject({
        exitCode: 0,
        records: { read: records, mapped: records },
        entities: { created: records, rejected: 0 },
        rejects: [],
      });
    },
  );

  it.skipIf(!existsSync(dotgov))("does so for the 16,539 domains of a public file (needs ../shared/data)", async () => {
    const tried = await tryInit([dotgov]);
    expect(told(tried)).toEqual([]);
    expect(tried.report).toMatchObject({
      exitCode: 0,
      records: { read: 16_539 },
      entities: { created: 16_539, rejected: 0 },
      rejects: [],
    });
  });

  it("does so for several sources at once", async () => {
    const tried = await tryInit(["teams.json", "services.csv", "deployments.ndjson"].map(sample));
    expect(told(tried)).toEqual([]);
    expect(tried.report).toMatchObject({ exitCode: 0, entities: { created: 601, rejected: 0 } });
  });

  it("imports of the dirty sample all but the rows that cannot be read and those without a fit identifier, and asks about them", async () => {
    const tried = await tryInit([sample("services-dirty.csv")]);
    expect(told(tried)).toEqual([]);
    expect(tried.report.entities).toMatchObject({ created: 21, rejected: 1 });
    expect(tried.report.rejects.map(({ code, count, first }) => [code, count, first.position])).toEqual(
      expect.arrayContaining([
        ["ragged_row", 2, 5],
        ["identifier_invalid", 1, 11],
        ["identifier_missing", 1, 14],
      ]),
    );
    expect(tried.report.rejects).toHaveLength(3);
    expect(tried.proposed.questions).toEqual(
      expect.arrayContaining([
        expect.stringContaining("records 11, 14"),
        expect.stringContaining('1 of 22 values of ."Monthly Cost (EUR)" are no numbers'),
      ]),
    );
  });

  it("pins dialect and encoding, and takes the likeliest answer to what is in doubt", async () => {
    const folder = await makeFolder();
    const source = join(folder, "offices.csv");
    await writeFile(source, Buffer.from("id;Stra\xdfe;Seit\n1;Weg 1;31.12.2020\n2;Gasse 2;01.02.2021\n", "latin1"));
    const { mapping } = await proposeMapping({ sources: [source] });
    const { source: pinned, onError } = parseMapping(mapping, "m.yaml");
    expect(pinned).toMatchObject({
      format: "csv",
      encoding: "windows-1252",
      csv: { delimiter: ";", quote: '"', header: true, skipLines: 0 },
      columns: { Seit: { date: "dd.MM.yyyy", zone: "UTC" } },
    });
    expect(onError).toBe("reject");
    expect(mapping).toContain("# ? in which zone are the dates of .Seit?");
  });

  it("matches columns to a blueprint that exists, and leaves out what does not fit, with the reason", async () => {
    const blueprint = sample("blueprints/service.json");
    const { mapping, blueprints } = await proposeMapping({ sources: [sample("services-dirty.csv")], blueprint });
    expect(blueprints).toEqual([]);
    const [resource] = parseMapping(mapping, "m.yaml").resources;
    expect(resource?.properties).not.toContain("tier");
    expect(resource?.properties).toEqual(expect.arrayContaining(["lifecycle", "lastReview", "tags", "costCentre"]));
    expect(resource?.entity.properties).toMatchObject({
      lastReview: '."Last Review" | values + "T00:00:00Z"',
      tags: '.Tags | values | split(";")',
    });
    expect(resource?.entity.relations).toEqual({
      owner: '."Owner Team"',
      dependsOn: '."Depends On" | values | split(", ")',
    });
    expect(mapping).toContain(
      '# ? .Tier does not fit the property "tier": is none of "Tier 1", "Tier 2", "Tier 3", "Tier 4"',
    );
  });

  it("matches every column of the clean sample to its blueprint", async () => {
    const { mapping } = await proposeMapping({
      sources: [sample("services.csv")],
      blueprint: sample("blueprints/service.json"),
    });
    const [resource] = parseMapping(mapping, "m.yaml").resources;
    const service = JSON.parse(await readFile(sample("blueprints/service.json"), "utf8")) as {
      schema: { properties: object };
      relations: object;
    };
    expect([...(resource?.properties ?? [])].sort()).toEqual(Object.keys(service.schema.properties).sort());
    expect([...(resource?.relations ?? [])].sort()).toEqual(Object.keys(service.relations).sort());
  });

  it("overwrites nothing unless told to", async () => {
    const out = join(await makeFolder(), "mapping.yaml");
    await writeFile(out, "mine\n");
    await expect(proposeMapping({ sources: [sample("teams.json")], out })).rejects.toThrow(`${out} exists`);
    await proposeMapping({ sources: [sample("teams.json")], out, yes: true });
    expect(await readFile(out, "utf8")).toContain("kind: teams");
  });
});
