import { execFileSync } from "node:child_process";
import { open, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { proposeMapping } from "../../src/recipes/init.js";
import { lint } from "../../src/recipes/lint.js";
import { preview } from "../../src/recipes/preview.js";
import { runSync } from "../../src/recipes/sync.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { start } from "../support/program.js";
import { ofCase } from "./sample.js";

/** What init proposes for a file, and what its own proposal makes of that file. */
async function proposed(text: string | Buffer, file = "hosts.csv") {
  const folder = await makeFolder();
  const [path, out, blueprints] = [join(folder, file), join(folder, "o.yaml"), join(folder, "o")];
  await writeFile(path, text);
  const { mapping, questions } = await proposeMapping({ sources: [`hosts=${path}`], out, blueprintsOut: blueprints });
  const entities: Record<string, unknown>[] = [];
  const emit = async (line: string) => {
    const { identifier, properties } = JSON.parse(line);
    entities.push({ identifier, ...properties });
    return true;
  };
  const { counts } = await preview({ sources: [`hosts=${path}`], mapping: out, blueprints }, { emit });
  return { mapping, questions, entities, counts, source: parse(mapping).source ?? {} };
}

const times = (count: number, row: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `${row(n)}\n`).join("");
/** The case's own file, where it is at hand, and others of its kind. */
const withCase = (folder: string, file: string, ...others: readonly string[]): readonly (string | Buffer)[] => [
  ...[ofCase(folder, file)].filter((text) => text !== undefined),
  ...others,
];

describe("what init proposes", () => {
  it("reading/01 dates of one digit: the proposal reads the file it was made from", async () => {
    for (const text of withCase(
      "01-init-date-one-digit",
      "hosts.csv",
      `id,name,created\n${times(40, (n) => `srv-${n},N${n},${1 + (n % 9)}/${1 + (n % 28)}/2024`)}`,
      `id;name;created\n${times(40, (n) => `srv-${n};N${n};${1 + (n % 28)}.${1 + (n % 9)}.2024`)}`,
    )) {
      const { entities, counts, source } = await proposed(text);
      expect(source.columns.created.date).toMatch(/^(?:M\/d\/yyyy|d\.M\.yyyy)$/);
      expect(counts.entities.rejected + counts.records.rejected).toBe(0);
      expect(entities.length).toBe(counts.records.read);
      expect(entities[0]?.created).toMatch(/^2024-\d\d-\d\dT/);
    }
  });

  it("reading/04 mixed encoding: a question says that the bytes are valid UTF-8 in part", async () => {
    const latin = Buffer.concat([
      Buffer.from("id,name,tier\nsrv-1,Café,1\nsrv-2,Caf"),
      Buffer.from([0xe9]),
      Buffer.from(",2\nsrv-3,Zürich,3\n"),
    ]);
    for (const text of [ofCase("04-mixed-encoding", "hosts.csv"), latin]) {
      if (text === undefined) continue;
      const { mapping, questions } = await proposed(text);
      expect(questions.join("\n")).toMatch(/UTF-8/);
      expect(mapping).toMatch(/# \?.*UTF-8/);
    }
  });

  it("reading/07 short rows: rows that cannot be read are counted, with the reason", async () => {
    const text = `id,name,tier,note\n${times(40, (n) => `srv-${n},N${n},${n < 15 ? "1,x" : "2"}`)}`;
    for (const each of withCase("07-short-rows", "hosts.csv", text)) {
      const { mapping } = await proposed(each);
      expect(mapping).toMatch(/25/);
      expect(mapping).toMatch(/cells|shortRows/);
    }
  });

  it("reading/17 map keyed by id: its values are proposed as records", async () => {
    for (const text of withCase(
      "17-map-keyed-by-id",
      "hosts.json",
      `{${Array.from({ length: 30 }, (_, n) => `"srv-${n}":{"name":"N${n}","cpu":${n}}`).join(",")}}`,
    )) {
      const { entities, counts } = await proposed(text, "hosts.json");
      expect(counts.records.rejected + counts.entities.rejected).toBe(0);
      expect(entities.length).toBeGreaterThan(1);
      expect(entities.every(({ identifier }) => /^srv-\d+$/.test(String(identifier)))).toBe(true);
    }
  });

  it("reading/20 several lists: the one that is left out is named in a question", async () => {
    for (const text of withCase(
      "20-several-lists",
      "twolists.json",
      '{"a":[{"id":"a1"}],"b":[{"id":"b1"}]}',
      '{"servers":[{"id":"a1"}],"meta":{"apps":[{"id":"b1"}]}}',
    )) {
      const { questions } = await proposed(text, "twolists.json");
      expect(questions.join("\n")).toMatch(/"a".*"b"|"servers".*"meta\.apps"/s);
    }
  });

  it("reading/26 dates with a time of day: read by their format, with a question for the zone", async () => {
    for (const [text, format] of [
      [ofCase("26-init-datetime-forms", "hosts.csv"), "yyyy-MM-dd HH:mm:ss"],
      ["id,name,created\nsrv-1,A,2024-05-01 10:00:00\nsrv-2,B,2024-05-13 11:30:00\n", "yyyy-MM-dd HH:mm:ss"],
      ["id,name,created\nsrv-1,A,5/1/2024 10:00\nsrv-2,B,5/13/2024 9:30\n", "M/d/yyyy H:mm"],
      ["id,name,created\nsrv-1,A,01.05.2024 10:00\nsrv-2,B,13.05.2024 09:30\n", "dd.MM.yyyy HH:mm"],
    ] as const) {
      if (text === undefined) continue;
      const { source, questions, entities, counts } = await proposed(text);
      expect(source.columns.created).toMatchObject({ date: format });
      expect(questions.join("\n")).toMatch(/zone/);
      expect([entities.length, counts.entities.rejected]).toEqual([counts.records.read, 0]);
    }
  });

  it("reading/31 numbers with thousands: they are numbers, not lists", async () => {
    for (const [text, group, first] of [
      [ofCase("31-init-thousands-as-list", "hosts.csv"), ",", 12345],
      [`id,n\n${times(39, (n) => `h${n + 1},"${12 + n},345"`)}`, ",", 12345],
      [`id;n\n${times(39, (n) => `h${n + 1};${1 + n}.000,50`)}`, ".", 1000.5],
      [`id;n\n${times(39, (n) => `h${n + 1};${1 + n} 000`)}`, " ", 1000],
    ] as const) {
      if (text === undefined) continue;
      const { source, entities } = await proposed(text);
      expect(source.columns.n.number.group).toBe(group);
      expect(entities[0]).toMatchObject({ n: first });
    }
  });

  it("reading/32 comment sign: a title line is skipped, and records that begin with the sign stay", async () => {
    for (const text of withCase(
      "32-comment-sign-drops-records",
      "hosts.csv",
      "# Report 2024\nid,name,tier\nsrv-1,A,1\n#42,Foo,1\n#43,Bar,2\nsrv-2,B,2\n",
    )) {
      const { source, counts } = await proposed(text);
      expect(source.csv).toMatchObject({ skipLines: 1 });
      expect(source.csv.comment).toBeUndefined();
      expect(counts.records.read).toBe(4);
    }
  });

  it("reading/33 an address: proposed for as the file is", async () => {
    const text = ofCase("33-init-of-an-address", "hosts.csv") ?? "id,name,tier\nsrv-1,A,1\nsrv-2,B,2\n";
    const server = createServer((_request, response) => response.end(text));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hosts.csv`;
    for (const source of [address, `hosts=${address}?key=1`]) {
      const { mapping } = await proposeMapping({ sources: [source] });
      expect(parse(mapping).resources[0].port.entity.mappings).toMatchObject({ identifier: ".id", title: ".name" });
    }
    // The bundle has its own way to undici.
    const folder = await makeFolder();
    const made = await start(["init", address, "--out", "m.yaml", "--blueprints-out", "bp"], {}, folder).ended;
    expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("none rejected")]);
    const shown = await start(["preview", address, "-m", "m.yaml", "--blueprints", "bp"], {}, folder).ended;
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('"identifier":"srv-1"')]);
  });
});

const host = blueprintOf("host", { schema: { properties: { tier: { type: "string" } } } });
const mappingOf = (source: string, tier: string) =>
  `onNull: clear\n${source}resources: [{ kind: hosts, port: { entity: { mappings: { identifier: .ID, title: .Name, blueprint: '"host"', properties: { tier: ${tier} } } } } }]\n`;

describe("a nightly sync", () => {
  it.each(["a column that is renamed", "a column that is gone", "a column in another case"])(
    "reading/29 column renamed in the export: %s stops it, and the catalog keeps its values",
    async (what) => {
      const folder = await makeFolder();
      const emulator = await startCatalog({ blueprints: [host] });
      const [mapping, path] = [join(folder, "m.yaml"), join(folder, "hosts.csv")];
      await writeFile(mapping, mappingOf("", ".Tier"));
      const sync = () =>
        runSync({ sources: [path], mapping, stateDir: join(folder, "state") }, { env: envOf(emulator) });
      await writeFile(path, "ID,Name,Tier,Owner\nren-1,Alpha,gold,x\nren-2,Beta,silver,y\n");
      expect((await sync()).report.exitCode).toBe(0);
      const header = { renamed: "ID,Name,Service Tier,Owner", gone: "ID,Name,Owner", case: "ID,Name,TIER,Owner" };
      const next = /renamed/.test(what) ? header.renamed : /gone/.test(what) ? header.gone : header.case;
      await writeFile(path, `${next}\nren-1,Alpha,gold${/gone/.test(what) ? "" : ",x"}\n`);
      await expect(sync()).rejects.toMatchObject({
        name: "MappingError",
        message: expect.stringContaining('has no column "Tier"'),
      });
      expect(emulator.store.entities("host").map(({ properties }) => properties.tier)).toEqual(["gold", "silver"]);
    },
  );

  it("reading/02, 30 lint says of the columns what every command says", async () => {
    const folder = await makeFolder();
    const [mapping, path] = [join(folder, "m.yaml"), join(folder, "hosts.csv")];
    await writeFile(path, "ID,name,2024,Owner Team\na,b,1,x\n");
    for (const [tier, what, fix] of [
      [".2024", 'has a column "2024", but .2024 is a number to jq', `write '."2024"'`],
      ['."Owner team"', 'has no column "Owner team"', 'write `."Owner Team"`'],
    ] as const) {
      await writeFile(mapping, mappingOf("", tier).replace(".Name", ".naem"));
      const found = (await lint({ mappings: [mapping], source: [path] })).filter(
        ({ code }) => code === "missing_column",
      );
      const said = found.map(({ message, fix }) => [message.replace(path, "").trim(), fix]);
      expect(said).toContainEqual(['has no column "naem"', "write `.name`"]);
      expect(said).toContainEqual([what, fix]);
      await expect(preview({ sources: [`hosts=${path}`], mapping }, { emit: async () => true })).rejects.toMatchObject({
        message: expect.stringContaining(what),
      });
      await writeFile(
        mapping,
        mappingOf("source: { optionalColumns: [naem, Owner team] }\n", tier).replace(".Name", ".naem"),
      );
      const left = (await lint({ mappings: [mapping], source: [path] })).filter(
        ({ code }) => code === "missing_column",
      );
      expect(left.length).toBe(tier === ".2024" ? 1 : 0);
    }
  });
});

describe("a FIFO and Ctrl-C", () => {
  it("reading/34 init of a FIFO: it is read once, and a signal ends it while nobody writes", async () => {
    const folder = await makeFolder();
    execFileSync("mkfifo", [join(folder, "f"), join(folder, "g")]);
    void writeFile(join(folder, "f"), "id,name\nsrv-1,A\nsrv-2,B\n");
    const read = start(["init", "hosts=f"], {}, folder);
    read.stdin.end();
    const { code, stdout, stderr } = await read.ended;
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toContain("identifier: .id");
    const waiting = start(["init", "hosts=g"], {}, folder);
    waiting.stdin.end();
    setTimeout(() => waiting.kill("SIGTERM"), 1500);
    expect((await waiting.ended).code).toBe(4);
  });

  it("reading/36 Ctrl-C while waiting: preview and explain of stdin or a FIFO end with 4 at once", async () => {
    const folder = await makeFolder();
    execFileSync("mkfifo", [join(folder, "g")]);
    await writeFile(join(folder, "m.yaml"), mappingOf("", ".Tier"));
    const commands = [
      ["preview", "hosts=-", "-m", "m.yaml"],
      ["explain", "hosts=-", "-m", "m.yaml", "--record", "9999999"],
      ["preview", "hosts=g", "-m", "m.yaml"],
    ];
    const ends = await Promise.all(
      commands.map(async (args) => {
        const program = start(args, {}, folder);
        // More than a pipe holds, or the other end of the FIFO: once it is taken, the program reads and waits for more.
        const fifo = args[1] === "hosts=g" ? await open(join(folder, "g"), "w") : undefined;
        if (fifo === undefined)
          await new Promise((done) => program.stdin.write(`ID,Name,Tier\n${"1,a,2\n".repeat(100_000)}`, done));
        program.kill("SIGINT");
        const { code, stderr } = await program.ended;
        await fifo?.close();
        return [args.slice(0, 2).join(" "), code, /internal error| at .*\.js:/.test(stderr)];
      }),
    );
    expect(ends).toEqual(commands.map((args) => [args.slice(0, 2).join(" "), 4, false]));
  });
});
