import fc from "fast-check";
import iconv from "iconv-lite";
import { describe, expect, it } from "vitest";
import { type SourceOptions, sourceOptions } from "../../src/source-options.js";
import { asObject, readText } from "./read-text.js";

/** Rows of cells and the codes of rejects with their lines. */
async function table(text: string | Buffer, options: SourceOptions = {}) {
  const { records, rejects, error } = await readText(text, { format: "csv", ...options });
  if (error !== undefined) throw error;
  return {
    columns: records[0]?.columns,
    cells: records.map(({ cells }) => cells),
    rejects: rejects.map(({ code, at }) => [code, at.line]),
  };
}

const hosts = (count: number): string => Array.from({ length: count }, (_, n) => `srv-${n},N${n},1\n`).join("");

describe("a quote", () => {
  const text =
    'id,name,size\n1,Monitor 24" wide,1\n2,"Rack, 19""",2\n3,"FOO "MICK" BAR",3\n4,Bob "Bobby" Smith,4\n5,The ""fit"" one,5\n6,"sample text,6\n7,ok,7\n';
  const plain = [
    ["1", 'Monitor 24" wide', "1"],
    ["2", 'Rack, 19"', "2"],
  ];
  const rest = [
    ["4", 'Bob "Bobby" Smith', "4"],
    ["5", 'The ""fit"" one', "5"],
    ["7", "ok", "7"],
  ];

  it("in a cell that does not begin with one is text", async () => {
    expect(await table(text)).toMatchObject({
      cells: [...plain, ...rest],
      rejects: [
        ["bad_quote", 4],
        ["unclosed_quote", 7],
      ],
    });
  });

  it("within a quoted cell is text where quotes are lenient", async () => {
    expect(await table(text, { csv: { quotes: "lenient" } })).toMatchObject({
      cells: [...plain, ["3", 'FOO "MICK" BAR', "3"], ...rest],
      rejects: [["unclosed_quote", 7]],
    });
  });

  it("after an escape character is text, as are a delimiter, a line end and that character; \\N is null", async () => {
    const escaped =
      '"id","name"\n"1","The \\"Big\\" one"\n"2",\\N\n"3","C:\\\\apps\\\\x"\n"4","one\\\ntwo"\n5,a\\,b\\\nc\\x\n';
    expect((await table(escaped, { csv: { escape: "\\" } })).cells).toEqual([
      ["1", 'The "Big" one'],
      ["2", null],
      ["3", "C:\\apps\\x"],
      ["4", "one\ntwo"],
      ["5", "a,b\nc\\x"],
    ]);
  });

  it("of a formula that keeps Excel from reading a number is left out", async () => {
    expect((await table('id,asset\na,="00123"\nb,"=""00456"""\nc,=SUM(A1)\nd,="a"&"b"\n')).cells).toEqual([
      ["a", "00123"],
      ["b", "00456"],
      ["c", "=SUM(A1)"],
      ["d", '="a"&"b"'],
    ]);
  });

  it.each(["strict", "lenient"] as const)(
    "that never closes costs its line, and reading takes time in proportion where every line has one (%s)",
    async (quotes) => {
      const text = `id,name\n${Array.from({ length: 60_000 }, (_, n) => `${n},"open\n`).join("")}last,one\n`;
      const { cells, rejects } = await table(text, { csv: { quotes } });
      expect(cells).toEqual([["last", "one"]]);
      expect(rejects.length).toBe(60_000);
    },
    20_000,
  );
});

describe("two stray quotes", () => {
  it("cost the line of the first, not the rows between", async () => {
    const { cells, rejects } = await table(`id,name,tier\nx,"19 inch rack,1\n${hosts(30)}y,24 inch",1\nz,Z,1\n`);
    expect(rejects).toEqual([["unclosed_quote", 2]]);
    expect(cells.length).toBe(32);
    expect(cells.slice(-2)).toEqual([
      ["y", '24 inch"', "1"],
      ["z", "Z", "1"],
    ]);
  });

  it("are a fault of the first line where the row they make is ragged, too", async () => {
    const { cells, rejects } = await table(`id,name,tier\nx,"19 inch,1\n${hosts(30)}y,24",1,2\nz,Z,1\n`);
    expect(rejects).toEqual([
      ["unclosed_quote", 2],
      ["ragged_row", 33],
    ]);
    expect(cells.length).toBe(31);
  });

  it("swallow nothing in TSV either", async () => {
    const text = `id,name,tier\nx,"19 inch rack,1\n${hosts(30)}y,24 inch",1\n`.replaceAll(",", "\t");
    const { cells, rejects } = await table(text, { format: "tsv" });
    expect([cells.length, rejects.length]).toEqual([31, 1]);
  });

  it("say over how many lines they reach", async () => {
    const { rejects } = await readText(`id,name,tier\nx,"19 inch rack,1\n${hosts(30)}y,24 inch",1\n`, {});
    expect(rejects[0]?.message).toContain('in column "name" and closes only 31 lines later');
  });

  it("are none around text that holds line ends, commas and lists", async () => {
    const notes = [
      "Dear all,\nplease find, below, the list:\n- one, two, three\n\nBye, B",
      "12 Main St, Springfield, IL\n13 Main St, Springfield, IL\n14 Main St, Springfield, IL\n15 Main St, Springfield, IL",
      "a\nb\nc\nd\ne",
      "x,y\nx,y\nx,y\nx,y\nx,y",
    ];
    const text = notes.map((note, n) => `${n},a,"${note}"\n`).join("");
    expect(await table(`id,name,note\n${text}`)).toMatchObject({
      cells: notes.map((note, n) => [String(n), "a", note]),
      rejects: [],
    });
  });
});

describe("a row", () => {
  it("that is short is filled up where the mapping says so", async () => {
    const text = "id,name,note\n1,a,x\n2,b\n3\n";
    expect(await table(text)).toMatchObject({
      rejects: [
        ["ragged_row", 3],
        ["ragged_row", 4],
      ],
    });
    expect((await table(text, { csv: { shortRows: "pad" } })).cells).toEqual([
      ["1", "a", "x"],
      ["2", "b", ""],
      ["3", "", ""],
    ]);
  });

  it("may end with empty cells, and lose others where the mapping says so", async () => {
    expect((await table("id,name\n1,a,\n2,b,,\n")).cells).toEqual([
      ["1", "a"],
      ["2", "b"],
    ]);
    expect((await table("id,name\n1,a,x\n", { csv: { longRows: "drop" } })).cells).toEqual([["1", "a"]]);
  });

  it("names the setting that reads it", async () => {
    const { rejects } = await readText("a,b\n1\n1,2,3\n", {});
    expect(rejects.map(({ message }) => message)).toEqual([
      expect.stringContaining("csv.shortRows: pad"),
      expect.stringContaining("csv.longRows: drop"),
    ]);
  });

  it("of 100,000 columns is read, with its header, in time in proportion", async () => {
    const names = Array.from({ length: 100_000 }, (_, n) => `column ${n}`);
    const { columns, cells } = await table(`${names.join(",")}\n${names.map((_, n) => n).join(",")}\n`);
    expect(columns?.length).toBe(100_000);
    expect(cells[0]?.at(-1)).toBe("99999");
  }, 10_000);
});

describe("a column", () => {
  it("without a name is named by its place, and may be missing at the end of a row", async () => {
    expect((await table(",id,column1\n0,a,b\n")).columns).toEqual(["column1_2", "id", "column1"]);
    expect(await table("id,name,\n1,a\n2,b,c\n")).toMatchObject({
      columns: ["id", "name", "column3"],
      cells: [
        ["1", "a", ""],
        ["2", "b", "c"],
      ],
    });
  });

  const labels = "id,Labels,Labels_2,Labels,Labels\n1,a,x,,b\n2,,y,,\n";
  it("that repeats a name gets a number that no other has", async () => {
    const { columns, cells } = await table(labels, { csv: { repeatedColumns: "number" } });
    expect(columns).toEqual(["id", "Labels", "Labels_2", "Labels_3", "Labels_4"]);
    expect(cells[0]).toEqual(["1", "a", "x", "", "b"]);
  });

  it("that repeats a name makes one list of the cells that hold something", async () => {
    const { records } = await readText(labels, { csv: { repeatedColumns: "list" }, blanks: ["b"] });
    expect(records.map(asObject)).toEqual([
      { id: "1", Labels: ["a"], Labels_2: "x" },
      { id: "2", Labels: [], Labels_2: "y" },
    ]);
  });

  it("has no spaces around its name and cells where they are trimmed, but those in quotes", async () => {
    expect(await table('id , name\t, tier\n1 , a ,  " x, y "  \n', { csv: { trim: true } })).toMatchObject({
      columns: ["id", "name", "tier"],
      cells: [["1", "a", " x, y "]],
    });
  });

  it.each(["\\t", "\t"])("is cut by a tab given as %j", async (delimiter) => {
    const csv = sourceOptions.parse({ csv: { delimiter } }).csv;
    expect((await table("id\tname\n1\ta, b\n", csv && { csv })).cells).toEqual([["1", "a, b"]]);
  });
});

describe("bytes that are not text", () => {
  it("cost their record alone where the mapping says so", async () => {
    const text = Buffer.from(`id,name,tier\n${hosts(40)}`);
    text[text.indexOf("N20")] = 0;
    expect((await readText(text, {})).error).toMatchObject({ hint: expect.stringContaining("badText: reject") });
    const { cells, rejects } = await table(text, { badText: "reject" });
    expect([cells.length, rejects]).toEqual([39, [["bad_text", 22]]]);
  });

  it("leave valid characters beside them as they are", async () => {
    const text = Buffer.concat([
      Buffer.from("id,name\n1,Café\n2,Caf"),
      Buffer.from([0xe9]),
      Buffer.from("\n3,Zürich\n"),
    ]);
    expect(await table(text, { badText: "reject" })).toMatchObject({
      cells: [
        ["1", "Café"],
        ["3", "Zürich"],
      ],
      rejects: [["bad_text", 3]],
    });
  });

  it("are an error in the header", async () => {
    const { error } = await readText(Buffer.from([0x69, 0xe9, 10, 49, 10]), { format: "csv", badText: "reject" });
    expect(error).toMatchObject({ message: expect.stringContaining("the header in line 1 cannot be read") });
  });

  const codings = [
    { encoding: "utf-8", bad: [0xff] },
    { encoding: "utf-8", bad: [0xe2, 0x82] },
    { encoding: "utf-8", bad: [0] },
    { encoding: "utf-16le", bad: [0x00, 0xd8] },
    { encoding: "utf-16be", bad: [0xdc, 0x00] },
    { encoding: "windows-1252", bad: [0x81] },
    { encoding: "shift_jis", bad: [0xff] },
    { encoding: "gb18030", bad: [0xff] },
  ];
  it("cost exactly the records that hold them, in every encoding, with spans that are exact", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...codings),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom("\n", "\r\n"),
        async ({ encoding, bad }, areBad, size, end) => {
          const bytes = (text: string): Buffer => iconv.encode(text, encoding, { addBOM: false });
          const lines = areBad.map((isBad, n) => {
            const parts = [bytes(`${n},"a,`), ...(isBad ? [Buffer.from(bad)] : []), bytes('b"')];
            return Buffer.concat(parts);
          });
          const whole = Buffer.concat([bytes(`id,name${end}`), ...lines.flatMap((line) => [line, bytes(end)])]);
          const { records, rejects, error } = await readText(
            whole,
            { encoding, badText: "reject", format: "csv" },
            { size },
          );
          expect(error).toBeUndefined();
          const positions = (isBad: boolean) => areBad.flatMap((each, n) => (each === isBad ? [n + 1] : []));
          expect(records.map(({ at }) => at.position)).toEqual(positions(false));
          expect(rejects.map(({ at, code }) => [at.position, code])).toEqual(
            positions(true).map((n) => [n, "bad_text"]),
          );
          for (const { at, span } of [...records, ...rejects])
            expect(whole.subarray(span?.start, span?.end)).toEqual(lines[at.position - 1]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
