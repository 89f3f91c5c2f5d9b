import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { SourceError } from "../../src/errors.js";
import { extractRecords } from "../../src/read/extract.js";
import { readSource } from "../../src/read/read.js";
import type { SourceOptions } from "../../src/source-options.js";
import { asObject, gather, pieces, readText, stdin } from "./read-text.js";

const folder = mkdtempSync(join(tmpdir(), "portload-read-"));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = [
  { id: "1", name: "plain" },
  { id: "2", name: "Żółć, 漢字 — 🙂" },
  { id: "3", name: 'two\nlines and a "quote"' },
  { id: "4", name: "\ufffd is in the source" },
  { id: "5", name: "" },
];

interface FormatCase {
  readonly title: string;
  readonly options: SourceOptions;
  write(records: readonly { id: string; name: string }[]): string;
  /** The text with its third record made bad. */
  spoil(text: string): string;
  readonly badCode: string;
  readonly empty: string;
  readonly broken?: string;
  readonly hasLines: boolean;
}

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
const table = (delimiter: string, end: string) => (records: readonly { id: string; name: string }[]) =>
  [["id", "name"], ...records.map(({ id, name }) => [id, name])]
    .map((row) => row.map(quoted).join(delimiter) + end)
    .join("");

const formats: readonly FormatCase[] = [
  {
    title: "csv",
    options: { format: "csv" },
    write: table(",", "\n"),
    spoil: (text) => text.replace('"3",', '"3"x,'),
    badCode: "bad_quote",
    empty: "id,name\n",
    hasLines: true,
  },
  {
    title: "csv with semicolons and CRLF",
    options: { format: "csv", csv: { delimiter: ";" } },
    write: table(";", "\r\n"),
    spoil: (text) => text.replace('"3";', ""),
    badCode: "ragged_row",
    empty: "id;name\r\n",
    hasLines: true,
  },
  {
    title: "tsv",
    options: { format: "tsv" },
    write: table("\t", "\n"),
    spoil: (text) => text.replace('"3"\t', '"3"\t\t'),
    badCode: "ragged_row",
    empty: "id\tname",
    hasLines: true,
  },
  {
    title: "ndjson",
    options: { format: "ndjson" },
    write: (records) => records.map((record) => `${JSON.stringify(record)}\n`).join(""),
    spoil: (text) => text.replace('{"id":"3"', '{"id":3"'),
    badCode: "bad_json",
    empty: "\n\n",
    hasLines: true,
  },
  {
    title: "json",
    options: { format: "json" },
    write: (records) => JSON.stringify(records, null, 1),
    spoil: (text) => text.replace(/\{\s+"id": "3"[^}]+\}/, "[3]"),
    badCode: "not_an_object",
    empty: "[]",
    broken: '[{"id":"1","name":"a"},{"id":',
    hasLines: false,
  },
  {
    title: "json at a path of keys",
    options: { format: "json", json: { records: "result.items" } },
    write: (records) => JSON.stringify({ total: 9, items: [{ id: "no" }], result: { items: records, next: null } }),
    spoil: (text) => text.replace(/\{"id":"3"[^}]+\}/, "null"),
    badCode: "not_an_object",
    empty: '{"result":{"items":[]}}',
    broken: '{"result":{"items":[{"id":"1"}',
    hasLines: false,
  },
];

describe.each(formats)("reading $title", ({ title, options, write, spoil, badCode, empty, broken, hasLines }) => {
  const text = write(rows);

  it.each([undefined, 5, 1])("gives the same records in pieces of %s bytes", async (size) => {
    const { records, rejects, warnings, error } = await readText(text, options, size === undefined ? {} : { size });
    expect(records.map(asObject)).toEqual(rows);
    expect({ rejects, warnings, error }).toEqual({ rejects: [], warnings: [], error: undefined });
    expect(records.map(({ at }) => at.position)).toEqual([1, 2, 3, 4, 5]);
    expect(records.every(({ at }) => (at.line !== undefined) === hasLines)).toBe(true);
  });

  it.each([5, 1])("gives the same places, spans and rejects in pieces of %s bytes", async (size) => {
    const spoiled = spoil(text);
    expect(await readText(spoiled, options, { size })).toEqual(await readText(spoiled, options));
  });

  it.each([undefined, 1])("takes a byte order mark for none of its text, in pieces of %s bytes", async (size) => {
    const { records } = await readText(`\ufeff${text}`, options, size === undefined ? {} : { size });
    expect(records.map(asObject)).toEqual(rows);
  });

  it("gives spans that hold exactly the record's bytes", async () => {
    const bytes = Buffer.from(`\ufeff${text}`);
    const { records } = await readText(bytes, options);
    if (!hasLines) expect(records.every(({ span }) => span === undefined)).toBe(true);
    for (const { span, at } of hasLines ? records : []) {
      const before = bytes.subarray(0, span?.start).toString();
      expect(write([rows[at.position - 1] as never])).toContain(bytes.subarray(span?.start, span?.end).toString());
      expect(before.split(/\r\n|\n/).length).toBe(at.line);
    }
  });

  it("refuses a source without a byte", async () => {
    expect((await readText("", options)).error).toBeInstanceOf(SourceError);
    expect((await readText("\ufeff", options)).error).toBeInstanceOf(SourceError);
  });

  it("warns of a source without records", async () => {
    const { records, warnings, error } = await readText(empty, options);
    expect({ records, codes: warnings.map(({ code }) => code), error }).toEqual({
      records: [],
      codes: ["no_records"],
      error: undefined,
    });
  });

  it("rejects a bad record with its place and continues", async () => {
    const { records, rejects, error } = await readText(spoil(text), options);
    expect(error).toBeUndefined();
    expect(rejects[0]).toMatchObject({ code: badCode, stage: "read", at: { source: 0, position: 3 } });
    expect(records.map(asObject)).toEqual(expect.arrayContaining([rows[0], rows[1], rows[3], rows[4]]));
  });

  it("closes the source when its reader leaves early, and has not read far ahead", async () => {
    const many = write(Array.from({ length: 20_000 }, (_, n) => ({ id: String(n), name: "x".repeat(40) })));
    let given = 0;
    const all = pieces(Buffer.from(many), 16 * 1024);
    const source = Readable.from(
      (function* () {
        for (const piece of all) {
          given++;
          yield piece;
        }
      })(),
      { highWaterMark: 1 },
    );
    for await (const chunk of readSource(stdin, options, { stdin: source })) {
      expect(chunk.items.length).toBe(1000);
      break;
    }
    expect(source.destroyed).toBe(true);
    expect(given).toBeLessThan(16);
    expect(all.length).toBeGreaterThan(60);
  });

  it("gives the records before an error of the source, then the error", async () => {
    const source = Readable.from(
      (async function* () {
        yield Buffer.from(text.slice(0, -2));
        throw Object.assign(new Error("i/o error"), { code: "EIO" });
      })(),
    );
    const { records, error } = await gather(options, { stdin: source });
    expect(records.length).toBeGreaterThanOrEqual(4);
    expect(error).toBeInstanceOf(SourceError);
    expect((error as Error).message).toContain("i/o error");
  });

  it("gives the records before a byte that is not UTF-8, then its offset and line", async () => {
    const bytes = Buffer.from(text);
    const at = bytes.indexOf("\ufffd");
    bytes[at] = 0xff;
    const line = bytes.subarray(0, at).toString("latin1").split("\n").length;
    for (const size of [bytes.length, 5, 1]) {
      const { records, error } = await readText(bytes, options, { size });
      expect(records.map(asObject)).toEqual(rows.slice(0, 3));
      expect(error).toMatchObject({ name: "SourceError", offset: at, line });
    }
  });

  it("takes the first records only when a limit is given", async () => {
    const { records } = await readText(text, options, { limit: 2 });
    expect(records.map(asObject)).toEqual(rows.slice(0, 2));
  });

  it.skipIf(broken === undefined)("reports where broken JSON ends, and keeps the records before", async () => {
    const path = join(folder, "broken.json");
    writeFileSync(path, broken ?? "");
    const { records, error } = await gather(options, {}, { ...stdin, path, name: "broken.json" });
    expect(records.length).toBe(1);
    expect(error).toMatchObject({ name: "SourceError", offset: broken?.length, line: 1 });
  });

  it("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const source = new Readable({ read: () => undefined });
    source.push(text);
    const reading = gather(options, { stdin: source, signal: controller.signal });
    controller.abort(new Error("enough"));
    expect((await reading).error).toEqual(new Error("enough"));
  });

  it.each([[[]], [[1]], [[5, 2]], [[1, 2, 3, 4, 5]]])(
    "extracts records %j as a source that reads as those records",
    async (positions) => {
      const path = join(folder, `${title}.data`);
      writeFileSync(path, `\ufeff${text}`);
      const source = { ...stdin, path, name: title };
      const { records } = await gather(options, {}, source);
      const wanted = positions
        .map((position) => records[position - 1])
        .map((record) => ({
          position: record?.at.position ?? 0,
          ...(record?.span === undefined ? {} : { span: record.span }),
        }));
      const parts: Uint8Array[] = [];
      for await (const part of extractRecords(source, options, wanted)) parts.push(Buffer.from(part));
      const again = await readText(Buffer.concat(parts), options);
      expect(again.records.map(asObject)).toEqual([...positions].sort().map((position) => rows[position - 1]));
      expect(again.rejects).toEqual([]);
    },
  );
});
