import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import type { SourceOptions } from "../../src/source-options.js";
import { gather, pieces, readText, stdin } from "./read-text.js";

const fixtures = join(import.meta.dirname, "../fixtures");
const folder = mkdtempSync(join(tmpdir(), "portload-read-"));
afterAll(() => rmSync(folder, { recursive: true }));

const readFixture = (file: string, options: SourceOptions = {}) =>
  gather(options, {}, { ...stdin, path: join(fixtures, file), name: file });

describe("a source that cannot be read on", () => {
  it.each([
    ["missing.csv", "missing.csv: no such file or directory", {}],
    [".", ".: is a directory", {}],
    [
      "invalid-utf8.csv",
      "invalid-utf8.csv: is not UTF-8: byte 0xE9 at offset 18, line 3",
      { offset: 18, line: 3, hint: expect.stringContaining("encoding: windows-1252") },
    ],
    ["nul-byte.csv", "nul-byte.csv: is not text: a NUL byte at offset 11, line 2", { offset: 11, line: 2 }],
    [
      "broken.json",
      "broken.json: is not valid JSON at line 2, column 8, offset 20, after record 1: expected ':'",
      { offset: 20, line: 2 },
    ],
    ["archive.tar.gz", "archive.tar.gz: is a tar archive", { hint: expect.stringContaining("tar -xf") }],
    ["sheet.xls", "sheet.xls: is an old spreadsheet (.xls)", { hint: "Save the sheet as CSV UTF-8." }],
  ])("%s is an error with what to do and its place as facts", async (file, message, facts) => {
    const { error } = await readFixture(file);
    expect(error).toMatchObject({ name: "SourceError", message, hint: expect.any(String), ...facts });
  });

  it("keeps the records before an error of the source, up to the last line end", async () => {
    const bytes = Buffer.from("id,name\n1,a\n2,b\n\xff", "latin1");
    for (const size of [1, 100]) {
      const { records, error } = await readText(bytes, {}, { size });
      expect(records.map(({ cells }) => cells)).toEqual([
        ["1", "a"],
        ["2", "b"],
      ]);
      expect(error).toMatchObject({ offset: 16, line: 4 });
    }
  });

  it("reads a named encoding", async () => {
    const { records } = await readFixture("shift-jis.csv", { encoding: "shift_jis" });
    expect(records.map(({ cells }) => cells)).toEqual([["1", "表示"]]);
  });
});

describe("a record that cannot be read", () => {
  it.each([
    ["unclosed-quote.csv", [["unclosed_quote", 2, 3, "name"]], [1, 3]],
    ["quote-in-quoted-cell.csv", [["bad_quote", 2, 3, "name"]], [1, 3]],
    [
      "ragged-row.csv",
      [
        ["ragged_row", 2, 3, undefined],
        ["ragged_row", 3, 4, undefined],
      ],
      [1, 4],
    ],
    [
      "bad-line.ndjson",
      [
        ["bad_json", 2, 2, undefined],
        ["not_an_object", 4, 5, undefined],
      ],
      [1, 3],
    ],
  ])("%s costs its own line only", async (file, faults, positions) => {
    const { records, rejects, error } = await readFixture(file);
    expect(error).toBeUndefined();
    expect(rejects.map(({ code, at, path }) => [code, at.position, at.line, path])).toEqual(faults);
    expect(records.map(({ at }) => at.position)).toEqual(positions);
    const bytes = readFileSync(join(fixtures, file), "latin1").split("\n");
    for (const { span, at } of rejects)
      expect((span?.end ?? 0) - (span?.start ?? 0)).toBe(bytes[(at.line ?? 0) - 1]?.length);
  });
});

describe("the format of a source without a known extension", () => {
  it.each([
    ["json", ' [{"a":"1"}]', [{ a: "1" }]],
    ["json", '{"a":"1",\n"b":{}}', [{ a: "1", b: {} }]],
    ["ndjson", '{"a":"1"}\n{"a":"2"}\n', [{ a: "1" }, { a: "2" }]],
    ["csv", "a,b\n1,2\n", [["1", "2"]]],
    ["tsv", "a\tb\n1\t2,3\n", [["1", "2,3"]]],
  ])("is %s for %j", async (_format, text, values) => {
    const { records } = await readText(text);
    expect(records.map(({ value, cells }) => cells ?? value)).toEqual(values);
  });
});

describe("a copy of stdin", () => {
  it("is equal to the byte, private, and lets broken JSON be located", async () => {
    const copyTo = join(folder, "copy");
    const text = '[{"a":1},\n{"a":2},,]';
    const { error } = await gather({}, { stdin: Readable.from(pieces(Buffer.from(text), 3)), copyTo });
    expect(error).toMatchObject({ offset: 18, line: 2 });
    const whole = "a,b\r\n1,2\r\n";
    await gather({}, { stdin: Readable.from(pieces(Buffer.from(whole), 3)), copyTo });
    expect(readFileSync(copyTo, "utf8")).toBe(whole);
    expect(statSync(copyTo).mode & 0o777).toBe(0o600);
  });

  it("that cannot be written stops the reading as trouble of the state folder", async () => {
    const copyTo = join(folder, "no", "such", "folder");
    const { error } = await gather({}, { stdin: Readable.from(pieces(Buffer.from("a\n1\n"))), copyTo });
    expect(error).toMatchObject({ name: "StateError" });
  });

  it("is not made of a file", async () => {
    const copyTo = join(folder, "needless");
    await gather({}, { copyTo }, { ...stdin, path: join(fixtures, "ragged-row.csv") });
    expect(() => statSync(copyTo)).toThrow();
  });
});
