import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSource, settleSource } from "../../src/read/read.js";
import { receiptText } from "../../src/read/receipt.js";
import { sniffSource } from "../../src/read/sniff.js";
import { mappingLine, type SourceOptions } from "../../src/source-options.js";
import { makeFolder } from "../support/catalog.js";
import { readText, stdin } from "./read-text.js";

/** The lines that settle a doubt; undefined where there is none. */
function answersTo(text: string, options: SourceOptions = {}, path = "things.csv"): string[] | undefined {
  const sniffed = sniffSource(path, { head: Buffer.from(text), isWhole: true, start: 0 }, options);
  return "doubt" in sniffed ? sniffed.doubt.answers.map(mappingLine) : undefined;
}

const rows = (count: number, row: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `${row(n)}\n`).join("");

describe("a CSV in doubt", () => {
  it.each<[string, string, string[]]>([
    ["semicolons", "id;name\n1;a\n", ['csv: { delimiter: ";" }', 'csv: { delimiter: "," }']],
    ["a header of semicolons alone", "id;name", ['csv: { delimiter: ";" }', 'csv: { delimiter: "," }']],
    ["tabs", "id\tname\n1\ta\n", ['csv: { delimiter: "\\t" }', 'csv: { delimiter: "," }']],
    ["bars", "id|name\n1|a\n", ['csv: { delimiter: "|" }', 'csv: { delimiter: "," }']],
    ["semicolons with decimal commas", "id;cost\n1;2,5\n2;3\n", ['csv: { delimiter: ";" }', 'csv: { delimiter: "," }']],
    [
      "semicolons with a comma in the header",
      "id;name, full\n1;a\n",
      ['csv: { delimiter: ";" }', 'csv: { delimiter: "," }'],
    ],
    [
      "semicolons with one ragged row",
      "id;name\n1;a\n2\n3;c\n",
      ['csv: { delimiter: ";" }', 'csv: { delimiter: "," }'],
    ],
    ["Excel's sep line", "sep=;\r\nid;name\r\n", ['csv: { delimiter: ";", skipLines: 1 }', "csv: { skipLines: 0 }"]],
    ["a title before the header", "Things\n\nid,name\n1,a\n", ["csv: { skipLines: 2 }", "csv: { skipLines: 0 }"]],
    [
      "a title before a header of semicolons",
      "Things\nid;name\n1;a\n",
      ['csv: { delimiter: ";", skipLines: 1 }', "csv: { skipLines: 0 }"],
    ],
    [
      "comments before the header",
      "# one\n# two\nid,name\n1,a\n",
      ['csv: { comment: "#" }', "csv: { skipLines: 2 }", "csv: { skipLines: 0 }"],
    ],
    ["single quotes", "'id','name'\n'1','a'\n", ['csv: { quote: "\'" }', 'csv: { quote: "\\"" }']],
    ["a number in the first row", "7,a\n8,b\n", ["csv: { header: false }", "csv: { header: true }"]],
    ["a date in the first row", "a,2024-01-31\n", ["csv: { header: false }", "csv: { header: true }"]],
  ])("is one with %s; the likeliest answer comes first", (_title, text, lines) => {
    expect(answersTo(text)).toEqual(lines);
  });

  it.each<[string, string]>([
    ["commas", "id,name\n1,a\n"],
    ["one column", "name\na\nb\n"],
    ["a header alone", "id,name\n"],
    ["lists of semicolons in a cell", "id,tags\n1,a;b\n2,c;d\n"],
    ["a ragged row", "id,name\n1,a\n2\n3,c,d\n"],
    ["years as columns", "id,2023,2024\n1,5,6\n"],
    ["a quoted cell with line ends and semicolons", 'id,note\n1,"a;b\nc;d"\n'],
    ["a bar in one cell of the header", "id|name\n1\n2\n3\n"],
    ["a header whose quotes are wrong", 'a,"b\n1,2\n'],
    ["one title and one row", "Things\nid,name\n"],
  ])("is none with %s", (_title, text) => {
    expect(answersTo(text)).toBeUndefined();
  });

  it("is none where the mapping speaks", () => {
    expect(answersTo("id;name\n1;a\n", { csv: { delimiter: "," } })).toBeUndefined();
    expect(answersTo("1,a\n", { csv: { header: true } })).toBeUndefined();
    expect(answersTo("Things\nid,name\n1,a\n", { csv: { skipLines: 0 } })).toBeUndefined();
    expect(answersTo("'id'\n'1'\n", { csv: { quote: '"' } })).toBeUndefined();
  });

  it("is settled by each of its answers", () => {
    for (const text of ["id;name\n1;a\n", "sep=;\nid;name\n1;a\n", "T\nid;name\n1;a\n", "'id';'7'\n", "7;8\n1;2\n"]) {
      let sniffed = sniffSource("a.csv", { head: Buffer.from(text), isWhole: true, start: 0 }, {});
      for (let asked = 0; "doubt" in sniffed; asked++) {
        expect(asked).toBeLessThan(4);
        const [answer] = sniffed.doubt.answers;
        sniffed = sniffSource("a.csv", { head: Buffer.from(text), isWhole: true, start: 0 }, { csv: answer?.csv });
      }
    }
  });

  it("is never a clean table with commas, named columns and double quotes", () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_ -]{0,8}$/);
    const cell = fc.string({ unit: fc.constantFrom("a", "1", ";", "|", "\t", ",", '"', "\n", "'", "é"), maxLength: 6 });
    fc.assert(
      fc.property(
        fc
          .uniqueArray(name, { minLength: 2, maxLength: 5 })
          .chain((header) =>
            fc.tuple(
              fc.constant(header),
              fc.array(fc.array(cell, { minLength: header.length, maxLength: header.length }), { maxLength: 30 }),
            ),
          ),
        ([header, table]) => {
          fc.pre(!header.some((column) => /^(true|false)$/i.test(column)));
          const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
          expect(answersTo([header, ...table].map((row) => `${row.map(quoted).join(",")}\n`).join(""))).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  it("stops a reading with the lines for the mapping, before its first record", async () => {
    const { records, error } = await readText("id;name\n1;a\n", { format: "csv" });
    expect(records).toEqual([]);
    expect(error).toMatchObject({
      name: "SourceError",
      message: 'stdin: by the delimiter "," its header has 1 column, by ";" 2 columns',
      hint: expect.stringContaining(
        '    csv: { delimiter: ";" }   # 2 columns\n    csv: { delimiter: "," }   # 1 column',
      ),
    });
  });

  it("looks only at the beginning of a large source", () => {
    const text = `id,name\n${rows(20_000, (n) => `${n},${"x".repeat(20)}`)}`;
    const head = Buffer.from(text).subarray(0, 64 * 1024);
    expect(sniffSource("a.csv", { head, isWhole: false, start: 0 }, {})).toMatchObject({ format: "csv" });
  });
});

describe("settling a source before it is read", () => {
  it("asks until nothing is in doubt, and gives receipt and options", async () => {
    const path = join(await makeFolder(), "things.csv");
    writeFileSync(path, "Things\n'id';'name'\n'1';'a'\n'2';'c'\n");
    const source = { ...stdin, path, name: "things.csv" };
    const settle = async (answer: number) => {
      const asked: string[] = [];
      const settled = await settleSource(source, {}, {}, async (name, doubt) => {
        asked.push(`${name}: ${doubt.message}`);
        return doubt.answers[asked.length === 1 ? answer : 0];
      });
      return { asked, ...settled };
    };
    const title = "things.csv: line 1 has 1 cell, and from line 2 on every row has 2";
    const quotes = 'things.csv: every cell of its first row is in single quotes, and the quote is "';
    const { asked, options, receipt } = await settle(0);
    // The first answer settles both.
    expect(asked).toEqual([title]);
    const second = await settle(1);
    expect(second.asked).toEqual([title, quotes]);
    expect(options).toEqual({ csv: { delimiter: ";", skipLines: 1, quote: "'" } });
    expect(second.options).toEqual(options);
    expect(receipt && receiptText(receipt)).toBe(
      `things.csv: CSV, UTF-8, delimiter ";", quote ', header in line 2: id, name (2 columns)`,
    );
  });

  it("is an error where there is no answer", async () => {
    const path = join(await makeFolder(), "things.csv");
    writeFileSync(path, "id;name\n1;a\n");
    const source = { ...stdin, path, name: "things.csv" };
    await expect(settleSource(source, {}, {}, async () => undefined)).rejects.toMatchObject({ name: "SourceError" });
    await expect(settleSource(source, {})).rejects.toMatchObject({ name: "SourceError" });
  });

  it.each<[string, string, SourceOptions, readonly string[] | undefined]>([
    ["of a header", "id,name\n1,a\n", {}, ["id", "name"]],
    ["as the mapping names them", "1,a\n", { csv: { header: false, columns: ["id", "name"] } }, ["id", "name"]],
    ["by number", "1,a\n", { csv: { header: false } }, ["column1", "column2"]],
    ["of no row", "\n\n", { csv: { header: false } }, undefined],
    ["of JSON", '[{"id":1}]', {}, undefined],
  ])("gives the columns %s", async (_title, text, given, columns) => {
    const path = join(await makeFolder(), "things.data");
    writeFileSync(path, text);
    const settled = await settleSource({ ...stdin, path, name: "things.data" }, given);
    expect(settled.columns).toEqual(columns);
    expect(settled.receipt?.columns).toEqual(columns);
  });

  it("leaves stdin alone", async () => {
    expect(await settleSource(stdin, { format: "csv" })).toEqual({ options: { format: "csv" } });
  });
});

describe("a receipt", () => {
  it.each<[string, SourceOptions, string]>([
    ["a,b\n", {}, 'stdin: CSV, UTF-8, delimiter ",", quote ", header in line 1: a, b (2 columns)'],
    [
      "\ufeff\na\n",
      {},
      'stdin: CSV, UTF-8 with byte order mark, delimiter ",", quote ", header in line 2: a (1 column)',
    ],
    ["1,2\n", { csv: { header: false, quote: false } }, 'stdin: CSV, UTF-8, delimiter ",", no quote, no header'],
    [
      "a\tb\n",
      { encoding: "cp1252" },
      'stdin: TSV, cp1252, delimiter "\\t", quote ", header in line 1: a, b (2 columns)',
    ],
    ['{"x":[]}', { json: { records: "x" } }, "stdin: JSON, UTF-8, records at x"],
    [
      'a,b,c,d,e,"f\u001b[2J",g\n',
      {},
      'stdin: CSV, UTF-8, delimiter ",", quote ", header in line 1: a, b, c, d, e, "f\\u001b[2J", … (7 columns)',
    ],
  ])("of %j says how it is read", async (text, options, line) => {
    const lines: string[] = [];
    const io = {
      stdin: Readable.from([Buffer.from(text)]),
      onReceipt: (receipt: Parameters<typeof receiptText>[0]) => lines.push(receiptText(receipt)),
    };
    for await (const _ of readSource(stdin, options, io));
    expect(lines).toEqual([line]);
  });
});
