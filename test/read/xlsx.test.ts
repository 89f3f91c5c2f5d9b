import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { bindSources } from "../../src/read/bind.js";
import { extractRecords, rejectsNameOf } from "../../src/read/extract.js";
import { settleSource } from "../../src/read/read.js";
import { receiptText } from "../../src/read/receipt.js";
import { dateStyle, isoDate } from "../../src/read/xlsx/workbook.js";
import { textRow, workbook, zip } from "../support/workbook.js";
import { asObject, gather, readText, stdin } from "./read-text.js";

const folder = mkdtempSync(join(tmpdir(), "portload-xlsx-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Buffer) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { ...stdin, path, name };
}

const typed = workbook(
  [
    {
      name: "Hosts",
      rows: `
        <row r="1">${["id", "name", "cost", "live", "since", "seen", "rate"].map((_, n) => `<c r="${"ABCDEFG"[n]}1" t="s"><v>${n}</v></c>`).join("")}</row>
        <row r="2"><c r="A2" t="s"><v>7</v></c><c r="B2" t="s"><v>8</v></c><c r="C2"><v>0.30000000000000004</v></c><c r="D2" t="b"><v>1</v></c><c r="E2" s="1"><v>45413</v></c><c r="F2" s="2"><v>45413.416666666664</v></c><c r="G2" t="e"><v>#N/A</v></c></row>
        <row r="4" hidden="1"><c r="A4"><v>12345678901</v></c><c r="B4" t="str"><f>A1</f><v>x_x000D_y</v></c><c r="D4" t="b"><v>0</v></c></row>
        <row r="5"><c r="B5" s="1"/></row>`,
      behind: '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>',
    },
  ],
  {
    strings: ["id", "name", "cost", "live", "since", "seen", "rate", "a&amp;b", "two"]
      .map((text) => `<t>${text}</t>`)
      .toSpliced(8, 1, "<r><t>rich </t></r><r><t>text</t></r><rPh><t>hint</t></rPh>"),
    formats: ["yyyy\\-mm\\-dd", 'dd/mm/yyyy hh:mm "Uhr"'],
  },
);

describe("a workbook", () => {
  it("gives a record for each row that holds something, with typed cells and the number of the row", async () => {
    const { records, rejects, warnings, error } = await gather({}, {}, file("typed.xlsx", typed));
    expect({ rejects, error }).toEqual({ rejects: [], error: undefined });
    expect(records.map(({ at }) => at)).toEqual([
      { source: 0, position: 1, line: 2 },
      { source: 0, position: 2, line: 4 },
    ]);
    expect(records.map(asObject)).toEqual([
      {
        id: "a&b",
        name: "rich text",
        cost: 0.3,
        live: true,
        since: "2024-05-01",
        seen: "2024-05-01T10:00:00",
        rate: null,
      },
      { id: 12345678901, name: "x\ry", cost: null, live: false, since: null, seen: null, rate: null },
    ]);
    expect(warnings.map(({ code, count, message }) => [code, count, message.slice(0, 13)])).toEqual([
      ["sheet_noted", 1, "rows that the"],
      ["sheet_noted", 1, "merged ranges"],
      ["sheet_noted", 1, "cells that sh"],
    ]);
  });

  it("notes formulas whose value nobody stored, and asks about columns of one name", async () => {
    const row =
      '<row r="2"><c r="A2"><f>1+1</f></c><c r="B2"><f>1</f><v>1</v></c><c r="C2" t="str"><f>""</f><v></v></c></row>';
    const book = workbook([{ name: "A", rows: textRow(1, ["sum", "one", "text"]) + row }]);
    const { records, warnings } = await gather({}, {}, file("formulas.xlsx", book));
    expect(records.map(asObject)).toEqual([{ sum: null, one: 1, text: null }]);
    expect(warnings.map(({ count, message }) => [count, message.slice(0, 28)])).toEqual(
      [[1, "formulas have no stored value"]].map(([count, message]) => [count, String(message).slice(0, 28)]),
    );
    const twice = workbook([{ name: "A", rows: textRow(1, ["id", "tag", "tag"]) + textRow(2, ["a", "x", ""]) }]);
    const { error } = await gather({}, {}, file("twice.xlsx", twice));
    expect(error).toMatchObject({
      message: expect.stringContaining('in its header, row 1, "tag" names the columns 2, 3'),
      hint: expect.stringContaining("csv: { repeatedColumns: "),
    });
    const { records: numbered } = await gather({ csv: { repeatedColumns: "number" } }, {}, file("twice.xlsx", twice));
    expect(numbered.map(asObject)).toEqual([{ id: "a", tag: "x", tag_2: null }]);
  });

  it("counts days from 1904 where it says so", async () => {
    const book = workbook(
      [{ name: "A", rows: `${textRow(1, ["on"])}<row r="2"><c r="A2" s="1"><v>43951</v></c></row>` }],
      { formats: ["d-mmm-yy"], is1904: true },
    );
    expect((await gather({}, {}, file("mac.xlsx", book))).records.map(asObject)).toEqual([{ on: "2024-05-01" }]);
  });

  const sheets = workbook([
    { name: "Servers", rows: textRow(1, ["id"]) + textRow(2, ["s1"]) },
    { name: "Apps", rows: textRow(1, ["id"]) + textRow(2, ["a1"]) + textRow(3, ["a2"]) },
    { name: "Lookups", state: "hidden", rows: textRow(1, ["x"]) },
  ]);

  it("of several sheets is asked about, and read by the one that is named", async () => {
    const source = file("book.xlsx", sheets);
    expect((await gather({}, {}, source)).error).toMatchObject({
      message: 'book.xlsx: its workbook has 2 sheets: "Servers", "Apps"',
      hint: expect.stringContaining('xlsx: { sheet: "Servers" }'),
    });
    const apps = await gather({ xlsx: { sheet: "Apps" } }, {}, source);
    expect(apps.records.map(asObject)).toEqual([{ id: "a1" }, { id: "a2" }]);
    expect((await gather({ xlsx: { sheet: "Teams" } }, {}, source)).error).toMatchObject({
      message: expect.stringContaining('has no sheet "Teams"'),
    });
  });

  it("needs no answer where all sheets but one are empty", async () => {
    const source = file(
      "one.xlsx",
      workbook([
        { name: "Cover", rows: '<row r="1"><c r="A1" s="1"/></row>' },
        { name: "Apps", rows: textRow(1, ["id"]) + textRow(2, ["a1"]) },
        { name: "Sheet3", rows: "" },
      ]),
    );
    expect((await gather({}, {}, source)).records.map(asObject)).toEqual([{ id: "a1" }]);
  });

  it("goes sheet by sheet to the kinds that are called as one or that the mapping names one for", async () => {
    const { path } = file("book.xlsx", sheets);
    const bound = async (kinds: readonly string[], named: Readonly<Record<string, string>> = {}, file = path) =>
      (await bindSources([file], kinds, [], new Map(Object.entries(named)))).sources.map((each) => [
        each.index,
        each.kind,
        each.sheet,
      ]);
    expect(await bound(["Apps", "Servers"])).toEqual([
      [0, "Servers", "Servers"],
      [1, "Apps", "Apps"],
    ]);
    expect(await bound(["hosts", "teams"], { hosts: "Servers" })).toEqual([[0, "hosts", "Servers"]]);
    // A sheet that two kinds want belongs to the one that is called as the file.
    expect(await bound(["book", "other"], { book: "Apps", other: "Apps" })).toEqual([[0, "book", "Apps"]]);
    await expect(bound(["hosts", "teams"], { hosts: "Lookups" })).rejects.toThrow("no kind of the mapping fits");
  });

  it("gives its sheets as sources of their own, whose kinds are the names of the sheets", async () => {
    const { path } = file("book.xlsx", sheets);
    const { sources } = await bindSources(
      [`${path}#Servers`, `${path}#Apps`, `x=${path}#Apps`],
      ["Apps", "Servers", "x"],
    );
    expect(sources.map(({ kind, sheet }) => [kind, sheet])).toEqual([
      ["Servers", "Servers"],
      ["Apps", "Apps"],
      ["x", "Apps"],
    ]);
    const [, apps] = sources;
    expect((await gather({}, {}, apps)).records.map(asObject)).toEqual([{ id: "a1" }, { id: "a2" }]);
  });

  it("names sheet, header and columns in its receipt, before its first record", async () => {
    const { receipt, columns } = await settleSource(file("typed.xlsx", typed), {});
    expect(columns).toEqual(["id", "name", "cost", "live", "since", "seen", "rate"]);
    expect(receipt && receiptText(receipt)).toBe(
      'typed.xlsx: XLSX, sheet "Hosts", header in row 1: id, name, cost, live, since, seen, … (7 columns)',
    );
  });

  const titled = workbook([
    {
      name: "A",
      rows: textRow(2, ["Hosts report"]) + textRow(4, ["id", "name"]) + textRow(5, ["1", "a"]) + textRow(6, ["2", "b"]),
    },
  ]);
  it("asks about lines of a title, and takes the row that is named for the header", async () => {
    const source = file("titled.xlsx", titled);
    expect((await gather({}, {}, source)).error).toMatchObject({
      hint: expect.stringContaining("xlsx: { headerRow: 4 }"),
    });
    expect((await gather({ xlsx: { headerRow: 4 } }, {}, source)).records.map(asObject)).toEqual([
      { id: "1", name: "a" },
      { id: "2", name: "b" },
    ]);
  });

  it("may lack references, prefix its elements and repeat names of columns", async () => {
    const book = workbook([
      {
        name: "A",
        rows: "<row><c t='inlineStr'><is><t>l</t></is></c><c t='inlineStr'><is><t>l</t></is></c></row><row><c><v>1</v></c><c><v>2</v></c></row>".replaceAll(
          /<(\/?)(row|c|is|t|v)\b/g,
          "<$1x:$2",
        ),
      },
    ]);
    const source = file("prefixed.xlsx", book);
    expect((await gather({}, {}, source)).error).toMatchObject({
      message: expect.stringContaining('"l" names the columns 1, 2'),
    });
    const { records } = await gather({ csv: { repeatedColumns: "list" } }, {}, source);
    expect(records.map(asObject)).toEqual([{ l: ["1", "2"] }]);
  });

  it("rejects a row with a cell after the header", async () => {
    const book = workbook([{ name: "A", rows: textRow(1, ["id"]) + textRow(2, ["1", "", "x"]) + textRow(3, ["2"]) }]);
    const { records, rejects } = await gather({}, {}, file("wide.xlsx", book));
    expect(records.map(asObject)).toEqual([{ id: "2" }]);
    expect(rejects).toMatchObject([{ code: "ragged_row", at: { position: 1, line: 2 } }]);
  });

  it("is read from stdin and packed into no memory: a copy is made of it", async () => {
    const { records } = await readText(typed, { format: "xlsx" }, { size: 100 });
    expect(records.length).toBe(2);
    const copyTo = join(folder, "copy");
    const found = await gather({ format: "xlsx" }, { stdin: Readable.from([typed]), copyTo }, stdin);
    expect(found.records.length).toBe(2);
    expect(readFileSync(copyTo)).toEqual(typed);
  });

  it("without format: xlsx on stdin says which setting reads it", async () => {
    expect((await readText(typed, {})).error).toMatchObject({ hint: expect.stringContaining("format: xlsx") });
  });

  it("gives its rejected rows back as CSV, which the same mapping reads", async () => {
    const source = { ...file("typed.xlsx", typed), sheet: "Hosts" };
    const parts: Uint8Array[] = [];
    for await (const part of extractRecords(source, {}, [{ position: 1 }])) parts.push(part);
    const text = Buffer.concat(parts).toString();
    expect(text).toBe("id,name,cost,live,since,seen,rate\na&b,rich text,0.3,true,2024-05-01,2024-05-01T10:00:00,\n");
    expect(await rejectsNameOf(source, {}, undefined)).toEqual({ name: "Hosts.csv", extension: "csv" });
    expect((await gather({ format: "xlsx" }, {}, file("Hosts.csv", Buffer.from(text)))).records.length).toBe(1);
  });

  it.each([
    ["cut short", typed.subarray(0, typed.length - 30)],
    ["an archive of something else", zip({ "a.txt": "x" })],
    ["a workbook with broken XML", zip({ "xl/workbook.xml": "<workbook><sheets>" })],
  ])("that is %s is an error that says so", async (_title, bytes) => {
    expect((await gather({}, {}, file("broken.xlsx", bytes))).error).toMatchObject({ name: "SourceError" });
  });
});

describe("a workbook that another library wrote", () => {
  const rows = (day: (date: string) => string) => [
    {
      id: "srv-1",
      name: 'Café "A"',
      cost: 0.3,
      live: true,
      since: day("2024-05-01"),
      seen: "2024-05-01T10:30:00",
      note: "x",
    },
    {
      id: "srv-2",
      name: "two\nlines & <b>",
      cost: 1234567,
      live: false,
      since: day("1999-12-31"),
      seen: "2024-12-31T23:59:59",
      note: null,
    },
    {
      id: "007",
      name: "漢字 🙂",
      cost: -1.5,
      live: true,
      since: day("2028-02-29"),
      seen: "2000-02-29T00:00:01",
      note: "=text",
    },
  ];

  it.each(["xlsxwriter", "openpyxl", "exceljs", "exceljs-stream", "sheetjs"])(
    "%s gives every cell",
    async (library) => {
      const name = `by-${library}.xlsx`;
      const path = join(import.meta.dirname, "../fixtures", name);
      const { records, rejects, warnings, error } = await gather({}, {}, { ...stdin, path, name });
      expect({ rejects, warnings, error }).toEqual({ rejects: [], warnings: [], error: undefined });
      // SheetJS has one number format for all dates, with the time of day.
      expect(records.map(asObject)).toEqual(rows((date) => (library === "sheetjs" ? `${date}T00:00:00` : date)));
    },
  );
});

describe("a number that is a date", () => {
  it.each([
    ["yyyy-mm-dd", "date"],
    ["[$-407]d. mmmm yyyy;@", "date"],
    ["mmm-yy", "date"],
    ["h:mm AM/PM", "time"],
    ["mm:ss", "time"],
    ["[h]:mm:ss", "duration"],
    ['dd.mm.yyyy "um" hh:mm', "date-time"],
    ["0.00", undefined],
    ['#,##0 "days"', undefined],
    ["[Red]0;[Blue]-0", undefined],
    ["General", undefined],
    ["0.00E+00", undefined],
    ["@", undefined],
  ])("is reported by its format %s", (code, style) => {
    expect(dateStyle(200, code)).toBe(style);
  });

  it.each([
    [1, "date", false, "1900-01-01"],
    [59, "date", false, "1900-02-28"],
    [61, "date", false, "1900-03-01"],
    [0, "date", true, "1904-01-01"],
    [45413.99999, "date-time", false, "2024-05-01T23:59:59.136"],
    [0.5, "time", false, "12:00:00"],
    [1.104166666666667, "duration", false, "26:30:00"],
    [45413, "date-time", false, "2024-05-01T00:00:00"],
    [-1, "date", false, undefined],
    [3e6, "date", false, undefined],
  ] as const)("%d as %s is read by the calendar", (serial, style, is1904, iso) => {
    expect(isoDate(serial, style, is1904)).toBe(iso);
  });
});
