import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readText } from "./read-text.js";

/** What a cell, its delimiters, quotes and line ends may hold: what a parser trips over, and letters of several bytes. */
const unit = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('"', ",", ";", "\t", "|", "\n", "\r", "\r\n", " ", "'", "\\", "#") },
  { weight: 2, arbitrary: fc.constantFrom("a", "1", "é", "漢", "🙂", "\ufeff") },
);

const tables = fc.integer({ min: 1, max: 5 }).chain((width) =>
  fc.record({
    width: fc.constant(width),
    rows: fc.array(fc.array(fc.string({ unit, maxLength: 6 }), { minLength: width, maxLength: width }), {
      minLength: 1,
      maxLength: 8,
    }),
    delimiter: fc.constantFrom(",", ";", "\t", "|", "||", "::"),
    quote: fc.constantFrom('"', "'"),
    end: fc.constantFrom("\n", "\r\n", "\r"),
    quoteAll: fc.boolean(),
    hasMark: fc.boolean(),
    endsWithLineEnd: fc.boolean(),
    /** Bytes of a piece that a stream gives. */
    size: fc.integer({ min: 1, max: 64 }),
  }),
);
type Table = typeof tables extends fc.Arbitrary<infer T> ? T : never;

function write({ width, rows, delimiter, quote, end, quoteAll, hasMark, endsWithLineEnd }: Table): string {
  const cell = (text: string): string =>
    quoteAll || /["'\r\n,;|:\t# \ufeff]/.test(text) || text === ""
      ? quote + text.replaceAll(quote, quote + quote) + quote
      : text;
  const header = Array.from({ length: width }, (_, index) => `c${index}`);
  const text = [header, ...rows.map((row) => row.map(cell))].map((row) => row.join(delimiter)).join(end);
  return (hasMark ? "\ufeff" : "") + text + (endsWithLineEnd ? end : "");
}

describe("the strict dialect, with csv-parse for an oracle", () => {
  it("gives the same cells for any table that was written, in any pieces", async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        const { delimiter, quote, end, size } = table;
        const text = write(table);
        const expected = parse(text, {
          delimiter,
          quote,
          bom: true,
          record_delimiter: end,
          escape: quote,
          skip_empty_lines: true,
        }) as string[][];
        expect(expected.slice(1)).toEqual(table.rows);
        const { records, rejects, error } = await readText(text, { csv: { delimiter, quote, header: true } }, { size });
        expect({ rejects, error }).toEqual({ rejects: [], error: undefined });
        expect(records.map(({ cells }) => cells)).toEqual(expected.slice(1));
      }),
      { numRuns: 500 },
    );
  });

  it("refuses a text of any signs where csv-parse does, and gives the same cells where that reads it", async () => {
    const signs = fc.string({
      unit: fc.constantFrom('"', '"', ",", ",", "\n", "\n", "a", "b", " "),
      minLength: 1,
      maxLength: 24,
    });
    let both = 0;
    await fc.assert(
      fc.asyncProperty(signs, fc.integer({ min: 1, max: 8 }), async (body, size) => {
        const text = `x,y\n${body}`;
        const expected = oracle(text);
        const options = { csv: { delimiter: ",", header: true, shortRows: "reject" as const } };
        const { records, rejects } = await readText(text, options, { size });
        if (expected === undefined) return;
        both++;
        // A row of blanks alone, or with empty cells after the last column, is ours to take or to leave.
        expect([rejects.map(({ code }) => code), records.map(({ cells }) => cells)]).toEqual([[], expected]);
      }),
      { numRuns: 2000 },
    );
    expect(both).toBeGreaterThan(50);
  });
});

/** The rows after the header; undefined where csv-parse finds fault with one. */
function oracle(text: string): string[][] | undefined {
  try {
    return (parse(text, { skip_empty_lines: true }) as string[][]).slice(1);
  } catch {
    return undefined;
  }
}
