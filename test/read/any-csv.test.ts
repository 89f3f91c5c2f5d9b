import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import iconv from "iconv-lite";
import { afterAll, describe, expect, it } from "vitest";
import { extractRecords } from "../../src/read/extract.js";
import type { Span } from "../../src/record.js";
import type { SourceOptions } from "../../src/source-options.js";
import { gather, readText, stdin } from "./read-text.js";

const folder = mkdtempSync(join(tmpdir(), "portload-any-csv-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Coding {
  readonly title: string;
  /** Under `source.encoding`; undefined where a mark or the default decides it. */
  readonly encoding?: string;
  readonly mark: readonly number[];
  readonly iconv: string;
  /** Characters beyond ASCII that the encoding has. */
  readonly characters: readonly string[];
}

const codings: readonly Coding[] = [
  { title: "UTF-8", mark: [], iconv: "utf8", characters: [..."é漢🙂\u2028\ufffd"] },
  { title: "UTF-8 with its mark", mark: [0xef, 0xbb, 0xbf], iconv: "utf8", characters: [..."é漢🙂\ufeff"] },
  { title: "UTF-16LE", mark: [0xff, 0xfe], iconv: "utf-16le", characters: [..."é漢🙂\u0a0d\u0d0a\ufffd"] },
  { title: "UTF-16BE", mark: [0xfe, 0xff], iconv: "utf-16be", characters: [..."é漢🙂\u0a0d\u0d0a\ufeff"] },
  { title: "UTF-16LE without a mark", encoding: "utf-16le", mark: [], iconv: "utf-16le", characters: [..."é漢🙂"] },
  { title: "windows-1252", encoding: "windows-1252", mark: [], iconv: "windows-1252", characters: [..."é€ÿ\u00a0"] },
  { title: "iso-8859-1", encoding: "ISO-8859-1", mark: [], iconv: "iso-8859-1", characters: [..."é\u0085ÿ"] },
  { title: "iso-8859-15", encoding: "iso-8859-15", mark: [], iconv: "iso-8859-15", characters: [..."é€Š"] },
  { title: "koi8-r", encoding: "koi8-r", mark: [], iconv: "koi8-r", characters: [..."жЯ"] },
  { title: "cp437", encoding: "cp437", mark: [], iconv: "cp437", characters: [..."é█"] },
  { title: "shift_jis", encoding: "Shift_JIS", mark: [], iconv: "shift_jis", characters: [..."表ソｱ漢"] },
  { title: "euc-jp", encoding: "euc-jp", mark: [], iconv: "euc-jp", characters: [..."表漢ｱ"] },
  { title: "gb18030", encoding: "gb18030", mark: [], iconv: "gb18030", characters: [..."漢é🙂\ufffd"] },
  { title: "big5", encoding: "big5", mark: [], iconv: "big5", characters: [..."漢功許"] },
  { title: "euc-kr", encoding: "euc-kr", mark: [], iconv: "euc-kr", characters: [..."한글"] },
];

const ends = fc.constantFrom("\n", "\r\n", "\r");
const dialects = fc.record({
  coding: fc.constantFrom(...codings),
  delimiter: fc.constantFrom(",", ";", "\t", "|", "||", "::"),
  quote: fc.constantFrom('"', "'"),
  escape: fc.constantFrom(undefined, undefined, "\\"),
  quotes: fc.constantFrom("strict" as const, "lenient" as const),
  trim: fc.boolean(),
  comment: fc.constantFrom(undefined, "#", "//"),
  preamble: fc.constantFrom("", 'exported by hand, with a " quote'),
  hasHeader: fc.boolean(),
  quoteAll: fc.boolean(),
  packing: fc.constantFrom("", ".gz", ".br"),
  size: fc.integer({ min: 1, max: 40 }),
});
type Dialect = typeof dialects extends fc.Arbitrary<infer T> ? T : never;

/** What becomes of a row, what precedes it, and the end of its line. */
const row = (width: number, coding: Coding) =>
  fc.record({
    cells: fc.array(
      fc.string({
        unit: fc.oneof(
          {
            weight: 3,
            arbitrary: fc.constantFrom('"', "'", ",", ";", "\t", "|", ":", "\n", "\r", "\r\n", " ", "#", "/", "\\"),
          },
          { weight: 2, arbitrary: fc.constantFrom("a", "1", ...coding.characters) },
        ),
        maxLength: 8,
      }),
      { minLength: width, maxLength: width },
    ),
    is: fc.constantFrom("good", "good", "good", "ragged", "badly quoted"),
    before: fc.constantFrom("", "", "blank", "comment"),
    end: ends,
    wanted: fc.boolean(),
  });
const tables = fc
  .tuple(dialects, fc.integer({ min: 1, max: 4 }))
  .chain(([dialect, width]) =>
    fc.tuple(
      fc.constant(dialect),
      fc.constant(width),
      fc.array(row(width, dialect.coding), { minLength: 1, maxLength: 8 }),
    ),
  );
type Row = ReturnType<typeof row> extends fc.Arbitrary<infer T> ? T : never;

/** The source piece by piece: what precedes the first record, then for each row what is between, the row, the end of its line. */
function write(dialect: Dialect, width: number, rows: readonly Row[]) {
  const { coding, delimiter, quote, escape: sign, quotes, trim, comment, hasHeader, preamble, quoteAll } = dialect;
  const bytes = (text: string): Buffer => iconv.encode(text, coding.iconv, { addBOM: false });
  const within = (text: string): string =>
    sign === undefined
      ? text.replaceAll(quote, quote + quote)
      : text.replaceAll(sign, sign + sign).replaceAll(quote, sign + quote);
  const one = (text: string): string => {
    const needsQuotes = text === "" || quoteAll || /["'\r\n,;|:\t#/\\ \ufeff]/.test(text);
    const cell = needsQuotes ? quote + within(text) + quote : text;
    return trim ? ` ${cell}  ` : cell;
  };
  const line = ({ cells, is }: Row): string => {
    // A fault of quoting costs one physical line, so the row has only that.
    if (is === "badly quoted") {
      const bad = `${quote}a${quote}b${quotes === "lenient" ? quote : ""}`;
      return [...cells.slice(1).map((cell) => one(cell.replaceAll(/[\r\n]/g, ""))), bad].join(delimiter);
    }
    // Lines with a row's delimiters within a cell of a ragged row are taken for rows.
    const plain =
      is === "ragged" ? cells.map((cell) => (/[\r\n]/.test(cell) ? cell.replaceAll(delimiter, "") : cell)) : cells;
    return [...plain, ...(is === "ragged" ? ["more"] : [])].map(one).join(delimiter);
  };
  const between = ({ before, end: own }: Row, previous: string): string => {
    // CR and then LF would be one line end.
    const end = previous === "\r" ? "\r" : own;
    if (before === "blank") return end;
    return before === "comment" && comment !== undefined ? `${comment}${quote} not a record${delimiter}${end}` : "";
  };
  const end = rows[0]?.end ?? "\n";
  const header = Array.from({ length: width }, (_, index) => `c${index}`);
  const pieces = rows.map((each, index) => ({
    row: each,
    between: bytes(between(each, rows[index - 1]?.end ?? end)),
    text: bytes(line(each)),
    end: bytes(each.end),
  }));
  let prelude = Buffer.concat([
    Buffer.from(coding.mark),
    bytes((preamble === "" ? "" : preamble + end) + (hasHeader ? header.join(delimiter) + end : "")),
  ]);
  const whole = Buffer.concat([prelude, ...pieces.flatMap((piece) => [piece.between, piece.text, piece.end])]);
  // Without a header the prelude continues to the first record.
  if (!hasHeader) prelude = Buffer.concat([prelude, pieces[0]?.between ?? Buffer.alloc(0)]);
  const options: SourceOptions = {
    format: "csv",
    ...(coding.encoding !== undefined && { encoding: coding.encoding }),
    csv: {
      delimiter,
      quote,
      header: hasHeader,
      skipLines: preamble === "" ? 0 : 1,
      ...(!hasHeader && { columns: header }),
      quotes,
      trim,
      ...(sign !== undefined && { escape: sign }),
      ...(comment !== undefined && { comment }),
    },
  };
  return { prelude, pieces, whole, options };
}

/** The cells that a row reads as; undefined where it is a reject. */
function cellsOf({ cells, is }: Row, { quote, quotes }: Dialect): readonly string[] | undefined {
  if (is === "good") return cells;
  if (is === "ragged" || quotes === "strict") return undefined;
  return [...cells.slice(1).map((cell) => cell.replaceAll(/[\r\n]/g, "")), `a${quote}b`];
}

function packed(bytes: Buffer, packing: string): Buffer {
  if (packing === ".gz") return gzipSync(bytes, { level: 1 });
  return packing === ".br" ? brotliCompressSync(bytes, { params: { 1: 0 } }) : bytes;
}

async function extracted(path: string, options: SourceOptions, wanted: readonly { position: number; span?: Span }[]) {
  const parts: Uint8Array[] = [];
  for await (const part of extractRecords({ ...stdin, path }, options, wanted)) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

describe("any table written in any dialect and encoding", () => {
  it("reads back equal whatever the size of the pieces, its faulty rows rejected, with spans and lines that are exact", async () => {
    await fc.assert(
      fc.asyncProperty(tables, async ([dialect, width, rows]) => {
        const { whole, options, pieces } = write(dialect, width, rows);
        const { records, rejects, error } = await readText(whole, options, { size: dialect.size });
        expect(error).toBeUndefined();
        expect(records.map(({ at, cells }) => [at.position, cells])).toEqual(
          rows.flatMap((row, index) => {
            const cells = cellsOf(row, dialect);
            return cells === undefined ? [] : [[index + 1, cells]];
          }),
        );
        expect(rejects.map(({ at, code }) => [at.position, code])).toEqual(
          rows.flatMap((row, index) => {
            if (cellsOf(row, dialect) !== undefined) return [];
            return [[index + 1, row.is === "ragged" ? "ragged_row" : "bad_quote"]];
          }),
        );
        for (const { at, span } of [...records, ...rejects]) {
          expect(whole.subarray(span?.start, span?.end)).toEqual(pieces[at.position - 1]?.text);
          const before = iconv.decode(whole.subarray(dialect.coding.mark.length, span?.start), dialect.coding.iconv, {
            stripBOM: false,
          });
          expect(at.line).toBe(before.split(/\r\n|\r|\n/).length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("gives back any of its rows to the byte, unpacked, with the lines before the first", async () => {
    await fc.assert(
      fc.asyncProperty(tables, async ([dialect, width, rows]) => {
        const { whole, options, pieces, prelude } = write(dialect, width, rows);
        const path = join(folder, `table.csv${dialect.packing}`);
        writeFileSync(path, packed(whole, dialect.packing));
        const { records, rejects } = await gather(options, {}, { ...stdin, path });
        const spans = [...records, ...rejects].map(({ at, span }) => ({
          position: at.position,
          ...(span !== undefined && { span }),
        }));
        const wanted = spans.filter(({ position }) => rows[position - 1]?.wanted);
        // Each once and in source order, however they are named.
        const bytes = await extracted(path, options, [...wanted.reverse(), ...wanted]);
        const kept = pieces.filter((piece) => piece.row.wanted);
        expect(bytes).toEqual(Buffer.concat([prelude, ...kept.flatMap(({ text, end }) => [text, end])]));
        const again = await readText(bytes, options);
        expect(again.records.map(({ cells }) => cells)).toEqual(
          kept.flatMap((piece) => [cellsOf(piece.row, dialect) ?? []].filter((cells) => cells.length > 0)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("gives a last row without a line end one as its neighbours have", async () => {
    for (const [text, wanted] of [
      ["id\r\n1\r\n2", "id\r\n2\r\n"],
      ["id\n1\n2", "id\n2\n"],
      ["id\r1\r2", "id\r2\r"],
    ]) {
      const bytes = Buffer.concat([Buffer.from([0xfe, 0xff]), iconv.encode(text ?? "", "utf-16be", { addBOM: false })]);
      const path = join(folder, "last.csv");
      writeFileSync(path, bytes);
      const { records } = await gather({}, {}, { ...stdin, path });
      const [record] = records.slice(-1);
      const out = await extracted(path, {}, [{ position: 2, ...(record?.span && { span: record.span }) }]);
      expect(iconv.decode(out, "utf-16be")).toBe(wanted);
    }
  });
});
