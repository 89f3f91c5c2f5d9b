import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseMapping } from "../../src/map/mapping-file.js";
import { applyBlueprintFiles } from "../../src/recipes/apply-blueprints.js";
import { runImport } from "../../src/recipes/import.js";
import { proposeMapping } from "../../src/recipes/init.js";
import { lint } from "../../src/recipes/lint.js";
import { preview } from "../../src/recipes/preview.js";
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

const reported = ({ findings }: { readonly findings: Awaited<ReturnType<typeof lint>> }) =>
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
      expect(reported(tried)).toEqual([]);
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
    expect(reported(tried)).toEqual([]);
    expect(tried.report).toMatchObject({
      exitCode: 0,
      records: { read: 16_539 },
      entities: { created: 16_539, rejected: 0 },
      rejects: [],
    });
  });

  it("does so for several sources at once", async () => {
    const tried = await tryInit(["teams.json", "services.csv", "deployments.ndjson"].map(sample));
    expect(reported(tried)).toEqual([]);
    expect(tried.report).toMatchObject({ exitCode: 0, entities: { created: 601, rejected: 0 } });
  });

  it("tolerates and names the mistakes of the dirty sample, and says beforehand what its import refuses", async () => {
    const tried = await tryInit([sample("services-dirty.csv")]);
    expect(reported(tried)).toEqual([]);
    expect(tried.report.entities).toMatchObject({ created: 18, rejected: 4 });
    const rejects = tried.report.rejects.map(({ code, path, count, first }) => [code, path, count, first.position]);
    expect(rejects).toEqual(
      expect.arrayContaining([
        ["ragged_row", undefined, 1, 5],
        ["ragged_row", undefined, 1, 21],
        ["identifier_invalid", "identifier", 1, 11],
        ["identifier_missing", "resources.0.port.entity.mappings.identifier", 1, 14],
        ["wrong_type", "properties.monthlyCostEur", 1, 9],
        ["wrong_type", "properties.personalData", 1, 18],
        ["bad_format", "properties.goLive", 1, 20],
      ]),
    );
    const [{ lines } = { lines: [] }] = tried.proposed.tried;
    expect(lines[0]).toBe('tried on the sample: 25 records, 18 would be imported as "services-dirty", 7 rejected');
    expect(lines).toContainEqual(expect.stringMatching(/^properties\.monthlyCostEur: 1 of 22 \(line \d+\): /));
    expect(tried.proposed.questions).toContainEqual(expect.stringContaining("records 11, 14"));
    expect(tried.text).toContain(`#   ${lines[0]}`);
  });

  it("asks about a column named as a key that a few mistakes keep from telling all records apart", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `host-${i},0${Math.max(i, 1)},${i % 3}`);
    const text = ["Asset Name,Asset Tag,Rack", ...rows].join("\n");
    const { mapping, questions } = await proposeMapping({ sources: { assets: { text, format: "csv" } } });
    expect(mapping).toContain('identifier: ."Asset Name"');
    expect(questions).toEqual([
      'is "Asset Tag" the better identifier? It has 19 different values in 20 records, "01" comes more than once (record 2): mistakes of the source? To change it after an import makes new entities',
    ]);
  });

  it("asks for the order of dates with the lines to write, and not where a key beside it has the same days", async () => {
    const hosts = [1, 2, 3, 4].map((n) => ({ id: `a${n}`, seen: { shown: `0${n}/10/2026` } }));
    const format = '| values | strptime("%d/%m/%Y") |';
    const asked = await proposeMapping({ sources: { hosts } });
    expect(asked.questions.join()).toContain(`Write as its expression .seen.shown ${format}`);
    expect(asked.questions.join()).toContain('.seen.shown | values | strptime("%m/%d/%Y") |');
    const beside = hosts.map(({ id, seen }, i) => ({ id, seen: { ...seen, at: `2026-10-0${i + 1} 08:15:00` } }));
    const known = await proposeMapping({ sources: { hosts: beside } });
    expect(known.questions.join()).not.toContain("how are the dates");
    expect(known.mapping).toContain(`seenShown: .seen.shown ${format}`);
    const text = `id,seen\n${hosts.map(({ id, seen }) => `${id},${seen.shown}`).join("\n")}\n`;
    const { questions } = await proposeMapping({ sources: { hosts: { text, format: "csv" } } });
    expect(questions.join()).toContain(
      'Write under `columns` of the source "seen": { date: "dd/MM/yyyy", zone: UTC } for the day first, "seen": { date: "MM/dd/yyyy", zone: UTC } for the month first',
    );
  });

  it("names the fields with blanks beside what decides of them", async () => {
    const text = "id,name,notes\na,A,\nb,B,x\n";
    const { mapping } = await proposeMapping({ sources: { hosts: { text, format: "csv" } } });
    expect(mapping).toContain("Some records have no value in .notes: are the sources to empty");
  });

  it("writes only what was in doubt, and takes the likeliest answer to it as a question", async () => {
    const folder = await makeFolder();
    const source = join(folder, "offices.csv");
    await writeFile(source, Buffer.from("id;Stra\xdfe;Seit\n1;Weg 1;31.12.2020\n2;Gasse 2;01.02.2021\n", "latin1"));
    const { mapping, questions } = await proposeMapping({ sources: [source] });
    const { source: written, onError } = parseMapping(mapping, "m.yaml");
    expect(written).toEqual({
      encoding: "windows-1252",
      csv: { delimiter: ";" },
      columns: { Seit: { date: "dd.MM.yyyy", zone: "UTC" } },
    });
    expect(onError).toBe("reject");
    // A day needs no answer: what becomes of it is said beside it.
    expect(mapping).toMatch(/ seit: \.Seit +# days as dd\.MM\.yyyy \(.*\); each becomes its midnight in UTC/);
    expect(questions).toEqual([
      expect.stringMatching(
        /^line 1 is not UTF-8, so the source is read as windows-1252 \("Straße".*\); is that right\?$/,
      ),
    ]);
    // One semicolon may be part of a name; two that come in each row do not.
    const narrow = { text: "id;name\n1;a\n2;b\n", format: "csv" } as const;
    expect((await proposeMapping({ sources: { offices: narrow } })).questions).toEqual([
      expect.stringMatching(/^by the delimiter "," its header has 1 column, .* Else csv: \{ delimiter: "," \}/),
    ]);
    const plain = await proposeMapping({ sources: [sample("teams.json")] });
    expect(parseMapping(plain.mapping, "m.yaml").source).toEqual({
      json: { records: "directory.teams" },
      blanks: ["N/A"],
    });
  });

  it("matches columns to a blueprint that exists, and tolerates and names single mistakes", async () => {
    const blueprint = sample("blueprints/service.json");
    const { mapping, blueprints, tried } = await proposeMapping({ sources: [sample("services-dirty.csv")], blueprint });
    expect(blueprints).toEqual([]);
    const [resource] = parseMapping(mapping, "m.yaml").resources;
    expect(resource?.properties).toEqual(expect.arrayContaining(["lifecycle", "lastReview", "tags", "costCentre"]));
    expect(resource?.entity.properties).toMatchObject({
      lastReview: '."Last Review" | values + "T00:00:00Z"',
      tags: ".Tags",
    });
    expect(parseMapping(mapping, "m.yaml").source.columns).toEqual({
      Tags: { split: ";" },
      "Depends On": { split: "," },
    });
    expect(resource?.entity.relations).toEqual({ owner: '."Owner Team"', dependsOn: '."Depends On"' });
    expect(tried[0]?.lines).toContainEqual(
      expect.stringMatching(
        /^properties\.tier: 1 of 23 \(line \d+\): is none of "Tier 1", "Tier 2", "Tier 3", "Tier 4"/,
      ),
    );
  });

  it("leaves out, with the reason, what too many values do not fit", async () => {
    const folder = await makeFolder();
    const [source, blueprint] = [join(folder, "hosts.csv"), join(folder, "host.json")];
    await writeFile(source, 'id,tier,cost,since,live\nh1,gold,"1.234,50 €",5/13/2024,ja\nh2,tin,2 €,2/3/2024,nein\n');
    const property = (type: string, more = {}) => ({ type, ...more });
    await writeFile(
      blueprint,
      JSON.stringify({
        identifier: "host",
        schema: {
          properties: {
            tier: property("string", { enum: ["gold"] }),
            cost: property("number"),
            since: property("string", { format: "date-time" }),
            live: property("boolean"),
          },
        },
      }),
    );
    const { mapping, tried } = await proposeMapping({ sources: [source], blueprint });
    const { resources, source: read } = parseMapping(mapping, "m.yaml");
    expect(resources[0]?.properties).toEqual(["cost", "since", "live"]);
    expect(mapping).toContain('# ? .tier does not fit the property "tier": is none of "gold"');
    expect(read.columns).toEqual({
      cost: { number: { decimal: ",", group: ".", unit: "€" } },
      since: { date: "M/d/yyyy", zone: "UTC" },
      live: { true: ["ja"], false: ["nein"] },
    });
    expect(tried[0]?.lines).toEqual(['tried on the sample: 2 records, 2 would be imported as "host", none rejected']);
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

  it("takes a word for no value in the column alone where it is none: elsewhere it is a value", async () => {
    const rows = Array.from(
      { length: 12 },
      (_, index) => `s-${index},${["live", "unknown"][index % 2]},${index === 3 ? "unknown" : index},unknown`,
    );
    const folder = await makeFolder();
    await writeFile(join(folder, "apps.csv"), ["id,lifecycle,cores,owner", ...rows].join("\n"));
    const sources = [join(folder, "apps.csv")];
    const tried = await tryInit(sources);
    expect([reported(tried), tried.report.rejects]).toEqual([[], []]);
    expect(parseMapping(tried.text, "m.yaml").source).toEqual({ columns: { cores: { blanks: ["unknown"] } } });
    const lines: string[] = [];
    const emit = async (line: string) => lines.push(line) > 0;
    await preview({ sources, mapping: tried.proposed.mappingObject }, { emit });
    expect(lines.slice(3, 5).map((line) => JSON.parse(line).properties)).toEqual([
      { lifecycle: "unknown", owner: "unknown" },
      { lifecycle: "live", cores: "4", owner: "unknown" },
    ]);
    const property = { type: "number" };
    await writeFile(
      join(folder, "app.json"),
      JSON.stringify({ identifier: "app", schema: { properties: { cores: property, lifecycle: { type: "string" } } } }),
    );
    const matched = await proposeMapping({ sources, blueprint: join(folder, "app.json") });
    expect(matched.mappingObject.source).toEqual({ columns: { cores: { blanks: ["unknown"] } } });
  });

  it("overwrites nothing without `force`", async () => {
    const out = join(await makeFolder(), "mapping.yaml");
    await writeFile(out, "mine\n");
    await expect(proposeMapping({ sources: [sample("teams.json")], out })).rejects.toThrow(`${out} exists`);
    const folder = await makeFolder();
    await writeFile(join(folder, "team.json"), "mine\n");
    const beside = { sources: [sample("teams.json")], out: join(folder, "m.yaml"), blueprintsOut: folder };
    await expect(proposeMapping(beside)).rejects.toThrow(`${join(folder, "team.json")} exists`);
    expect(await readdir(folder)).toEqual(["team.json"]);
    await expect(proposeMapping({ sources: [sample("teams.json")], out: "/no/folder/m.yaml" })).rejects.toThrow(
      "there is no folder /no/folder",
    );
    const again = { sources: [sample("teams.json")], out, yes: true };
    expect(await proposeMapping(again)).toMatchObject({ written: [out], replaced: [out] });
    expect(await proposeMapping(again)).toMatchObject({ written: [out], replaced: [] });
    expect(await readFile(out, "utf8")).toContain("kind: teams");
  });
});
