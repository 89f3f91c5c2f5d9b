import type { Cell } from "../record.js";
import { type Answer, answered, type Doubt, type SourceOptions } from "../source-options.js";
import { delimiterOf, placesOf, quoteOf } from "./csv-header.js";
import {
  columnCount,
  isDay,
  isEven,
  isValue,
  type SampleRow,
  type SourceHead,
  sampleRows,
  titleBefore,
  widthOf,
} from "./sniff-title.js";

/** Delimiters that may beat the default one even where that one splits the header. */
const common = [",", ";", "\t", "|", "\u0001"];
/** Delimiters that do so only where the default one finds one column, and they cut every row alike. */
const rare = ["||", "~", "^", ":", " "];
/** Columns that blanks must part: two words are a name. */
const minByBlanks = 3;
/** From so many columns on, a single one is not a table: a name may hold one delimiter. */
const minPlain = 3;

/** Whether another delimiter splits the first rows better than the default one. */
function delimiterDoubt(text: SourceHead, options: SourceOptions): Doubt | undefined {
  if (options.csv?.delimiter !== undefined) return undefined;
  const own = delimiterOf(options);
  const rowsBy = new Map<string, readonly SampleRow[]>();
  const rowsOf = (delimiter: string): readonly SampleRow[] => {
    const known = rowsBy.get(delimiter) ?? sampleRows(text, { ...options, csv: { ...options.csv, delimiter } }).rows;
    rowsBy.set(delimiter, known);
    return known;
  };
  const widthsBy = (delimiter: string): number[] => rowsOf(delimiter).map(widthOf);
  const headerBy = (delimiter: string): number => widthsBy(delimiter)[0] ?? 0;
  const ownWidths = widthsBy(own);
  const [ownHeader = 0] = ownWidths;
  const others = [...common, ...rare].filter((other) => other !== own && text.head.includes(other));
  const better = others.filter((other) => {
    const [header = 0, ...rows] = widthsBy(other);
    if (header < (other === " " ? minByBlanks : 2)) return false;
    const fitting = rows.filter((width) => width === header).length;
    if (rare.includes(other)) return ownHeader < 2 && rows.length > 0 && fitting === rows.length;
    if (ownHeader < 2) return 2 * fitting >= rows.length;
    return rows.length > 0 && fitting === rows.length && (header > ownHeader || !isEven(ownWidths));
  });
  const found = better.includes("||") ? better.filter((other) => other !== "|") : better;
  if (found.length > 0) {
    const [best = own] = found;
    const isPlain = found.length === 1 && common.includes(best) && ownHeader === 1 && headerBy(best) >= minPlain;
    const counts = found.map((other) => `${JSON.stringify(other)} ${columnCount(headerBy(other))}`);
    return {
      message: `by the delimiter ${JSON.stringify(own)} its header has ${columnCount(ownHeader)}, by ${counts.join(", by ")}`,
      answers: [...found, own].map((delimiter) => ({
        text: columnCount(headerBy(delimiter)),
        csv: { ...options.csv, delimiter },
      })),
      ...(isPlain && { isPlain }),
    };
  }
  if (ownHeader !== 1) return undefined;
  const titles = others.filter((other) => !rare.includes(other));
  return titles.map((other) => titleBefore(rowsOf(other), options, other)).find((doubt) => doubt);
}

/** A CSV or TSV, what the mapping says of it, and its first rows read so. */
interface SniffedTable {
  readonly text: SourceHead;
  readonly options: SourceOptions;
  readonly rows: readonly SampleRow[];
}

/**
 * What is in doubt about how a CSV or TSV is written, if anything is; docs/reading.md lists it. A clean table with commas, a header and double quotes is never
 * in doubt. Where the likeliest answer leaves another thing in doubt, the first answer settles both.
 */
export function csvDoubt(text: SourceHead, options: SourceOptions): Doubt | undefined {
  const doubt = firstDoubt(text, options);
  const [likeliest] = doubt?.answers ?? [];
  const next = likeliest?.csv && firstDoubt(text, answered(options, likeliest));
  const [second] = next?.answers ?? [];
  if (doubt === undefined || likeliest === undefined || next === undefined || second === undefined) return doubt;
  const both = { ...second, text: `${likeliest.text}; and ${second.text}, because ${next.message}` };
  return { message: doubt.message, answers: [both, ...doubt.answers] };
}

/** The first thing in doubt. */
function firstDoubt(text: SourceHead, options: SourceOptions): Doubt | undefined {
  const doubt = separatorLine(text, options) ?? escapeDoubt(text, options) ?? delimiterDoubt(text, options);
  if (doubt !== undefined) return doubt;
  const table = { text, options, rows: sampleRows(text, options).rows };
  return (
    titleBefore(table.rows, options) ??
    paddingDoubt(table) ??
    rowNamesDoubt(table) ??
    quoteDoubt(table) ??
    headerDoubt(table) ??
    repeatedDoubt(table)
  );
}

function separatorLine({ head }: SourceHead, { csv }: SourceOptions): Doubt | undefined {
  const delimiter = /^"?sep=([^\r\n"]+)"?\r?\n/i.exec(head.toString("utf8", 0, 64))?.[1];
  if (delimiter === undefined || csv?.skipLines !== undefined) return undefined;
  return {
    message: `its first line is ${JSON.stringify(`sep=${delimiter}`)}, which names the delimiter for Excel and is not a header`,
    answers: [
      { text: "the header follows it", csv: { ...csv, delimiter: csv?.delimiter ?? delimiter, skipLines: 1 } },
      { text: "it is the header", csv: { ...csv, skipLines: 0 } },
    ],
  };
}

/** A backslash before a quote, a delimiter or a line end, where not every row can be read without it and all can by it. */
function escapeDoubt(text: SourceHead, options: SourceOptions): Doubt | undefined {
  const { csv } = options;
  const quote = quoteOf(csv);
  if (csv?.escape !== undefined || csv?.quotes !== undefined || quote === null) return undefined;
  const escaping = [quote, delimiterOf(options), "\n", "\r\n"].filter((sign) => text.head.includes(`\\${sign}`));
  if (escaping.length === 0) return undefined;
  const plain = sampleRows(text, options);
  const isFine = plain.faults === 0 && isEven(plain.rows.map(widthOf)) && plain.rows.length > 1;
  const escaped = sampleRows(text, { ...options, csv: { ...csv, escape: "\\" } });
  if (isFine || escaped.faults > 0 || escaped.rows.length < 2 || !isEven(escaped.rows.map(widthOf))) return undefined;
  return {
    message: escaping.includes(quote)
      ? "a backslash precedes quotes within its cells, and by doubled quotes not every row can be read"
      : "a backslash precedes delimiters or line ends, and not every row can be read unless it escapes them",
    answers: [
      { text: "a backslash escapes", csv: { ...csv, escape: "\\" } },
      {
        text: escaping.includes(quote) ? "a quote within quotes is doubled" : "a backslash is text",
        csv: { ...csv, escape: quote },
      },
    ],
  };
}

/** Spaces after delimiters: before every name of the header, or before an opening quote. */
function paddingDoubt({ text, options, rows }: SniffedTable): Doubt | undefined {
  const { csv } = options;
  const [header] = rows;
  if (csv?.trim !== undefined || header === undefined || header.cells.length < 2) return undefined;
  const isPadded = header.cells.slice(1).every((cell) => typeof cell === "string" && /^ +\S/.test(cell));
  const quote = quoteOf(csv);
  const isBeforeQuote = (cell: Cell | undefined): boolean =>
    quote !== null && typeof cell === "string" && cell.startsWith(" ") && cell.trimStart().startsWith(quote);
  const trimmed = { ...csv, trim: true };
  const again = sampleRows(text, { ...options, csv: trimmed }).rows;
  // What a quoted cell holds is the same under both.
  const isOpening = rows.some(({ cells }, row) =>
    cells.some((cell, at) => isBeforeQuote(cell) && cell !== again[row]?.cells[at]),
  );
  if (!isPadded && !(isOpening && isEven(again.map(widthOf)))) return undefined;
  return {
    message: isPadded
      ? "a space precedes every name of its header but the first"
      : "spaces precede the quotes of cells",
    answers: [
      { text: "spaces around cells are left out", csv: trimmed },
      { text: "they belong to the text", csv: { ...csv, trim: false } },
    ],
  };
}

function quoteDoubt({ options: { csv }, rows }: SniffedTable): Doubt | undefined {
  const [header] = rows;
  if (csv?.quote !== undefined || header === undefined) return undefined;
  if (!header.cells.every((cell) => /^'.*'$/s.test(String(cell)))) return undefined;
  return {
    message: `every cell of its first row is in single quotes, and the quote is "`,
    answers: [
      { text: "single quotes quote", csv: { ...csv, quote: "'" } },
      { text: "they belong to the text", csv: { ...csv, quote: '"' } },
    ],
  };
}

function headerDoubt({ options: { csv }, rows }: SniffedTable): Doubt | undefined {
  const [header, ...others] = rows;
  // Days over columns that hold none are their names.
  const isName = (cell: string, at: number): boolean =>
    isDay(cell) && others.length > 0 && !others.some(({ cells }) => isDay(String(cells[at])));
  const value =
    csv?.header === undefined
      ? header?.cells.map(String).find((cell, at) => isValue(cell) && !isName(cell, at))
      : undefined;
  if (header === undefined || value === undefined) return undefined;
  return {
    message: `the first row, line ${header.line}, names the columns by default, and one of its cells is the value ${JSON.stringify(value)}`,
    answers: [
      {
        text: "the first line is data; columns are column1, column2, … or as columns names them",
        csv: { ...csv, header: false },
      },
      { text: "it is the header", csv: { ...csv, header: true } },
    ],
  };
}

/** Rows of one cell more than the header, as R writes them: the names of the rows have none. */
function rowNamesDoubt({ options: { csv }, rows }: SniffedTable): Doubt | undefined {
  const [header, ...others] = rows;
  if (csv?.header !== undefined || csv?.longRows !== undefined || header === undefined || others.length < 2)
    return undefined;
  const width = header.cells.length + 1;
  if (
    width < 3 ||
    !others.every(({ cells }) => cells.length === width) ||
    others.every(({ cells }) => cells.at(-1) === "")
  )
    return undefined;
  const columns = ["column1", ...header.cells.map(String)];
  return {
    message: `its header, line ${header.line}, has ${header.cells.length} cells, and every row after it ${width}`,
    answers: [
      { text: "the first column has no name", csv: { ...csv, header: false, skipLines: header.line, columns } },
      { text: "the last column is left out", csv: { ...csv, longRows: "drop" } },
    ],
  };
}

/** Columns of one name. */
export function repeatedDoubt({ options: { csv }, rows }: Pick<SniffedTable, "options" | "rows">): Doubt | undefined {
  const [header, ...others] = rows;
  if (csv?.repeatedColumns !== undefined || csv?.header === false || header === undefined) return undefined;
  const twice = [...placesOf(header.cells)].filter(([name, at]) => String(name).trim() !== "" && at.length > 1);
  if (twice.length === 0) return undefined;
  // Of values of their own each is filled; a list is filled from its beginning.
  const isList = others.some(({ cells }) => twice.some(([, at]) => at.some((index) => cells[index] === "")));
  const list: Answer = { text: "one list of the cells that hold something", csv: { ...csv, repeatedColumns: "list" } };
  const number: Answer = { text: "name, name_2, …", csv: { ...csv, repeatedColumns: "number" } };
  const places = twice.map(([name, at]) => `${JSON.stringify(name)} names the columns ${listOf(at.map((n) => n + 1))}`);
  return {
    message: `in its header, line ${header.line}, ${places.slice(0, 3).join("; ")}${places.length > 3 ? "; …" : ""}`,
    answers: isList ? [list, number] : [number, list],
  };
}

function listOf(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 5).join(", ");
  return numbers.length > 5 ? `${shown}, …` : shown;
}
