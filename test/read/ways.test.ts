import { Readable } from "node:stream";
import { brotliCompressSync, gzipSync } from "node:zlib";
import iconv from "iconv-lite";
import { describe, expect, it } from "vitest";
import { readSource } from "../../src/read/read.js";
import type { SourceOptions } from "../../src/source-options.js";
import { asObject, gather, pieces, stdin } from "./read-text.js";

interface Way {
  readonly title: string;
  readonly path: string;
  readonly options: SourceOptions;
  readonly encode: (text: string) => Buffer;
  /** Bytes that are wrong in this way, put at the end. */
  readonly wrong: readonly number[];
}

const marked = (mark: readonly number[], encoding: string) => (text: string) =>
  Buffer.concat([Buffer.from(mark), iconv.encode(text, encoding, { addBOM: false })]);

/** Ways in which the same CSV may come; NDJSON and JSON pass the same decoding. */
const ways: readonly Way[] = [
  { title: "UTF-16LE", path: "-", options: {}, encode: marked([0xff, 0xfe], "utf-16le"), wrong: [0x00, 0xdc] },
  { title: "UTF-16BE", path: "-", options: {}, encode: marked([0xfe, 0xff], "utf-16be"), wrong: [0xdc, 0x00] },
  {
    title: "windows-1252",
    path: "-",
    options: { encoding: "windows-1252" },
    encode: marked([], "windows-1252"),
    wrong: [0x81],
  },
  { title: "Shift_JIS", path: "-", options: { encoding: "shift_jis" }, encode: marked([], "shift_jis"), wrong: [0xfd] },
  { title: "GB18030", path: "-", options: { encoding: "gb18030" }, encode: marked([], "gb18030"), wrong: [0xff] },
  { title: "gzip", path: "-", options: {}, encode: (text) => gzipSync(text), wrong: [] },
  { title: "brotli", path: "things.csv.br", options: {}, encode: (text) => brotliCompressSync(text), wrong: [] },
];

const rows = [
  ["1", "plain"],
  ["2", 'two\r\nlines and a "quote"'],
  ["3", ""],
  ["4", "a;b"],
];
const text = `id,name\r\n${rows.map(([id, name = ""]) => `${id},"${name.replaceAll('"', '""')}"\r\n`).join("")}`;
const spoiled = text.replace('4,"a;b"', '4,"a;b",x\r\n5,"open\r\n6,fine');

const read = ({ path, options }: Way, bytes: Buffer, size = bytes.length) => {
  const source = { ...stdin, path, name: "things" };
  // A path is opened by itself; its bytes are fed in its place.
  return path === "-"
    ? gather(options, { stdin: Readable.from(pieces(bytes, size)) }, source)
    : withFile(bytes, (file) => gather(options, {}, { ...source, path: file }));
};

async function withFile<T>(bytes: Buffer, use: (file: string) => Promise<T>): Promise<T> {
  const { mkdtemp, rm, writeFile } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const folder = await mkdtemp(join(tmpdir(), "portload-way-"));
  try {
    await writeFile(join(folder, "things.csv.br"), bytes);
    return await use(join(folder, "things.csv.br"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.each(ways)("a CSV that comes as $title", (way) => {
  it.each([undefined, 5, 1])("gives the same records in pieces of %s bytes", async (size) => {
    const { records, rejects, warnings, error } = await read(way, way.encode(text), size);
    expect({ rejects, warnings, error }).toEqual({ rejects: [], warnings: [], error: undefined });
    expect(records.map(({ cells }) => cells)).toEqual(rows);
    expect(records.map(({ at }) => at.line)).toEqual([2, 3, 5, 6]);
  });

  it("rejects bad rows with their places and continues, the same in pieces of 1 byte", async () => {
    const whole = await read(way, way.encode(spoiled));
    expect(whole.rejects.map(({ code, at }) => [code, at.position, at.line])).toEqual([
      ["ragged_row", 4, 6],
      ["unclosed_quote", 5, 7],
    ]);
    expect(whole.records.map(asObject).slice(3)).toEqual([{ id: "6", name: "fine" }]);
    expect(await read(way, way.encode(spoiled), 1)).toEqual(whole);
  });

  it("refuses one without a byte", async () => {
    expect((await read(way, Buffer.alloc(0))).error).toMatchObject({ name: "SourceError" });
    expect((await read(way, way.encode(""))).error).toMatchObject({ name: "SourceError" });
  });

  it.skipIf(way.path !== "-")("gives the records before an error of the source, then the error", async () => {
    const bytes = way.encode(text.repeat(50));
    const source = Readable.from(
      (async function* () {
        yield bytes.subarray(0, bytes.length - 3);
        throw Object.assign(new Error("i/o error"), { code: "EIO" });
      })(),
    );
    const { records, error } = await gather(way.options, { stdin: source }, { ...stdin, name: "things" });
    expect((error as Error).message).toContain("i/o error");
    if (way.wrong.length > 0) expect(records.length).toBeGreaterThan(200);
  });

  it.skipIf(way.wrong.length === 0)("names offset and line of bytes that are not characters", async () => {
    const good = way.encode(text);
    const bytes = Buffer.concat([
      good,
      Buffer.from(way.wrong),
      way.encode("7,x\r\n").subarray(good.length % 2 === 0 ? 2 : 0),
    ]);
    for (const size of [bytes.length, 5, 1]) {
      const { records, error } = await read(way, bytes, size);
      expect(records.map(({ cells }) => cells)).toEqual(rows);
      expect(error).toMatchObject({ name: "SourceError", offset: good.length, line: 7 });
    }
  });

  it.skipIf(way.path !== "-")("is closed when its reader leaves early, and not read far ahead", async () => {
    const bytes = way.encode(
      `id,name\n${Array.from({ length: 60_000 }, (_, n) => `${n},${(n * 7919) % 99991}\n`).join("")}`,
    );
    let given = 0;
    const all = pieces(bytes, 4096);
    const source = Readable.from(
      (function* () {
        for (const piece of all) {
          given++;
          yield piece;
        }
      })(),
      { highWaterMark: 1 },
    );
    for await (const chunk of readSource({ ...stdin, name: "things" }, way.options, { stdin: source })) {
      expect(chunk.items.length).toBe(1000);
      break;
    }
    expect(source.destroyed).toBe(true);
    expect(given).toBeLessThan(all.length / 2);
  });
});
