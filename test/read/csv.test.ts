import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { extractRecords } from "../../src/read/extract.js";
import { readText, stdin } from "./read-text.js";

const folder = mkdtempSync(join(tmpdir(), "portload-csv-"));
afterAll(() => rmSync(folder, { recursive: true }));

const cell = fc.string({
  unit: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom('"', "'", ",", ";", "\t", "|", "\n", "\r", "\r\n", " ", "#", "\ufeff", "\ufffd"),
    },
    { weight: 2, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }).filter((text) => text !== "\0") },
    { weight: 2, arbitrary: fc.constantFrom("a", "1", "é") },
  ),
  maxLength: 8,
});
const dialects = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|", "||", "::"),
  quote: fc.constantFrom('"', "'"),
  end: fc.constantFrom("\n", "\r\n", "\r"),
  mark: fc.constantFrom("", "\ufeff"),
  preamble: fc.constantFrom("", 'exported by hand, with a " quote'),
  lastEnd: fc.boolean(),
  quoteAll: fc.boolean(),
});
const tables = fc
  .integer({ min: 1, max: 4 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));

interface Written {
  readonly text: string;
  readonly options: Parameters<typeof readText>[1] & object;
}
interface Dialect {
  delimiter: string;
  quote: string;
  end: string;
  mark: string;
  preamble: string;
  lastEnd: boolean;
  quoteAll: boolean;
}

function write(rows: readonly (readonly string[])[], dialect: Dialect): Written {
  const { delimiter, quote, end, mark, preamble } = dialect;
  const one = (text: string): string => {
    const needs = text === "" || dialect.quoteAll || /["'\r\n,;|:\t]/.test(text);
    return needs ? quote + text.replaceAll(quote, quote + quote) + quote : text;
  };
  const header = (rows[0] ?? []).map((_, index) => `c${index}`);
  const body = [header, ...rows].map((row) => row.map(one).join(delimiter)).join(end) + (dialect.lastEnd ? end : "");
  return {
    text: mark + (preamble === "" ? "" : preamble + end) + body,
    options: { format: "csv", csv: { delimiter, quote, skipLines: preamble === "" ? 0 : 1 } },
  };
}

describe("any table written in any dialect", () => {
  it("reads back equal, whatever the size of the pieces, with spans and lines that are exact", async () => {
    await fc.assert(
      fc.asyncProperty(tables, dialects, fc.integer({ min: 1, max: 40 }), async (rows, dialect, size) => {
        const { text, options } = write(rows, dialect);
        const { records, rejects, error } = await readText(text, options, { size });
        expect({ rejects, error }).toEqual({ rejects: [], error: undefined });
        expect(records.map(({ cells }) => cells)).toEqual(rows);
        const bytes = Buffer.from(text);
        for (const { at, span } of records) {
          const line = bytes
            .subarray(0, span?.start)
            .toString()
            .split(/\r\n|\r|\n/).length;
          expect(at.line).toBe(line);
          const alone = { ...options, csv: { ...options.csv, header: false, skipLines: 0 } };
          // A mark before it, so that a U+FEFF of the cell is not taken for one.
          const again = await readText(`\ufeff${bytes.subarray(span?.start, span?.end).toString()}`, alone);
          expect(again.records[0]?.cells).toEqual(rows[at.position - 1]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("gives back any of its rows to the byte", async () => {
    const path = join(folder, "table.csv");
    await fc.assert(
      fc.asyncProperty(
        tables,
        dialects,
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        async (rows, dialect, chosen) => {
          const { text, options } = write(rows, dialect);
          writeFileSync(path, text);
          const { records } = await readText(text, options);
          const wanted = records.filter(({ at }) => chosen[at.position - 1]);
          const parts: Uint8Array[] = [];
          const spans = wanted.map(({ at, span }) => ({
            position: at.position,
            ...(span === undefined ? {} : { span }),
          }));
          for await (const part of extractRecords({ ...stdin, path }, options, spans.reverse()))
            parts.push(Buffer.from(part));
          const kept = rows.filter((_, index) => chosen[index]);
          const expected = write([rows[0] ?? [], ...kept], { ...dialect, lastEnd: true }).text;
          const firstRow = write([rows[0] ?? []], { ...dialect, lastEnd: true, mark: "", preamble: "" }).text;
          const header = write([rows[0] ?? []], { ...dialect, lastEnd: true }).text.slice(0, -firstRow.length);
          const headerRow = firstRow.slice(0, firstRow.indexOf(dialect.end) + dialect.end.length);
          expect(Buffer.concat(parts).toString()).toBe(expected.replace(header + firstRow, header + headerRow));
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe("reading CSV", () => {
  it("counts physical lines over mixed line ends, blank lines and line ends in cells", async () => {
    const { records } = await readText('a,b\r\n1,"x\ry\r\nz"\n\r\n\n2,c\r3,d\r\r4,e', {});
    expect(records.map(({ at, cells }) => [at.line, cells])).toEqual([
      [2, ["1", "x\ry\r\nz"]],
      [7, ["2", "c"]],
      [8, ["3", "d"]],
      [10, ["4", "e"]],
    ]);
  });

  it("names columns by number without a header", async () => {
    const { records } = await readText("1,2\n3,4\n", { csv: { header: false } });
    expect(records.map(({ columns, cells }) => [columns, cells])).toEqual([
      [
        ["column1", "column2"],
        ["1", "2"],
      ],
      [
        ["column1", "column2"],
        ["3", "4"],
      ],
    ]);
  });

  it("shares one array of columns among all records", async () => {
    const { records } = await readText("a\n1\n2\n", {});
    expect(records[0]?.columns).toBe(records[1]?.columns);
  });

  it("takes quotes for text when there is no quote character", async () => {
    const { records } = await readText('a,b\n"x,5" disk\n', { csv: { quote: false } });
    expect(records[0]?.cells).toEqual(['"x', '5" disk']);
  });

  it("keeps cells as text: zeros, exponents, spaces", async () => {
    const { records } = await readText("a,b,c\n000123,1E5, x \n", {});
    expect(records[0]?.cells).toEqual(["000123", "1E5", " x "]);
  });

  it("says how many cells a ragged row has", async () => {
    const { rejects } = await readText("a,b\n1,2,3\n", {});
    expect(rejects[0]).toMatchObject({ code: "ragged_row", value: "3 instead of 2" });
  });

  it.each([1, 7, 1000])(
    "rejects a row beyond maxRecordBytes and reads the next, in pieces of %i bytes",
    async (size) => {
      const text = `a,b\n1,${"x".repeat(50)}\n2,ok\n3,"${"y\n".repeat(30)}"\n4,ok\n`;
      const { records, rejects } = await readText(text, { maxRecordBytes: 40 }, { size });
      expect(rejects[0]).toMatchObject({
        code: "record_too_large",
        at: { position: 1, line: 2 },
        span: { start: 4, end: 56 },
      });
      expect(rejects.map(({ code }) => code)).toContain("record_too_large");
      expect(records.map(({ cells }) => cells)).toEqual([
        ["2", "ok"],
        ["4", "ok"],
      ]);
    },
  );

  it("loses nothing after a quote that never closes", async () => {
    const lines = Array.from({ length: 3000 }, (_, n) => (n === 10 ? `${n},"open` : `${n},x`));
    const { records, rejects } = await readText(`a,b\n${lines.join("\n")}\n`, {});
    expect(rejects.map(({ code, at }) => [code, at.position, at.line])).toEqual([["unclosed_quote", 11, 12]]);
    expect(records.length).toBe(2999);
    expect(records[10]?.at).toEqual({ source: 0, position: 12, line: 13 });
  });

  it("refuses a header whose quotes are wrong", async () => {
    const { error } = await readText('a,"b\n1,2\n', {});
    expect(error).toMatchObject({ name: "SourceError", line: 1 });
  });

  it("refuses a preamble longer than the source", async () => {
    const { error } = await readText("a\nb\n", { csv: { skipLines: 5 } });
    expect(error).toMatchObject({ name: "SourceError" });
  });
});
