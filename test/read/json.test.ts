import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { extractRecords } from "../../src/read/extract.js";
import type { SourceOptions } from "../../src/source-options.js";
import { gather, readText, stdin } from "./read-text.js";

const folder = mkdtempSync(join(tmpdir(), "portload-json-"));
afterAll(() => rmSync(folder, { recursive: true }));

const objects = fc.array(
  fc
    .dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "a.b", "")), fc.jsonValue(), {
      maxKeys: 4,
    })
    .map((value) => JSON.parse(JSON.stringify(value)) as object),
  { maxLength: 8 },
);

/** What the reader makes of a value: long integers become the digits that JSON.stringify wrote. */
function kept(value: unknown): unknown {
  if (typeof value === "number") {
    return /^-?\d+$/.test(JSON.stringify(value)) && !Number.isSafeInteger(value) ? JSON.stringify(value) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(kept);
  const copy = {};
  for (const [key, one] of Object.entries(value)) {
    Object.defineProperty(copy, key, { value: kept(one), enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

const forms: readonly { title: string; options: SourceOptions; write(values: readonly object[]): string }[] = [
  { title: "json", options: { format: "json" }, write: (values) => JSON.stringify(values) },
  {
    title: "json at a path",
    options: { format: "json", json: { records: "a.b" } },
    write: (values) => JSON.stringify({ x: [{ b: 1 }], a: { c: {}, b: values }, b: [0] }, null, 2),
  },
  {
    title: "ndjson",
    options: { format: "ndjson" },
    write: (values) => values.map((value) => `${JSON.stringify(value)}\n`).join("") || "\n",
  },
];

describe.each(forms)("any objects written as $title", ({ title, options, write }) => {
  it("read back equal, whatever the size of the pieces, and so does any part of them", async () => {
    const path = join(folder, title);
    await fc.assert(
      fc.asyncProperty(
        objects,
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        async (values, size, chosen) => {
          const text = write(values);
          const { records, rejects, error } = await readText(text, options, { size });
          expect({ rejects, error }).toEqual({ rejects: [], error: undefined });
          expect(JSON.stringify(records.map(({ value }) => value))).toBe(JSON.stringify(values.map(kept)));
          writeFileSync(path, text);
          const wanted = records.filter(({ at }) => chosen[at.position - 1]);
          const parts: Uint8Array[] = [];
          const named = wanted.map(({ at, span }) => ({
            position: at.position,
            ...(span === undefined ? {} : { span }),
          }));
          for await (const part of extractRecords({ ...stdin, path }, options, named)) parts.push(Buffer.from(part));
          if (parts.length === 0) return;
          const again = await readText(Buffer.concat(parts), options);
          expect(JSON.stringify(again.records.map(({ value }) => value))).toBe(
            JSON.stringify(wanted.map(({ value }) => value)),
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("reading JSON", () => {
  it("takes a single object for one record", async () => {
    const { records } = await readText('{"id":"1","list":[1,[2]]}', { format: "json" });
    expect(records).toEqual([{ at: { source: 0, position: 1 }, value: { id: "1", list: [1, [2]] } }]);
  });

  it("takes a single object at the path for one record", async () => {
    const { records } = await readText('{"a":{"id":1},"z":2}', { format: "json", json: { records: "a" } });
    expect(records.map(({ value }) => value)).toEqual([{ id: 1 }]);
  });

  it.each([
    ['{"b":[]}', "a", '"b"'],
    ['{"a":{"c":1}}', "a.b", '"c"'],
    ['{"a":[1]}', "a.b", '"a" must be an object, and is an array'],
    ['{"a":3}', "a", '"a" must be an array of records or one object, and is a number'],
  ])("refuses %s without the path %s, saying what is there", async (text, records, said) => {
    const { error } = await readText(text, { format: "json", json: { records } });
    expect(error).toMatchObject({ name: "SourceError", message: expect.stringContaining(said) });
  });

  it.each(["json", "ndjson"] as const)("keeps the digits of long integers in %s, and says so once", async (format) => {
    const lines = ['{"id":12345678901234567890,"n":9007199254740991}', '{"id":[-9007199254740993,1e400,1.5]}'];
    const text = format === "json" ? `[${lines.join(",")}]` : lines.join("\n");
    const { records, warnings } = await readText(text, { format });
    expect(records.map(({ value }) => value)).toEqual([
      { id: "12345678901234567890", n: 9007199254740991 },
      { id: ["-9007199254740993", "1e400", 1.5] },
    ]);
    expect(warnings).toMatchObject([{ code: "long_integer", count: 3, first: { position: 1 } }]);
  });

  it("writes long integers as numbers when it extracts them", async () => {
    const path = join(folder, "long.json");
    writeFileSync(path, '[{"id":12345678901234567890,"f":1.50},{"id":1}]');
    const parts: Uint8Array[] = [];
    for await (const part of extractRecords({ ...stdin, path }, {}, [{ position: 1 }])) parts.push(Buffer.from(part));
    expect(Buffer.concat(parts).toString()).toBe('[\n{"id":12345678901234567890,"f":1.50}\n]\n');
  });

  it.each(["json", "ndjson"] as const)("pollutes no prototype in %s", async (format) => {
    const line = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"n":12345678901234567890}';
    const { records } = await readText(format === "json" ? `[${line}]` : line, { format });
    expect(Object.getPrototypeOf(records[0]?.value)).toBe(Object.prototype);
    expect(Object.keys(records[0]?.value as object)).toEqual(["__proto__", "constructor", "n"]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it.each(["json", "ndjson"] as const)(
    "rejects a %s record beyond maxRecordBytes and reads the next",
    async (format) => {
      const lines = ['{"a":1}', `{"a":"${"x".repeat(200)}"}`, '{"a":3}'];
      const text = format === "json" ? `[${lines.join(",")}]` : lines.join("\r\n");
      for (const size of [1, 1000]) {
        const { records, rejects } = await readText(text, { format, maxRecordBytes: 100 }, { size });
        expect(rejects.map(({ code, at }) => [code, at.position])).toEqual([["record_too_large", 2]]);
        expect(records.map(({ value }) => value)).toEqual([{ a: 1 }, { a: 3 }]);
      }
    },
  );

  it("gives every record before a syntax error, and the error's place, with a byte order mark and wide characters", async () => {
    const path = join(folder, "broken.json");
    const good = Array.from({ length: 2500 }, (_, id) => JSON.stringify({ id, name: "漢字" })).join(",\n");
    const text = `\ufeff[${good},\n{"id":x}]`;
    writeFileSync(path, text);
    const { records, error } = await gather({}, {}, { ...stdin, path });
    expect(records.map(({ at }) => at.position)).toEqual(Array.from({ length: 2500 }, (_, id) => id + 1));
    expect(error).toMatchObject({ line: 2501, offset: Buffer.byteLength(text) - 3 });
    const some = await gather({}, { limit: 2400 }, { ...stdin, path });
    expect([some.records.length, some.error]).toEqual([2400, undefined]);
  });

  it("gives NDJSON lines with their exact bytes", async () => {
    const text = '\ufeff{"é":1}\r\n\n{"b":2}';
    const { records } = await readText(text, { format: "ndjson" });
    const bytes = Buffer.from(text);
    expect(records.map(({ at, span }) => [at.line, bytes.subarray(span?.start, span?.end).toString()])).toEqual([
      [1, '{"é":1}'],
      [3, '{"b":2}'],
    ]);
  });
});
