import type { Cell } from "../record.js";
import type { SourceOptions } from "../source-options.js";

/** The columns of a table and how its rows become records. */
export interface Columns {
  readonly names: readonly string[];
  /** Name of the column of each cell of a row. */
  readonly cells: readonly string[];
  /** Cells up to the last column that has a name: a row may lack those after it. */
  readonly least: number;
  /** Puts cells of columns of one name together; absent where every column is its own. */
  readonly gather?: (cells: readonly Cell[]) => readonly Cell[];
}

type CsvOptions = NonNullable<SourceOptions["csv"]>;

/** The columns of a table without a header. */
export function numberedColumns(count: number): Columns {
  return namedColumns(Array.from({ length: count }, (_, index) => `column${index + 1}`));
}

/** The columns of names given. */
export function namedColumns(names: readonly string[]): Columns {
  return { names, cells: names, least: names.length };
}

/**
 * Makes columns of a header's cells: one without a name is `column<N>` by its place, one that repeats a name is handled as the options say.
 *
 * @returns the columns, or what is wrong with the header
 */
export function headerColumns(
  cells: readonly Cell[],
  { csv = {}, blanks = [] }: Pick<SourceOptions, "csv" | "blanks">,
): Columns | { readonly fault: string } {
  const given = cells.map((cell) => (cell === null ? "" : String(cell)));
  const least = given.findLastIndex((name) => name.trim() !== "") + 1;
  if (least === 0) return { fault: "none of its cells holds a name" };
  const taken = new Set(given);
  const fresh = (name: string, from: number): string => {
    for (let count = from; ; count++) {
      const numbered = count === 1 ? name : `${name}_${count}`;
      if (taken.has(numbered)) continue;
      taken.add(numbered);
      return numbered;
    }
  };
  const names = given.map((name, index) => (name.trim() === "" ? fresh(`column${index + 1}`, 1) : name));
  const places = placesOf(names);
  if (places.size === names.length) return { names, cells: names, least };
  if (csv.repeatedColumns === "list") return { ...listed(places, blanks), cells: names, least };
  if (csv.repeatedColumns === "number") {
    const seen = new Set<string>();
    const numbered = names.map((name) => {
      if (seen.has(name)) return fresh(name, 2);
      seen.add(name);
      return name;
    });
    return { names: numbered, cells: numbered, least };
  }
  const twice = [...places].filter(([, at]) => at.length > 1);
  return {
    fault: twice
      .map(([name, at]) => `"${name}" names the columns ${at.map((index) => index + 1).join(", ")}`)
      .join("; "),
  };
}

/** Where each name is, in order of the first. */
export function placesOf(names: readonly Cell[]): ReadonlyMap<Cell, readonly number[]> {
  const places = new Map<Cell, number[]>();
  for (const [index, name] of names.entries()) {
    const others = places.get(name);
    if (others === undefined) places.set(name, [index]);
    else others.push(index);
  }
  return places;
}

function listed(
  places: ReadonlyMap<Cell, readonly number[]>,
  blanks: readonly string[],
): Pick<Columns, "names" | "gather"> {
  const holdsNothing = new Set<Cell>(["", null, ...blanks]);
  const groups = [...places.values()];
  return {
    names: [...places.keys()].map(String),
    gather: (cells) =>
      groups.map((group) => {
        const [first = 0] = group;
        if (group.length === 1) return cells[first] ?? "";
        return group.flatMap((index) => (holdsNothing.has(cells[index] ?? null) ? [] : [String(cells[index])]));
      }),
  };
}

/** What the options for repeated columns are, for a message. */
export const repeatedColumnsHint =
  "Say under source in the mapping what to do: csv: { repeatedColumns: list } (one array), or csv: { repeatedColumns: number } (name, name_2, …).";

/** How a delimiter is meant: a backslash and a t are a tab. */
export function delimiterOf({ csv, format }: SourceOptions): string {
  const given = csv?.delimiter ?? (format === "tsv" ? "\t" : ",");
  return given === "\\t" ? "\t" : given;
}

/** The quote of a dialect; null for none. */
export function quoteOf({ quote = '"' }: CsvOptions = {}): string | null {
  return quote === false ? null : quote;
}
