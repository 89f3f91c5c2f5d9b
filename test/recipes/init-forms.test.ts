import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import iconv from "iconv-lite";
import { describe, expect, it } from "vitest";
import { proposeMapping } from "../../src/recipes/init.js";
import { root } from "../support/catalog.js";
import { filesIn, importBy, proposeFor, tableOf } from "../support/proposed.js";
import { textRow, workbook } from "../support/workbook.js";

const csv = "id,name\nsrv-1,A\nsrv-2,B\n";

/** Proposes for files of a folder, and imports them by it. */
async function tried(files: Readonly<Record<string, string | Buffer>>, args: readonly string[] = Object.keys(files)) {
  const folder = await filesIn(files);
  const sources = args.map((arg) => join(folder, arg));
  const proposed = await proposeFor(sources);
  const imported = await importBy(proposed, sources);
  return { ...proposed, ...imported, created: imported.report.entities.created };
}

describe("init by the form of a file", () => {
  it("makes each sheet of a workbook a kind, with its types, dates and relations, and leaves out what is not a table", async () => {
    const servers = [2, 3, 4, 5].map(
      (row) =>
        `<row r="${row}"><c r="A${row}" t="inlineStr"><is><t>srv-${row}</t></is></c><c r="B${row}"><v>${row * 1.5}</v></c><c r="C${row}" t="b"><v>1</v></c><c r="D${row}" s="1"><v>4541${row}</v></c><c r="E${row}" t="inlineStr"><is><t>app-${row % 2}</t></is></c></row>`,
    );
    const book = workbook(
      [
        { name: "Cover", rows: textRow(1, ["Our inventory"]) },
        { name: "My Servers", rows: textRow(1, ["Name", "Load", "Virtual", "Since", "App"]) + servers.join("") },
        {
          name: "Apps",
          rows: [
            ["ID", "Label"],
            ["app-0", "Shop"],
            ["app-1", "Bank"],
          ]
            .map((cells, at) => textRow(at + 1, cells))
            .join(""),
        },
      ],
      { formats: ["yyyy\\-mm\\-dd"] },
    );
    const folder = await filesIn({ "book.xlsx": book });
    const proposed = await proposeFor([join(folder, "book.xlsx")]);
    expect(proposed.entities["My Servers"]).toMatchObject({ identifier: ".Name", relations: { app: ".App" } });
    const types = Object.entries(proposed.blueprints["My-Server"]?.schema.properties ?? {});
    expect(types.map(([key, { type, format }]) => [key, format ?? type])).toEqual([
      ["load", "number"],
      ["virtual", "boolean"],
      ["since", "date-time"],
    ]);
    expect(proposed.questions).toContainEqual(expect.stringMatching(/book\.xlsx#Cover holds no table/));
    const sheets = ["My Servers", "Apps"].map((sheet) => join(folder, `book.xlsx#${sheet}`));
    const { report, faults } = await importBy(proposed, sheets);
    expect([report.entities.created, report.rejects, faults]).toEqual([6, [], []]);
    const again = await importBy(proposed, [`My Servers=${join(folder, "book.xlsx")}`, sheets[1] as string]);
    expect(again.report.entities.created).toBe(6);
    const whole = await importBy(proposed, [join(folder, "book.xlsx")]);
    expect([whole.report.entities.created, whole.report.warnings, whole.faults]).toEqual([6, [], []]);
  });

  it("reading/17: makes records of a map by their keys", async () => {
    const map = { "srv-1": { name: "A", tier: 1 }, "srv-2": { name: "B", tier: 2 }, "srv-3": { name: "C", tier: 2 } };
    for (const text of [map, { data: { hosts: map } }]) {
      const { parsed, entities, created, faults } = await tried({ "hosts.json": JSON.stringify(text) });
      const at = "data" in text ? { records: "data.hosts" } : {};
      expect(parsed.sources?.hosts?.json ?? parsed.source?.json).toEqual({ ...at, keyed: "key" });
      expect([entities.hosts?.identifier, entities.hosts?.properties]).toEqual([".key", { tier: ".tier" }]);
      expect([created, faults]).toEqual([3, []]);
    }
  });

  it("takes neither the fields of one record nor the parts of a document for a map of records", async () => {
    const record = { number: { display_value: "INC1", value: "INC1" }, state: { display_value: "New", value: "1" } };
    const folder = await filesIn({
      "incident.json": JSON.stringify({ result: record }),
      "app.json": JSON.stringify({ metadata: { name: "a", labels: { x: "y" } }, spec: { replicas: 2 } }),
    });
    for (const name of ["incident.json", "app.json"]) {
      const { parsed, tried: lines } = await proposeFor([join(folder, name)]);
      expect([parsed.source?.json, lines[0]?.lines[0]]).toEqual([
        undefined,
        expect.stringContaining("1 record, 1 would"),
      ]);
    }
  });

  it("looks past what a reply says about itself for the list of records", async () => {
    const text = JSON.stringify({ meta: { generated: "x", count: 1 }, result: { hosts: [{ id: "a" }, { id: "b" }] } });
    const { parsed, created } = await tried({ "hosts.json": text });
    expect([parsed.source?.json, created]).toEqual([{ records: "result.hosts" }, 2]);
  });

  it("makes an entity of each element where records are little more than a list, and says how not to", async () => {
    const instance = (id: string) => ({
      InstanceId: id,
      InstanceType: "t3.micro",
      Placement: { Zone: "a", Tenancy: "default" },
      Tags: [{ Key: "Name", Value: id }],
    });
    const Reservations = [
      { OwnerId: "012345678901", ReservationId: "r-1", Groups: [], Instances: [instance("i-1"), instance("i-2")] },
      { OwnerId: "012345678901", ReservationId: "r-2", Groups: [], Instances: [instance("i-3")] },
    ];
    const aws = await tried({ "instances.json": JSON.stringify({ Reservations }) });
    expect(aws.parsed.source?.json).toEqual({ records: "Reservations" });
    expect(aws.entities.instances).toMatchObject({
      identifier: ".item.InstanceId",
      properties: { ownerId: ".OwnerId", placementZone: ".item.Placement.Zone", tags: ".item.Tags" },
    });
    expect(aws.questions).toEqual([
      "is each element of .Instances an entity? Its records are little more than that list. To make an entity of each record, delete itemsToParse and every line with .item",
    ]);
    expect([aws.created, aws.report.rejects, aws.faults]).toEqual([3, [], []]);
    const members = [{ mail: "a@x.example" }, { mail: "b@x.example" }];
    const line = { sku: "a", price: 1 };
    for (const [records, properties] of [
      // Records with a name, with more than their list, with two lists, and with larger keys of their own.
      [[{ name: "Pay", members }], { members: ".members" }],
      [[{ id: "a", b: 1, c: 2, d: 3, e: 4, list: [line] }], { list: ".list" }],
      [[{ id: "a", ports: [line], disks: [line] }], { ports: ".ports", disks: ".disks" }],
      [[{ id: "a", b: 1, c: 2, list: [line] }], { list: ".list" }],
    ] as const)
      expect((await tried({ "things.json": JSON.stringify(records) })).entities.things?.properties).toMatchObject(
        properties,
      );
  });

  it("takes a list of one record for a list of records, whatever lists the record holds", async () => {
    const { parsed, created } = await tried({ "apps.yaml": "- name: a\n  ports:\n    - port: 80\n    - port: 81\n" });
    expect([parsed.source, created]).toEqual([{}, 1]);
  });

  it("asks about lists of objects within records, with the way to entities of their own", async () => {
    const { questions } = await tried({ "apps.json": JSON.stringify([{ name: "a", ports: [{ port: 80 }] }]) });
    expect(questions).toContainEqual(
      "does each element of .ports deserve an entity of its own? Then give it a resource with itemsToParse: .ports; docs/how-to/from-exports.md shows one, for AWS",
    );
  });

  it("reads YAML documents and lists, and asks about documents of several kinds", async () => {
    const document = (kind: string, name: string): string =>
      `---\napiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  annotations:\n    github.com/project-slug: org/${name}\n  tags: [java]\nspec:\n  owner: team-a\n`;
    const { created, faults, entities, questions } = await tried({
      "catalog-info.yaml": document("Component", "shop") + document("Component", "bank") + document("System", "sales"),
      "hosts.yml": "- { id: a, cores: 4, since: 2024-05-01 }\n- { id: b, cores: 8, since: 2024-06-01 }\n",
    });
    expect([created, faults]).toEqual([5, []]);
    expect(entities["catalog-info"]).toMatchObject({
      identifier: ".metadata.name",
      properties: { metadataAnnotations: ".metadata.annotations", metadataTags: ".metadata.tags" },
    });
    expect(questions).toContainEqual(expect.stringContaining("does each kind (Component, System) deserve a blueprint"));
  });

  it.each([
    ["windows-1252", "id,name\nsrv-1,Büro Straße\nsrv-2,Café – 5 €\n", "Büro Straße"],
    ["windows-1250", "id,name\nsrv-1,Příliš žluť\nsrv-2,Plzeň\n", "Příliš žluť"],
    ["windows-1251", "id,имя\nsrv-1,Альфа\nsrv-2,Бета\n", "Альфа"],
    ["shift_jis", "id,名前\nsrv-1,アルファ\nsrv-2,検索\n", "アルファ"],
    ["gb18030", "id,名称\nsrv-1,数据库服务器\nsrv-2,测试\n", "数据库服务器"],
    ["euc-kr", "id,이름\nsrv-1,서버 관리\nsrv-2,데이터\n", "서버 관리"],
    ["windows-1253", "id,όνομα\nsrv-1,Αθήνα\nsrv-2,Πάτρα\n", "Αθήνα"],
    ["cp850", "id,name\nsrv-1,Müller\nsrv-2,Café\n", "Müller"],
    ["macintosh", "id,name\nsrv-1,Müller\nsrv-2,Café\n", "Müller"],
  ])("reads %s where it gives the likeliest words, and asks", async (encoding, text, name) => {
    const { parsed, questions, created } = await tried({ "hosts.csv": iconv.encode(text, encoding) });
    expect([parsed.source?.encoding, created]).toEqual([encoding, 2]);
    const [word] = name.split(" ");
    expect(questions[0]).toMatch(/is not UTF-8, so the source is read as .*; is that right/);
    expect(text.slice(0, 10).includes("name") ? questions[0] : word).toContain(word);
  });

  it.each([
    ["hosts.csv", "id,name\nsrv-1,A\nsrv-2,B\u0000C\nsrv-3,C\n"],
    ["hosts.json", '[{"id":"srv-1","n":1},{"id":"srv-2","n":NaN},{"id":"srv-3","n":3}]'],
  ])("%s: a NUL or a NaN costs its record, and is asked about", async (name, text) => {
    const { parsed, questions, created, report } = await tried({ [name]: text });
    expect([parsed.source?.badText, created, report.records.rejected]).toEqual(["reject", 2, 1]);
    expect(questions[0]).toMatch(/NUL byte.*mistake|NaN.*mistake/);
  });

  it.each([
    ["hosts.json", '[["id","name"],["a","A"]]', "a record must be a JSON object, and this is an array"],
    ["hosts.yaml", "id: a\n\tname: b\n", "the document is not valid YAML"],
  ])("%s: says why no record can be read", async (name, text, why) => {
    const folder = await filesIn({ [name]: text });
    await expect(proposeFor([join(folder, name)])).rejects.toThrow(`holds no record that can be read: ${why}`);
  });

  it("reads maps of YAML by their keys, columns named after months, days without signs, and columns of one name of a sheet", async () => {
    const map = await tried({ "hosts.yml": "srv-1: { name: A, tier: 1 }\nsrv-2: { name: B, tier: 2 }\n" });
    expect([map.parsed.source?.json, map.created]).toEqual([{ keyed: "key" }, 2]);
    const months = await tried({
      "hosts.csv": tableOf("id,01.2024,2024-02,until", 6, (index) => `srv-${index},${index},7,2024011${index}`),
    });
    expect([months.created, months.faults, months.report.rejects]).toEqual([6, [], []]);
    expect(Object.keys(months.entities.hosts?.properties ?? {}).sort()).toEqual(["012024", "202402", "until"]);
    expect(months.parsed.source?.columns).toEqual({ until: { date: "yyyyMMdd", zone: "UTC" } });
    const rows = textRow(1, ["id", "tag", "tag"]) + textRow(2, ["a", "x", "y"]) + textRow(3, ["b", "z", ""]);
    const sheet = await tried({ "hosts.xlsx": workbook([{ name: "A", rows }]) });
    expect([sheet.created, sheet.questions[0]]).toEqual([2, expect.stringContaining('"tag" names the columns 2, 3')]);
  });

  it.each([
    ["hosts.csv.gz", gzipSync(csv)],
    ["hosts.csv", JSON.stringify([{ id: "srv-1" }, { id: "srv-2" }])],
    ["hosts.ndjson", '[{"id":"srv-1"},\n{"id":"srv-2"}]'],
    ["hosts.json", '{"id":"srv-1"}\n{"id":"srv-2"}\n'],
  ])("reads %s by its content", async (name, bytes) => {
    const { created, faults, entities } = await tried({ [name]: bytes });
    expect([created, faults, entities.hosts?.identifier]).toEqual([2, [], ".id"]);
  });

  it("takes a folder or a pattern, without what --ignore names", async () => {
    const folder = await filesIn({ "in/hosts.csv": csv, "in/apps.csv": "id\na\nb\n", "in/old_notes.csv": "x\n1\n" });
    for (const source of [join(folder, "in"), join(folder, "in/*.csv")]) {
      const { mapping } = await proposeMapping({ sources: [source], ignore: ["old*"] });
      expect(mapping.match(/kind: \w+/g)).toEqual(["kind: apps", "kind: hosts"]);
    }
  });

  it("reading/34: reads what a shell substitutes for a file", async () => {
    const folder = await filesIn({ "hosts.csv": csv });
    const run = promisify(execFile)("bash", [
      "-c",
      '"$0" "$1" init hosts=<(cat "$2")',
      process.execPath,
      join(root, "dist/cli/main.js"),
      join(folder, "hosts.csv"),
    ]);
    const { stdout } = await run;
    expect(stdout).toContain("  - kind: hosts\n");
  });

  it("reads no further than --limit asks for: a byte far beyond is not seen", async () => {
    const rows = Buffer.from(tableOf("id,name", 50_000, (index) => `srv-${index},Name ${index} ${"x".repeat(180)}`));
    const folder = await filesIn({ "hosts.csv": Buffer.concat([rows, Buffer.from("srv-x,Caf\u00e9\n", "latin1")]) });
    const few = await proposeFor([join(folder, "hosts.csv")], { limit: 10 });
    expect([few.tried[0]?.lines[0], few.questions, few.parsed.source?.encoding]).toEqual([
      expect.stringContaining("10 records, 10 would"),
      [],
      undefined,
    ]);
    const whole = await proposeFor([join(folder, "hosts.csv")]);
    expect(whole.questions[0]).toContain("line 50002 is not UTF-8");
  });
});
