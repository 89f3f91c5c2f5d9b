import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.js";
import { blueprintOf, envOf, makeFolder, readingsOfRun } from "../support/catalog.js";
import { runInProcess as runProgram } from "../support/in-process.js";

const node = blueprintOf("node", {
  schema: { properties: { size: { type: "number" } } },
  relations: { parent: { target: "node" } },
});
const good = `resources:
  - kind: nodes
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id, blueprint: '"node"', properties: { size: .size } } } }
`;

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ blueprints: [node], limits: "off", readings: readingsOfRun() });
  return () => emulator.close();
});

interface Given {
  readonly source?: string | Buffer;
  readonly name?: string;
  readonly mapping?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

/** Imports one file through one mapping, both written to an empty folder. */
async function importFile({ source, name = "nodes.csv", mapping = good, args, env }: Given) {
  const folder = await makeFolder();
  if (source !== undefined) await writeFile(join(folder, name), source);
  await mkdir(join(folder, "empty"));
  await writeFile(join(folder, "m.yaml"), mapping);
  const ended = await runProgram(["import", ...(args ?? [name]), "-m", "m.yaml"], env ?? envOf(emulator), {
    cwd: folder,
  });
  return { ...ended, folder };
}

const rows = "id,size\na,1\nb,2\n";
const leaf = (expression: string) => good.replace(".size", expression);

describe("what an import says of bad input", () => {
  it.each<[title: string, given: Given, code: number, ...says: RegExp[]]>([
    ["a missing file", {}, 3, /^portload: nodes\.csv: no such file or directory\n/],
    ["a zero-byte file", { source: "" }, 3, /nodes\.csv: .*empty/],
    ["a header alone", { source: "id,size\n" }, 0, /nodes\.csv holds no record/, /Finished: nothing written\./],
    ["an empty array", { source: "[]", name: "nodes.json" }, 0, /nodes\.json holds no record/],
    ["a directory without sources", { args: ["empty"] }, 3, /^portload: empty: the directory holds no source/],
    [
      "binary junk",
      { source: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0, 0, 255]) },
      3,
      /nodes\.csv: .*(NUL|not text)/,
    ],
    [
      "truncated JSON",
      { source: '[{"id":"a","size":1},{"id":"b"', name: "nodes.json" },
      3,
      /nodes\.json: its JSON ends before it is complete at line 1, column 31, offset 30, after record 1/,
    ],
    ["ragged rows", { source: "id,size\na,1\nb\nc,3,4\nd,4\n" }, 1, /2 .*cells/, /first: nodes\.csv:3, record 2/],
    [
      "a quote that never closes",
      { source: 'id,size\na,1\n"b,2\nc,3\n' },
      1,
      /quote/,
      /first: nodes\.csv:3, record 2/,
      /Finished with 1 record failed, 2 entities are in the catalog/,
    ],
    [
      "invalid UTF-8",
      { source: Buffer.concat([Buffer.from("id,size\na,1\n"), Buffer.from([0x62, 0xff, 0x2c, 0x31, 0x0a])]) },
      3,
      /nodes\.csv: .*offset 13/,
    ],
    [
      "an unknown kind",
      {
        source: rows,
        name: "other.csv",
        mapping: good + good.slice(good.indexOf("  - kind")).replace("nodes", "more"),
      },
      64,
      /no kind of the mapping fits the source other\.csv; its kinds are nodes, more/,
    ],
    [
      "an unknown blueprint",
      { source: rows, mapping: good.replace('"node"', '"nodes"') },
      3,
      /m\.yaml.* resources\.0\.port\.entity\.mappings\.blueprint: .*"nodes".*node/,
    ],
    [
      "an unknown property",
      { source: rows, mapping: good.replace("size: .size", "sise: .size") },
      3,
      /resources\.0\.port\.entity\.mappings\.properties\.sise: .*size/,
    ],
    ["wrong credentials", { source: rows, env: { PORT_CLIENT_SECRET: "wrong-secret" } }, 3, /credentials/],
    ["no credentials", { source: rows, env: { PORT_CLIENT_ID: "" } }, 3, /no credentials: set PORT_CLIENT_ID/],
    [
      "an unreachable API",
      { source: rows, env: { PORT_API_URL: "http://127.0.0.1:9/v1" } },
      3,
      /http:\/\/127\.0\.0\.1:9/,
      /PORT_API_URL/,
    ],
    [
      "an expression that does not compile",
      { source: rows, mapping: leaf("'.size |'") },
      3,
      /m\.yaml:4 resources\.0\.port\.entity\.mappings\.properties\.size: syntax error, unexpected end of file \(line 1, column 7 of the expression\)/,
    ],
    [
      "an expression that says halt",
      { source: rows, mapping: leaf("halt") },
      3,
      /resources\.0\.port\.entity\.mappings\.properties\.size: .*halt/,
    ],
  ])("%s", async (_, given, code, ...says) => {
    const env = { ...envOf(emulator), ...given.env };
    const ended = await importFile({ ...given, env });
    for (const text of says) expect(ended.stderr).toMatch(text);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe("");
    expect(ended.stderr).not.toMatch(/wrong-secret|\n\s+at /);
  });

  it("five faults of a mapping at once, each with its line and path", async () => {
    const mapping = `duplicates: second
resources:
  - kind: nodes
    selector: { query: 1 }
    port: { entity: { mappings: { blueprint: '"node"', propertys: {} } } }
onError: maybe
`;
    const { code, stderr } = await importFile({ source: rows, mapping });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^portload: 5 faults in the mapping\n/);
    for (const place of [
      "m.yaml:1 duplicates:",
      "m.yaml:4 resources.0.selector.query:",
      "m.yaml:5 resources.0.port.entity.mappings.identifier:",
      "m.yaml:5 resources.0.port.entity.mappings.propertys:",
      "m.yaml:6 onError:",
    ])
      expect(stderr).toContain(place);
  });

  it.each([
    ["a property", "sise: .size", "properties.sise: "],
    ["a column", "size: .sise", "properties.size: "],
  ])("syntax of jq and %s that is not there, at once", async (_, property, place) => {
    const mapping = good.replace("size: .size }", `${property} }, title: '.id |'`);
    const { code, stderr } = await importFile({ source: rows, mapping });
    expect(code).toBe(3);
    expect(stderr).toContain("portload: 2 faults in the mapping\n");
    expect(stderr).toContain("mappings.title: syntax error");
    expect(stderr).toContain(place);
  });

  it("what is missing, and not the mapping, where the mapping has no fault", async () => {
    const gone = await importFile({ source: rows, mapping: good.replace("node\"'", "nodule\"'") });
    expect(gone.stderr).toContain("portload: the catalog lacks blueprints that the mapping names\n");
    const lacking = await importFile({ source: rows, mapping: good.replace(".size", ".sise") });
    expect(lacking.stderr).toContain("portload: the sources are not as the mapping reads them\n");
    const { stderr } = await runProgram(["import", "rows.csv", "-m", "no-such.yaml"], envOf(emulator));
    expect(stderr).toContain("portload: the mapping cannot be read\n");
  });

  it("an expression that never ends, by its name and the records it hung on", async () => {
    const { code, stderr } = await importFile({ source: rows, mapping: leaf("'def f: f; f'") });
    expect(code).toBe(3);
    expect(stderr).toMatch(/resources\.0\.port\.entity\.mappings\.properties\.size/);
    expect(stderr).toMatch(/record/);
  });
});

describe("a running import", () => {
  it("ends in order when it is interrupted: code 4, a balanced report, what was sent stays", async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, "m.yaml"), good);
    const { start } = await import("../support/program.js");
    const running = start(
      ["import", "-", "-m", "m.yaml", "--output", "json", "--progress", "plain"],
      envOf(emulator),
      folder,
    );
    running.stdin.write(`id,size\n${Array.from({ length: 20_000 }, (_, i) => `live${i},1\n`).join("")}`);
    await expect.poll(() => emulator.store.count("node"), { timeout: 20_000 }).toBeGreaterThan(1000);
    running.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(4);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ exitCode: 4, balanced: true });
    expect(stderr).toMatch(/Interrupted after [\d,]+ records/);
    const written = emulator.store.entities("node").filter(({ identifier }) => identifier.startsWith("live"));
    expect(written.length).toBe(report.entities.created);
  });
});
