import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createClient } from "../../src/api/client.js";
import type { Blueprint } from "../../src/blueprint.js";
import { parseMapping } from "../../src/map/mapping-file.js";
import { applyBlueprintFiles } from "../../src/recipes/apply-blueprints.js";
import { runImport } from "../../src/recipes/import.js";
import { proposeMapping } from "../../src/recipes/init.js";
import { preview } from "../../src/recipes/preview.js";
import { clientOptionsOf } from "../../src/recipes/run/client-options.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "../support/catalog.js";
import { makeCmdb } from "../support/cmdb.js";

/** Writes files into a folder of their own. */
async function filesOf(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await makeFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** Proposes for one file; the source's options, the first resource, the blueprint, the mapping and the questions. */
async function propose(name: string, text: string | Buffer) {
  const folder = await filesOf({ [name]: text });
  const proposed = await proposeMapping({ sources: [`hosts=${join(folder, name)}`] });
  const { source, resources } = parseMapping(proposed.mapping, "m.yaml");
  const [blueprint] = proposed.blueprints as [Blueprint];
  return { ...proposed, folder, source, resource: resources[0], properties: blueprint.schema.properties };
}

const rowsOf = (header: string, count: number, row: (index: number) => string): string =>
  [header, ...Array.from({ length: count }, (_, index) => row(index)), ""].join("\n");

describe("init on an inventory as a CMDB exports it", () => {
  it.each([7, 20_261_127])(
    "proposes a mapping that imports all but the faults of the data, without an edit (seed %i)",
    async (seed) => {
      const folder = await filesOf({ ...makeCmdb(seed) });
      const sources = ["servers.csv", "applications.json", "teams.csv"].map((name) => join(folder, name));
      const [out, blueprintsOut] = [join(folder, "mapping.yaml"), join(folder, "blueprints")];
      const { blueprints, tried } = await proposeMapping({ sources, out, blueprintsOut });
      expect(blueprints.map(({ identifier, relations }) => [identifier, relationsOf(relations)])).toEqual([
        ["team", { parent: "team" }],
        ["application", { ownerTeam: "team", dependsOn: "application[]" }],
        ["server", { businessApplication: "application[]", ownerTeam: "team", parentHost: "server" }],
      ]);
      // Two relations name by a query what the inventory lacks.
      const emulator = await startCatalog({ blueprints: [], readings: { queryWithoutMatch: "null" } });
      const env = envOf(emulator);
      await applyBlueprintFiles([blueprintsOut], { env });
      const { report } = await runImport({ sources, mapping: out, stateDir: join(folder, "state") }, { env });
      const planted = report.rejects.map(({ code, blueprint, path, count }) => [code, blueprint, path, count]);
      expect(planted).toEqual(
        expect.arrayContaining([
          ["bad_format", "server", "properties.ipAddress", 1],
          ["column_invalid", "server", "Purchase Date", 1],
        ]),
      );
      expect(report.entities.created).toBe(368);
      const [line = ""] = tried.find(({ source }) => source.endsWith("servers.csv"))?.lines ?? [];
      expect(line).toBe(
        'tried on the sample: 300 records, 298 would be imported as "server", 2 rejected, 2 relations without their target',
      );
      const server = blueprints.at(-1)?.schema.properties ?? {};
      expect(
        Object.fromEntries(Object.entries(server).map(([key, { type, format }]) => [key, format ?? type])),
      ).toEqual({
        sysId: "string",
        assetTag: "string",
        serialNumber: "string",
        ipAddress: "ipv4",
        macAddress: "string",
        operatingSystem: "string",
        osVersion: "string",
        cpuCount: "number",
        ramMb: "number",
        diskSpaceGb: "number",
        environment: "string",
        installStatus: "string",
        criticality: "string",
        contact: "email",
        purchaseDate: "date-time",
        warrantyEnd: "date-time",
        lastDiscovered: "date-time",
        monthlyCost: "number",
        utilisation: "number",
        virtual: "boolean",
        comments: "markdown",
      });
      expect(server.ipAddress?.title).toBe("IP address");
      expect(Object.entries(server).flatMap(([key, property]) => (property.enum === undefined ? [] : [key]))).toEqual([
        "installStatus",
        "criticality",
      ]);
      const client = createClient(clientOptionsOf({}, env));
      const team = (await client.lookUp("team", ["T-02"])).get("T-02");
      expect(team).toMatchObject({ title: "Data & Analytics", properties: { outsourced: expect.any(Boolean) } });
      const servers = await client.search("server", { query: { combinator: "and", rules: [] }, limit: 1000 });
      await client.close();
      const related = servers.entities.map(
        ({ relations }) => (relations as Readonly<Record<string, unknown>> | undefined)?.ownerTeam,
      );
      expect(related.filter((target) => /^T-\d\d$/.test(String(target)))).toHaveLength(296);
    },
  );
});

function relationsOf(relations: Blueprint["relations"] = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(relations).map(([key, { target, many }]) => [key, many === true ? `${target}[]` : target]),
  );
}

describe("init on what people export", () => {
  it("names the mistakes among many values, by their line", async () => {
    const text = rowsOf("id,address", 300, (index) => `h${index},${index === 12 ? "DHCP" : `10.0.${index % 256}.7`}`);
    const { properties, tried, mapping } = await propose("hosts.csv", text);
    expect(properties.address?.format).toBe("ipv4");
    expect(tried[0]?.lines[0]).toBe('tried on the sample: 300 records, 299 would be imported as "host", 1 rejected');
    expect(tried[0]?.lines[1]).toMatch(/^properties\.address: 1 of 300 \(line 14\): is not an IPv4 address/);
    expect(mapping).toContain("properties.address: 1 of 300 (line 14)");
  });

  it("reads one-digit American dates by what proves them, in the mapping that it writes", async () => {
    const text = rowsOf("id,created", 100, (index) => `h${index},${1 + (index % 9)}/${1 + (index % 28)}/2024`);
    const { source, folder, mapping } = await propose("hosts.csv", text);
    expect(source.columns).toEqual({ created: { date: "M/d/yyyy", zone: "UTC" } });
    await writeFile(join(folder, "m.yaml"), mapping);
    const lines: string[] = [];
    const { rejects } = await preview(
      { sources: [`hosts=${join(folder, "hosts.csv")}`], mapping: join(folder, "m.yaml") },
      {
        emit: async (line) => {
          lines.push(line);
          return true;
        },
      },
    );
    expect([lines.length, rejects]).toEqual([100, []]);
    expect(JSON.parse(lines[12] as string)).toMatchObject({ properties: { created: "2024-04-13T00:00:00Z" } });
  });

  it.each([
    ["2024-05-01 10:00:00", "2024-06-13 11:30:00", { date: "yyyy-MM-dd HH:mm:ss", zone: "UTC" }],
    ["5/13/2024 10:00", "6/1/2024 9:15", { date: "M/d/yyyy H:mm", zone: "UTC" }],
    ["2024-05-01T10:00:00.000+0000", "2024-05-02T10:00:00.000+0200", { date: "yyyy-MM-dd'T'HH:mm:ss.uZZZ" }],
  ])("reads dates such as %s", async (first, second, column) => {
    const { source, questions } = await propose("hosts.csv", `id,created\na,${first}\nb,${second}\n`);
    expect(source.columns).toEqual({ created: column });
    expect(questions.some((question) => question.includes("zone"))).toBe("zone" in column);
  });

  it.each([
    ['"12,345"', '"1,246,900"', { group: "," }],
    ['"1.000,50"', '"12,5"', { decimal: ",", group: "." }],
    ['"$1,200.50"', "$3", { group: ",", unit: "$" }],
    ["37%", "100%", { unit: "%" }],
  ])("reads numbers such as %s as numbers, not lists", async (first, second, number) => {
    const { source, properties } = await propose("hosts.csv", `id,n\na,${first}\nb,${second}\n`);
    expect(source.columns).toEqual({ n: { number } });
    expect(properties.n?.type).toBe("number");
  });

  it("asks which encoding a file has that holds valid UTF-8 and bytes that are not", async () => {
    const text = Buffer.concat([
      Buffer.from("id,name\na,Caf\u00e9\nb,Caf"),
      Buffer.from([0xe9]),
      Buffer.from("\nc,Z\u00fcrich\n"),
    ]);
    const { questions, mapping, source, tried } = await propose("hosts.csv", text);
    expect(questions[0]).toMatch(
      /^which encoding is it\? 2 characters are UTF-8, and 1 byte is not, the first in line 3;/,
    );
    expect(mapping).toContain(`# ? ${questions[0]}`);
    expect(source).toEqual({ badText: "reject" });
    expect(tried[0]?.lines[0]).toBe('tried on the sample: 3 records, 2 would be imported as "host", 1 rejected');
  });

  it("asks about the other lists of a JSON text", async () => {
    const { source, questions } = await propose("hosts.json", '{"a":[{"id":"a1"}],"b":[{"id":"b1"}]}');
    expect(source.json).toEqual({ records: "a" });
    expect(questions[0]).toContain('the text has lists at "a" (1) and "b" (1); "a" is proposed');
  });

  it("writes nothing about a source that is read without doubt", async () => {
    const { source } = await propose("hosts.csv", "id,name\na,Ada\nb,Bob\n");
    expect(source).toEqual({});
  });

  it("makes words the identifier where other sources name them, and an address a relation where it is the only link", async () => {
    const teams = rowsOf("team id,name,mail", 5, (index) => `${index}-x,Team No ${index},t${index}@example.com`);
    const folder = await filesOf({
      "teams.csv": teams,
      "hosts.csv": rowsOf("id,owner", 20, (index) => `h-${index},team no ${index % 5}`),
      "jobs.csv": rowsOf("id,contact", 20, (index) => `j-${index},t${index % 5}@example.com`),
    });
    const sources = ["teams", "hosts", "jobs"].map((name) => join(folder, `${name}.csv`));
    const { mapping, questions, tried } = await proposeMapping({ sources });
    const slug = `| ascii_downcase | [scan("[a-z0-9]+")] | join("-")`;
    const [team, host, job] = parseMapping(mapping, "m.yaml").resources.map(({ entity }) => entity);
    expect(team?.identifier).toBe(`.name ${slug}`);
    expect(host?.relations.owner).toBe(`.owner | values ${slug}`);
    expect(job?.relations.contact).toMatchObject({
      rules: [{ property: '"mail"', operator: '"="', value: ".contact" }],
    });
    expect(questions).toContainEqual(
      expect.stringContaining(".contact is found by a search, which sync cannot compare"),
    );
    expect(tried.map(({ lines }) => lines)).toEqual([
      ['tried on the sample: 5 records, 5 would be imported as "team", none rejected'],
      ['tried on the sample: 20 records, 20 would be imported as "host", none rejected'],
      ['tried on the sample: 20 records, 20 would be imported as "job", none rejected'],
    ]);
  });

  it("finds relations to the catalog when asked to, by identifier, title and e-mail", async () => {
    const properties = { lead: { type: "string", format: "email" } } as const;
    const env = envOf(await startCatalog({ blueprints: [blueprintOf("team", { schema: { properties } })] }));
    const teams = await filesOf({
      "teams.csv":
        "id,name,lead\ntm1,Blue Team,a@example.com\ntm2,Red Team,b@example.com\ntm3,Green Team,c@example.com\n",
      "teams.yaml":
        "resources: [{ kind: teams, port: { entity: { mappings: { identifier: .id, title: .name, blueprint: '\"team\"', properties: { lead: .lead } } } } }]",
    });
    const stateDir = join(teams, "state");
    await runImport({ sources: [join(teams, "teams.csv")], mapping: join(teams, "teams.yaml"), stateDir }, { env });
    const folder = await filesOf({
      "hosts.csv":
        "id,squad,owners,mail\na,Blue Team,tm1;tm2,a@example.com\nb,Red Team,tm3,b@example.com\nc,Green Team,tm2;tm3,c@example.com\n",
    });
    const given = { sources: [join(folder, "hosts.csv")] };
    expect((await proposeMapping(given)).blueprints[0]?.relations).toEqual({});
    const { blueprints, mapping } = await proposeMapping({ ...given, catalog: true }, { env });
    expect(relationsOf(blueprints[0]?.relations)).toEqual({ squad: "team", owners: "team[]" });
    const [resource] = parseMapping(mapping, "m.yaml").resources;
    expect(resource?.entity.relations).toMatchObject({
      owners: ".owners",
      squad: { rules: [{ property: '"$title"' }] },
    });
  });
});

describe("sources of init that can be read only once", () => {
  const csv = "id,name\nsrv-1,A\nsrv-2,B\n";

  it("reads standard input", async () => {
    const { mapping } = await proposeMapping({ sources: ["-"] }, { stdin: Readable.from([Buffer.from(csv)]) });
    expect(mapping).toContain("  - kind: records\n");
    expect(mapping).toContain("# stdin: 2 records\n");
  });

  it("reads an address, once, and shows neither its user nor its query", async () => {
    let requests = 0;
    const server = createServer((_, reply) => {
      requests++;
      reply.end(csv);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { mapping } = await proposeMapping({
      sources: [`http://me:secret@127.0.0.1:${port}/hosts.csv?token=secret`],
    });
    server.close();
    expect([requests, mapping.includes("secret")]).toEqual([1, false]);
    expect(mapping).toContain("  - kind: hosts\n");
    expect(mapping).toContain(`# http://127.0.0.1:${port}/hosts.csv: 2 records\n`);
  });

  it("reads a FIFO, and leaves no copy behind", async () => {
    const folder = await makeFolder();
    execFileSync("mkfifo", [join(folder, "hosts")]);
    const before = await copies();
    const writing = writeFile(join(folder, "hosts"), csv);
    const { mapping } = await proposeMapping({ sources: [join(folder, "hosts")] });
    await writing;
    expect(mapping).toContain("  - kind: hosts\n");
    expect((await copies()).filter((name) => !before.includes(name))).toEqual([]);
  });

  it("ends with 4 when it is interrupted while it waits for a FIFO, and writes nothing", async () => {
    const folder = await makeFolder();
    execFileSync("mkfifo", [join(folder, "hosts")]);
    const controller = new AbortController();
    const out = join(folder, "m.yaml");
    const proposing = proposeMapping({ sources: [join(folder, "hosts")], out }, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(proposing).rejects.toMatchObject({ name: "AbortError" });
    expect(await readdir(folder)).toEqual(["hosts"]);
    const { code, stderr } = await interrupted(["init", join(folder, "hosts"), "--out", out]);
    expect([code, stderr]).toEqual([4, "portload: interrupted\n"]);
  });
});

async function copies(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("portload-init-"));
}

/** Runs the program, and interrupts it once it has opened its copies' folder. */
async function interrupted(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const temporary = await makeFolder();
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), ...args], {
    env: { ...process.env, TMPDIR: temporary },
  });
  let stderr = "";
  child.stderr.on("data", (block: Buffer) => {
    stderr += block.toString();
  });
  const closed = once(child, "close");
  // A newer Node keeps its compiled code there, too.
  const isOpen = async () => (await readdir(temporary)).some((name) => name.startsWith("portload-"));
  while (!(await isOpen())) await new Promise((resolve) => setImmediate(resolve));
  child.kill("SIGINT");
  const [code] = (await closed) as [number | null];
  return { code, stderr };
}
