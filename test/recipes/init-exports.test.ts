import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { preview } from "../../src/recipes/preview.js";
import { filesIn, importBy, proposeFor, tableOf } from "../support/proposed.js";

describe("init on exports of ticket systems", () => {
  it("calls a record by the name beside its identifier, and takes one of two columns that name the same entity as the relation", async () => {
    const people = ["Ann Lee", "Bo Li", "Ann Lee", "Cy Ho", "Di Wu"];
    const folder = await filesIn({
      "users.csv": tableOf(
        "employee_id,employee_name,location",
        5,
        (index) => `EMP${index},${people[index]},City ${index % 2}`,
      ),
      "incidents.csv": tableOf(
        "incident_number,employee_id,employee_name,short_description",
        40,
        (index) => `INC${index},EMP${index % 5},${people[index % 5]},Broken thing ${index % 7}`,
      ),
    });
    const sources = ["users.csv", "incidents.csv"].map((name) => join(folder, name));
    const proposed = await proposeFor(sources);
    const { users, incidents } = proposed.entities;
    expect([users?.title, incidents?.title]).toEqual([".employee_name", ".short_description"]);
    expect(incidents?.relations).toEqual({ employee: ".employee_id" });
    expect(proposed.blueprints.incident?.relations?.employee).toMatchObject({ title: "Employee", target: "user" });
    expect(incidents?.properties).toEqual({ employeeName: ".employee_name" });
    const { report, faults } = await importBy(proposed, sources);
    expect([report.entities.created, report.rejects, faults]).toEqual([45, [], []]);
  });

  it("reads a German export with a semicolon, and imports it unchanged", async () => {
    const row = (index: number) =>
      `G-${index};Gerät ${index};1.${100 + index},50;${10 + index}.05.2024;${index % 2 ? "ja" : "nein"}`;
    const text = tableOf("Nummer;Bezeichnung;Wert;Anschaffung;Aktiv", 12, row);
    const source = join(await filesIn({ "geraete.csv": text }), "geraete.csv");
    const proposed = await proposeFor([source]);
    expect(proposed.entities.geraete).toMatchObject({ identifier: ".Nummer", title: ".Bezeichnung" });
    expect(proposed.questions).toEqual([]);
    const { report, faults } = await importBy(proposed, [source]);
    expect([report.entities.created, report.rejects, faults]).toEqual([12, [], []]);
  });

  it("calls a record of JSON:API by the name among its attributes", async () => {
    const data = ["a", "b", "c"].map((id) => ({ id, type: "hosts", attributes: { name: `Host ${id}`, size: 1 } }));
    const folder = await filesIn({ "hosts.json": JSON.stringify({ data }) });
    const { entities } = await proposeFor([join(folder, "hosts.json")]);
    expect(entities.hosts).toMatchObject({ identifier: ".id", title: ".attributes.name" });
  });

  it("names addresses that the API may refuse, though they are not certain faults", async () => {
    const mail = (index: number): string => (index === 6 ? "mr..x@example.com" : `m${index}@example.com`);
    const folder = await filesIn({ "users.csv": tableOf("id,mail", 100, (index) => `u${index},${mail(index)}`) });
    const { tried, blueprints } = await proposeFor([join(folder, "users.csv")]);
    expect(blueprints.user?.schema.properties.mail?.format).toBe("email");
    expect(tried[0]?.lines).toEqual([
      'tried on the sample: 100 records, 100 would be imported as "user", none rejected, 1 that Port may refuse',
      "properties.mail: 1 of 100 (line 8): does not look like an e-mail address, such as name@example.com; Port may refuse it",
    ]);
  });

  it("makes one property of ServiceNow's display value and stored value, and a relation of the stored one", async () => {
    const owner = (index: number): object => ({ display_value: `Team ${index % 3}`, value: `${index % 3}`.repeat(32) });
    const folder = await filesIn({
      "teams.csv": tableOf("sys_id,name", 3, (index) => `${`${index}`.repeat(32)},Team ${index}`),
      "servers.json": JSON.stringify({
        result: Array.from({ length: 20 }, (_, index) => ({
          sys_id: `${index}`.padStart(32, "a"),
          name: `srv-${index}`,
          ram: { display_value: `${index + 1},024`, value: `${index + 1}024` },
          support_group: owner(index),
          virtual: index % 2 === 0 ? "true" : "false",
          cpu_count: `${index % 4}`,
        })),
      }),
    });
    const sources = ["servers.json", "teams.csv"].map((name) => join(folder, name));
    const proposed = await proposeFor(sources);
    const { server } = proposed.blueprints;
    const types = Object.entries(server?.schema.properties ?? {}).map(([key, { type, title }]) => [key, type, title]);
    expect(types).toEqual([
      ["ram", "number", "RAM"],
      ["supportGroup", "string", "Support group"],
      ["virtual", "boolean", "Virtual"],
      ["cpuCount", "number", "CPU count"],
    ]);
    expect(proposed.entities.servers?.relations).toEqual({ supportGroupValue: ".support_group.value" });
    const { report, faults } = await importBy(proposed, sources);
    expect([report.entities.created, report.rejects, faults]).toEqual([23, [], []]);
  });
});

describe("init on a list of Kubernetes objects", () => {
  const listOf = (items: readonly object[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const services = ["api", "web", "db"].map((name, index) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels: { "app.kubernetes.io/name": name, tier: `t${index}` }, uid: `u-${index}` },
    spec: { clusterIP: index === 0 ? "None" : `10.0.0.${index}` },
  }));
  const pods = Array.from({ length: 12 }, (_, index) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `pod-${index}`,
      labels: { "app.kubernetes.io/name": "api" },
      annotations: { "prometheus.io/scrape": "true" },
    },
    spec: { nodeName: "node-1", hostname: `pod-${index}` },
  }));
  const node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node-1", annotations: { "a.io/managed": "true" } },
    status: { nodeInfo: { kubeletVersion: "v1.23.1", containerRuntimeVersion: "docker://20.10.12" } },
  };

  it("keeps labels and annotations as one property each, and takes no constant for an identifier or a link", async () => {
    const folder = await filesIn({
      "services.json": listOf(services),
      "pods.json": listOf(pods),
      "nodes.json": listOf([node]),
    });
    const sources = ["services.json", "pods.json", "nodes.json"].map((name) => join(folder, name));
    const proposed = await proposeFor(sources);
    const found = Object.entries(proposed.entities).map(([kind, { identifier, relations }]) => [
      kind,
      identifier,
      relations,
    ]);
    expect(found).toEqual([
      ["services", ".metadata.name", {}],
      ["nodes", ".metadata.name", {}],
      ["pods", ".metadata.name", { specNodeName: ".spec.nodeName" }],
    ]);
    expect(proposed.blueprints.pod?.schema.properties.metadataLabels?.type).toBe("object");
    const runtime = proposed.blueprints.node?.schema.properties.statusNodeInfoContainerRuntimeVersion;
    expect(runtime).toEqual({ type: "string", title: "Status node info container runtime version" });
    const { report, faults } = await importBy(proposed, sources);
    expect([report.entities.created, report.rejects, faults]).toEqual([16, [], []]);
  });
});

describe("init on what a system pads to a width", () => {
  const padded = (text: string): string => text.padEnd(12);
  const rows = Array.from({ length: 40 }, (_, index) => [
    `SRV-${index}`,
    index < 4 ? "" : `SRV-${index % 4}`,
    `${index + 1}`,
    ["PROD", "TEST"][index % 2] as string,
    `10.0.0.${index}`,
  ]);
  const header = ["Name", "Parent", "Cores", "Environment", "IP"];
  it.each([
    ["servers.csv", [header, ...rows].map((row) => row.map(padded).join(",")).join("\n")],
    [
      "servers.csv",
      [header.join(","), ...rows.map((row) => row.map((cell) => `"${padded(cell)}"`).join(","))].join("\n"),
    ],
    [
      "servers.json",
      JSON.stringify(
        rows.map((row) => Object.fromEntries(row.map((cell, at) => [header[at] as string, padded(cell)]))),
      ),
    ],
  ])("%s: leaves the white space out, and finds types, words and relations", async (name, text) => {
    const folder = await filesIn({ [name]: text });
    const proposed = await proposeFor([join(folder, name)]);
    // What is within quotes, or in JSON, no option of CSV leaves out.
    expect(proposed.parsed.source?.csv?.trim).toBe(text.startsWith("Name  ") ? true : undefined);
    const properties = proposed.blueprints.server?.schema.properties ?? {};
    expect(Object.values(properties).map(({ type, format, enum: words }) => words ?? format ?? type)).toEqual([
      "number",
      "string",
      "ipv4",
    ]);
    const { report } = await importBy(proposed, [join(folder, name)]);
    expect([report.entities.created, report.rejects]).toEqual([40, []]);
    const lines: string[] = [];
    const emit = async (line: string) => lines.push(line) > 0;
    const { out, blueprintsOut } = proposed;
    await preview({ sources: [join(folder, name)], mapping: out, blueprints: blueprintsOut }, { emit });
    expect(JSON.parse(lines[7] ?? "")).toMatchObject({
      identifier: "SRV-7",
      title: "SRV-7",
      properties: { cores: 8, environment: "TEST", ip: "10.0.0.7" },
      relations: { parent: "SRV-3" },
    });
  });
});
