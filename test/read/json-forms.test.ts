import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { extractRecords } from "../../src/read/extract.js";
import { settleSource } from "../../src/read/read.js";
import { receiptText } from "../../src/read/receipt.js";
import type { SourceOptions } from "../../src/source-options.js";
import { peakMegabytes } from "../support/peak-memory.js";
import { gather, readText, stdin } from "./read-text.js";

const folder = mkdtempSync(join(tmpdir(), "portload-json-forms-"));
afterAll(() => rmSync(folder, { recursive: true }));

const values = (result: { readonly records: readonly { readonly value?: unknown }[] }): unknown[] =>
  result.records.map(({ value }) => value);

function file(name: string, text: string) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { ...stdin, path, name };
}

describe("JSON under another extension", () => {
  const records = [
    { id: "a", name: "A" },
    { id: "b", name: "B" },
  ];
  it.each([
    ["array.ndjson", `[\n${records.map((record) => JSON.stringify(record)).join(",\n")}\n]\n`],
    ["pretty.ndjson", records.map((record) => JSON.stringify(record, null, 1)).join("\n")],
    ["concat.ndjson", records.map((record) => JSON.stringify(record)).join("")],
    ["pretty.csv", JSON.stringify(records, null, 2)],
    ["lines.csv", records.map((record) => `${JSON.stringify(record)}\n`).join("")],
    ["array.tsv", JSON.stringify(records)],
    ["sequence.json", records.map((record) => `\u001e${JSON.stringify(record)}\n`).join("")],
    ["sequence.ndjson", records.map((record) => `\u001e${JSON.stringify(record)}\n`).join("")],
    ["pretty-sequence.txt", records.map((record) => `\u001e${JSON.stringify(record, null, 2)}\n`).join("")],
  ])("%s is read by its content", async (name, text) => {
    expect(values(await gather({}, {}, file(name, text)))).toEqual(records);
  });

  it("is named in the receipt", async () => {
    const { receipt } = await settleSource(file("array.ndjson", "[{}]"), {});
    expect(receipt && receiptText(receipt)).toBe("array.ndjson: JSON by its content, UTF-8");
  });

  it("is NDJSON still where one line is broken, or where a list is in each", async () => {
    const { records, rejects } = await gather(
      {},
      {},
      file("x.ndjson", '{"id":1"\n{"id":2,"l":[\n{"id":3}\n{"id":4}\n'),
    );
    expect([records.length, rejects.map(({ code }) => code)]).toEqual([2, ["bad_json", "bad_json"]]);
  });

  it("leaves a CSV alone whose header begins with a bracket", async () => {
    const { records } = await gather({}, {}, file("x.csv", "[id],name\n1,a\n"));
    expect(records.map(({ cells }) => cells)).toEqual([["1", "a"]]);
  });
});

describe("a map of records by their keys", () => {
  const text = '{"srv-1":{"name":"A","id":"x"},"srv-2":{"name":"B"},"n":1}';
  it("gives each value with its key under a name", async () => {
    const { records, rejects } = await readText(text, { format: "json", json: { keyed: "id" } });
    expect(values({ records })).toEqual([
      { id: "srv-1", name: "A" },
      { id: "srv-2", name: "B" },
    ]);
    expect(rejects.map(({ code, at }) => [code, at.position])).toEqual([["not_an_object", 3]]);
  });

  it("may be at a path of keys, and is given back as a map", async () => {
    const source = file("map.json", `{"hosts":${text},"z":0}`);
    const options: SourceOptions = { json: { records: "hosts", keyed: "id" } };
    const parts: Uint8Array[] = [];
    for await (const part of extractRecords(source, options, [{ position: 3 }, { position: 2 }])) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe('{"hosts":{\n"srv-2":{"name":"B"},\n"n":1\n}}\n');
  });

  it("is refused where an array is there", async () => {
    const { error } = await readText("[]", { format: "json", json: { keyed: "id" } });
    expect(error).toMatchObject({ message: expect.stringContaining("must be an object of records, and is an array") });
  });

  it.each([
    ["is no map", "[]", { keyed: "id" }, "json.keyed is for an object whose values are the records."],
    [
      "is not a list",
      '{"hosts":1}',
      { records: "hosts" },
      "Let json.records name the keys, dotted, that lead to the array of records.",
    ],
    [
      "is not there",
      '{"hosts":[]}',
      { records: "host" },
      "Let json.records name the keys, dotted, that lead to the array of records.",
    ],
  ])("says with the setting where the place of the records %s", async (_, given, json, hint) => {
    const { error } = await readText(given, { format: "json", json });
    expect(error).toMatchObject({ hint });
  });

  it("is recognised, with the setting", async () => {
    const { receipt } = await settleSource(file("map.json", '{"a":{"n":1},"b":{"n":2}}'), {});
    expect(receipt?.shape).toEqual({ lists: [], isMap: true });
    expect(receipt && receiptText(receipt)).toContain("json.keyed");
  });

  it("that is too large for one record says so with the setting", async () => {
    const large = `{${Array.from({ length: 100 }, (_, n) => `"k${n}":{"n":${n}}`).join(",")}}`;
    const { rejects } = await readText(large, { format: "json", maxRecordBytes: 200 });
    expect(rejects).toMatchObject([{ code: "record_too_large", message: expect.stringContaining("json.keyed") }]);
  });
});

describe("pages of an API", () => {
  const page = (from: number): string => JSON.stringify({ items: [{ id: from }, { id: from + 1 }], next: "x" });
  it("one a line are asked about, and read by json.records", async () => {
    const text = `${page(1)}\n${page(3)}\n`;
    const { error } = await readText(text, {});
    expect(error).toMatchObject({
      message: expect.stringContaining('every line is a page with a list at "items"'),
      hint: expect.stringContaining('json: { records: "items" }'),
    });
    for (const options of [{}, { format: "ndjson" as const }])
      expect(values(await readText(text, { ...options, json: { records: "items" } }))).toEqual(
        [1, 2, 3, 4].map((id) => ({ id })),
      );
    expect((await readText(text, { format: "ndjson" })).records.length).toBe(2);
  });

  it("are not seen in records that hold a list", async () => {
    const { records } = await readText('{"id":1,"deps":[{"n":1}]}\n{"id":2,"deps":[{"n":1}]}\n', {});
    expect(records.length).toBe(2);
  });

  it("may hold several lists, which the receipt names", async () => {
    const { receipt } = await settleSource(file("lists.json", '{"a":[{"id":"a1"}],"b":{"c":[{"id":"b1"}]}}'), {});
    expect(receipt?.shape).toEqual({ lists: ["a", "b.c"], isMap: false });
  });
});

describe("a record that is not JSON", () => {
  const text = '[{"id":"a"},\n{"id":"b","tier":NaN},\n{"id":"c","n":-Infinity},\n{"id" "d"},\n{"id":"e"}]';
  it("is named with its place, and the way past it", async () => {
    const { records, error } = await readText(text, { format: "json" });
    expect(records.length).toBe(1);
    expect(error).toMatchObject({
      line: 2,
      offset: text.indexOf("NaN"),
      message: expect.stringContaining("line 2, column 18, offset 30, after record 1: NaN is not a JSON number"),
      hint: expect.stringContaining("badText: reject"),
    });
  });

  it.each([1, 7, 1000])("costs itself alone with badText: reject, in pieces of %i bytes", async (size) => {
    const { records, rejects, error } = await readText(text, { format: "json", badText: "reject" }, { size });
    expect(error).toBeUndefined();
    expect(values({ records })).toEqual([{ id: "a" }, { id: "e" }]);
    expect(rejects.map(({ code, message }) => [code, message.split(": ")[1]])).toEqual([
      ["bad_json", "NaN is not a JSON number"],
      ["bad_json", "-Infinity is not a JSON number"],
      ["bad_json", "expected ':'"],
    ]);
  });

  it("names NaN in NDJSON, too", async () => {
    const { rejects } = await readText('{"n":1}\n{"n":NaN}\n', { format: "ndjson" });
    expect(rejects[0]?.message).toBe("the line is not valid JSON: NaN is not a JSON number, at column 6");
  });

  it("may hold a byte that is not text", async () => {
    const bytes = Buffer.from('[{"id":"a"},{"id":"?"},{"id":"c"}]');
    bytes[bytes.indexOf("?")] = 0xff;
    const { records, rejects } = await readText(bytes, { format: "json", badText: "reject" }, { size: 5 });
    expect(values({ records })).toEqual([{ id: "a" }, { id: "c" }]);
    expect(rejects.map(({ code, at }) => [code, at.position])).toEqual([["bad_text", 2]]);
  });
});

describe("any text", () => {
  it("is read as JSON.parse reads it, or refused at a place within it", async () => {
    const signs = fc.string({ unit: fc.constantFrom(...'[]{}",:1e-.0tnu \\\n'), maxLength: 12 });
    const text = fc.oneof(
      signs,
      fc.tuple(fc.jsonValue(), signs).map(([value, noise]) => JSON.stringify(value) + noise),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 20 }), async (inner, size) => {
        const whole = `[{"v":${inner}},{"w":1}]`;
        let parsed: unknown;
        try {
          parsed = JSON.parse(whole);
        } catch {
          parsed = undefined;
        }
        const { records, error } = await readText(whole, { format: "json" }, { size });
        if (parsed === undefined) {
          // A text may close the array early, and another one follow.
          if (error === undefined) return;
          expect(error).toMatchObject({ name: "SourceError", line: expect.any(Number) });
          expect((error as { offset: number }).offset).toBeLessThanOrEqual(Buffer.byteLength(whole));
        } else if (error === undefined && (parsed as unknown[]).length === 2 && !/\d{16}|[eE]/.test(whole))
          expect(values({ records })).toEqual(parsed);
      }),
      // A word after the end of the array is another text, and reported at its line, too.
      { numRuns: 500, examples: [["[]}]n", 1]] },
    );
  });
});

const built = new URL(
  `file://${join(import.meta.dirname, "../../node_modules/.cache/portload-bench/src/read/read.js")}`,
).href;

/** Reads one record of 300 MB between two small ones, in a process of its own, and prints what came and the peak in megabytes. */
const program = `
import { Readable } from "node:stream";
const [built, begin, piece, end, format] = process.argv.slice(1);
const { readSource } = await import(built);
const block = Buffer.from(piece.repeat(65536 / piece.length));
function* blocks() {
  yield Buffer.from(begin);
  for (let n = 0; n < 4800; n++) yield block;
  yield Buffer.from(end);
}
const source = { index: 0, kind: "thing", path: "-", name: "stdin" };
const found = [];
for await (const { items, rejects } of readSource(source, { format }, { stdin: Readable.from(blocks()) }))
  found.push(...items.map(({ value, cells }) => JSON.stringify(value ?? cells)), ...rejects.map(({ code }) => code));
console.log(JSON.stringify({ found: found.sort(), megabytes: ${peakMegabytes} }));
`;

describe("one record of 300 MB", () => {
  it.each([
    ["a text", "json", '[{"a":1},{"a":"', "x", '"},{"a":2}]'],
    ["a number", "json", '[{"a":1},{"a":', "1", '},{"a":2}]'],
    ["a key", "json", '[{"a":1},{"', "k", '":1},{"a":2}]'],
    ["a line", "ndjson", '{"a":1}\n{"a":"', "x", '"}\n{"a":2}\n'],
  ])("with %s that long is held only up to maxRecordBytes", (_title, format, begin, piece, end) => {
    const node = ["--input-type=module", "-e", program, built, begin, piece, end, format];
    const run = JSON.parse(execFileSync(process.execPath, node, { encoding: "utf8" })) as {
      found: string[];
      megabytes: number;
    };
    expect(run.found).toEqual(["record_too_large", '{"a":1}', '{"a":2}']);
    expect(run.megabytes).toBeLessThan(200);
  });
});
