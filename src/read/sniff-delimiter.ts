import type { SourceOptions } from "../source-options.js";
import { delimiterOf } from "./csv-header.js";
import type { Doubt } from "./doubt.js";
import { type Head, type SampleRow, sampleRows } from "./sample-rows.js";
import { columnCount, isEven, widthOf } from "./sniff-rows.js";
import { titleBefore } from "./sniff-title.js";

/** Delimiters that may speak against the default one even where that one cuts the header. */
const common = [",", ";", "\t", "|", "\u0001"];
/** Delimiters that do so only where the default one finds one column, and they cut every row alike. */
const rare = ["||", "~", "^", ":"];

/** Whether another delimiter than the default one cuts the first rows better. */
export function delimiterDoubt(text: Head, options: SourceOptions): Doubt | undefined {
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
    if (header < 2) return false;
    const fitting = rows.filter((width) => width === header).length;
    if (rare.includes(other)) return ownHeader < 2 && rows.length > 0 && fitting === rows.length;
    if (ownHeader < 2) return 2 * fitting >= rows.length;
    return rows.length > 0 && fitting === rows.length && (header > ownHeader || !isEven(ownWidths));
  });
  const found = better.includes("||") ? better.filter((other) => other !== "|") : better;
  if (found.length > 0) {
    const counts = found.map((other) => `${JSON.stringify(other)} ${columnCount(headerBy(other))}`);
    return {
      message: `by the delimiter ${JSON.stringify(own)} its header has ${columnCount(ownHeader)}, by ${counts.join(", by ")}`,
      answers: [...found, own].map((delimiter) => ({
        text: columnCount(headerBy(delimiter)),
        csv: { ...options.csv, delimiter },
      })),
    };
  }
  if (ownHeader !== 1) return undefined;
  const titles = others.filter((other) => !rare.includes(other));
  return titles.map((other) => titleBefore(rowsOf(other), options, other)).find((doubt) => doubt);
}
