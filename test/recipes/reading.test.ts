import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { brotliCompressSync, gzipSync } from "node:zlib";
import iconv from "iconv-lite";
import { describe, expect, it, onTestFinished } from "vitest";
import { runImport } from "../../src/recipes/import.js";
import type { RunContext } from "../../src/recipes/run/connect.js";
import { receiptText } from "../../src/recipes/run/inventory.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";

const thing = blueprintOf("thing", { schema: { properties: { name: { type: "string" }, count: { type: "number" } } } });

async function writeMapping(folder: string, source: string): Promise<string> {
  const path = join(folder, "things.yaml");
  await writeFile(
    path,
    `source: { ${source} }
resources:
  - kind: things
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id, blueprint: '"thing"', properties: { name: .name, count: .count } } } }
`,
  );
  return path;
}

/** Five records: the second is refused by the check, the fourth by the reader; both can be corrected. */
const csv = (delimiter: string, end: string): string =>
  ["id,name,count", "1,one é,1", "2,two é,many", "3,three é,3", "4,four é", "5,five é,5"]
    .map((line) => line.replaceAll(",", delimiter) + end)
    .join("");
const ndjson = '{"id":"1","name":"é","count":1}\n{"id":"2","count":"many"}\n{"id":"3"}\n{"id":"4",}\n{"id":"5"}\n';
const json = '[{"id":"1","name":"é"},\n {"id":"2","name":"é","count":"many"}, {"id":"3"}]';
const corrected = (text: string): string =>
  text
    .replace("many", "2")
    .replace('"4",', '"4"')
    .replace(/^(4(.)four é)/m, "$1$24");

interface Case {
  readonly title: string;
  readonly file: string;
  readonly source?: string;
  readonly text: string;
  readonly encode: (text: string) => Buffer;
  readonly decode: (bytes: Buffer) => string;
  readonly pack?: (bytes: Buffer) => Buffer;
  readonly by?: "stdin" | "address" | "fifo";
  /** Name and text of the rejects file. */
  readonly rejects: readonly [name: string, text: string];
}

const plain = { encode: (text: string) => Buffer.from(text), decode: (bytes: Buffer) => bytes.toString() };
const by = (encoding: string, mark: readonly number[] = []) => ({
  encode: (text: string) => Buffer.concat([Buffer.from(mark), iconv.encode(text, encoding, { addBOM: false })]),
  decode: (bytes: Buffer) => {
    expect([...bytes.subarray(0, mark.length)]).toEqual(mark);
    return iconv.decode(bytes.subarray(mark.length), encoding, { stripBOM: false });
  },
});
const refusedRows = (delimiter: string, end: string): string =>
  ["id,name,count", "2,two é,many", "4,four é"].map((line) => line.replaceAll(",", delimiter) + end).join("");

const cases: readonly Case[] = [
  {
    title: "UTF-8",
    file: "things.csv",
    text: csv(",", "\n"),
    ...plain,
    rejects: ["things.csv", refusedRows(",", "\n")],
  },
  {
    title: "semicolons in windows-1252 with CRLF",
    file: "things.csv",
    source: 'encoding: windows-1252, csv: { delimiter: ";" }',
    text: csv(";", "\r\n"),
    ...by("windows-1252"),
    rejects: ["things.csv", refusedRows(";", "\r\n")],
  },
  {
    title: "UTF-16 with its mark",
    file: "things.csv",
    text: csv(",", "\r\n"),
    ...by("utf-16le", [0xff, 0xfe]),
    rejects: ["things.csv", refusedRows(",", "\r\n")],
  },
  {
    title: "GB18030 packed by gzip",
    file: "things.csv.gz",
    source: "encoding: gb18030",
    text: csv(",", "\n"),
    ...by("gb18030"),
    pack: gzipSync,
    rejects: ["things.csv", refusedRows(",", "\n")],
  },
  {
    title: "brotli",
    file: "things.tsv.br",
    text: csv("\t", "\n"),
    ...plain,
    pack: brotliCompressSync,
    rejects: ["things.tsv", refusedRows("\t", "\n")],
  },
  {
    title: "NDJSON packed by gzip",
    file: "things.ndjson.gz",
    text: ndjson,
    ...plain,
    pack: gzipSync,
    rejects: ["things.ndjson", '{"id":"2","count":"many"}\n{"id":"4",}\n'],
  },
  {
    title: "JSON in windows-1252",
    file: "things.json",
    source: "encoding: windows-1252",
    text: json,
    ...by("windows-1252"),
    rejects: ["things.json", '[\n{"id":"2","name":"\\u00e9","count":"many"}\n]\n'],
  },
  {
    title: "stdin packed by gzip",
    file: "things.csv.gz",
    text: csv(",", "\n"),
    ...plain,
    pack: gzipSync,
    by: "stdin",
    rejects: ["stdin.csv", refusedRows(",", "\n")],
  },
  {
    title: "a FIFO",
    file: "things.csv",
    text: csv(",", "\n"),
    ...plain,
    by: "fifo",
    rejects: ["things.csv", refusedRows(",", "\n")],
  },
  {
    title: "an address",
    file: "things.csv.gz",
    text: csv(",", "\n"),
    ...plain,
    pack: gzipSync,
    by: "address",
    rejects: ["things.csv", refusedRows(",", "\n")],
  },
];

/** Puts a case's source where it is read from. */
async function place({ file, text, encode, pack = (bytes) => bytes, by: way }: Case, folder: string) {
  const bytes = pack(encode(text));
  const path = join(folder, file);
  if (way === "stdin") return { source: "-", stdin: Readable.from([bytes]) };
  if (way === "fifo") {
    execFileSync("mkfifo", [path]);
    void writeFile(path, bytes);
    return { source: path };
  }
  if (way === undefined) {
    await writeFile(path, bytes);
    return { source: path };
  }
  const server = createServer((_request, response) => response.end(bytes));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { source: `http://me:s3cret@127.0.0.1:${(server.address() as AddressInfo).port}/${file}?key=s3cret` };
}

describe("rejected records", () => {
  it.each(cases)("of $title are given back as they came, and read again once corrected", async (one) => {
    const folder = await makeFolder();
    const emulator = await startCatalog({ blueprints: [thing] });
    const mapping = await writeMapping(folder, one.source ?? "");
    const { source, stdin } = await place(one, folder);
    const receipts: string[] = [];
    const {
      report,
      folder: state = "",
      error,
    } = await runImport(
      { mapping, sources: [source], stateDir: join(folder, "state") },
      { env: envOf(emulator), ...(stdin && { stdin }), onReceipt: (receipt) => receipts.push(receiptText(receipt)) },
    );
    expect(error).toBeUndefined();
    expect(report).toMatchObject({ exitCode: 1, balanced: true });
    expect(receipts).toHaveLength(1);
    const [name, text] = one.rejects;
    const path = join(state, "rejects", name);
    expect(report.rejectFiles).toMatchObject([{ path }]);
    expect(one.decode(await readFile(path))).toBe(text);
    for (const file of ["journal.ndjson", "report.json", "reasons.ndjson"])
      expect(await readFile(join(state, file), "utf8")).not.toContain("s3cret");
    expect(receipts.join()).not.toContain("s3cret");

    const again = join(await makeFolder(), basename(path));
    await writeFile(again, one.encode(corrected(text)));
    const next = await runImport(
      { mapping, sources: [again], stateDir: join(folder, "again") },
      { env: envOf(emulator) },
    );
    expect(next.report).toMatchObject({ exitCode: 0, rejects: [] });
    const expected = one.text.includes("5") ? ["1", "2", "3", "4", "5"] : ["1", "2", "3"];
    expect(
      emulator.store
        .entities("thing")
        .map(({ identifier }) => identifier)
        .sort(),
    ).toEqual(expected);
  });
});

describe("a source in doubt", () => {
  it("stops an import before anything is sent or left, with the lines that settle it", async () => {
    const folder = await makeFolder();
    const emulator = await startCatalog({ blueprints: [thing] });
    const mapping = await writeMapping(folder, "");
    const source = join(folder, "things.csv");
    await writeFile(source, "id;name;count\n1;one;1\n");
    const given = { mapping, sources: [source], stateDir: join(folder, "state") };
    await expect(runImport(given, { env: envOf(emulator) })).rejects.toMatchObject({
      name: "SourceError",
      hint: expect.stringContaining('csv: { delimiter: ";" }'),
    });
    expect(emulator.store.entities("thing")).toEqual([]);
    const context: RunContext = { env: envOf(emulator), ask: async (_name, { answers }) => answers[0] };
    const answered = await runImport(given, context);
    expect(answered.report).toMatchObject({ exitCode: 0, entities: { created: 1 } });
  });
});
