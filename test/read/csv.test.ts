import { describe, expect, it } from "vitest";
import { readText } from "./read-text.js";

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
