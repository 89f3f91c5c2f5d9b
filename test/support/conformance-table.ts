import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { type Behaviour, behaviours } from "./behaviours.js";
import { knownExtras, readDescription, starred } from "./reply-check.mjs";

const begin = "<!-- conformance: begin -->";
const end = "<!-- conformance: end -->";

/** What a run of the suite saw of one route with one status. */
export interface Cell {
  readonly route: string;
  readonly status: number;
  /** In Port's description. */
  readonly described: boolean;
  readonly seen: boolean;
  /** Its body was compared with a schema. */
  readonly checked: boolean;
  readonly behaviour?: Behaviour;
}

/** Joins what is described, what the emulator is said to do, and what a run saw: each cell once, in order of the list of behaviours. */
export function cellsOf(described: readonly string[], notes: readonly string[]): readonly Cell[] {
  const seen = new Map(notes.map((line) => [line.replace(/ checked$/, ""), line.endsWith(" checked")]));
  const inDescription = new Map(described.map((cell) => [starred(cell), cell]));
  const listed = new Map(behaviours.map((b) => [starred(`${b.route} ${b.status}`), b]));
  return [...new Set([...listed.keys(), ...inDescription.keys(), ...seen.keys()])].map((key) => {
    const behaviour = listed.get(key);
    const [method = "", path = "", status = ""] = (inDescription.get(key) ?? key).split(" ");
    return {
      route: behaviour?.route ?? `${method} ${path}`,
      status: Number(status),
      described: inDescription.has(key),
      seen: seen.has(key),
      checked: seen.get(key) === true,
      ...(behaviour === undefined ? {} : { behaviour }),
    };
  });
}

/**
 * Writes the table between the two marks of a page.
 * @throws {Error} when a reply was seen that no behaviour lists, or fewer than 90 % of the described cells were exercised
 */
export async function writeConformance(page: string, folder: string, notes: readonly string[]): Promise<void> {
  const description = readDescription(folder);
  if (description === undefined)
    throw new Error("Port's API description is not at hand, so there is nothing to compare with");
  const described = Object.entries(description.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.keys(responses ?? {}).map((status) => `${method.toUpperCase()} ${path} ${status}`),
    ),
  );
  const cells = cellsOf(described, notes);
  const text = existsSync(page) ? await readFile(page, "utf8") : `${begin}\n${end}\n`;
  const [head, rest] = text.split(begin);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined) throw new Error(`${page} lacks the marks of the table`);
  await writeFile(page, `${head}${begin}\n\n${tableOf(cells)}\n${end}${tail}`);
  const unlisted = cells.filter((cell) => cell.seen && cell.behaviour === undefined);
  if (unlisted.length > 0) throw new Error(`replies that no behaviour lists: ${unlisted.map(nameOf).join(", ")}`);
  if (share(cells.filter((cell) => cell.described)) < 0.9)
    throw new Error("fewer than 90 % of the cells were exercised");
}

function tableOf(cells: readonly Cell[]): string {
  const described = cells.filter((cell) => cell.described);
  const missing = described.filter((cell) => !cell.seen);
  const lines = [
    `Of the ${described.length} described cells the suite exercises ${described.length - missing.length} (${percent(described)}), of all ${cells.length} cells ${cells.filter((cell) => cell.seen).length} (${percent(cells)}).`,
    `Every reply of every test whose route and status have a schema was compared with it, after taking away:`,
    "",
    ...knownExtras.map(({ what, why }) => `- ${what}: ${why}`),
    "",
    `Not exercised: ${missing.length === 0 ? "none" : missing.map((cell) => `\`${nameOf(cell)}\``).join(", ")}.`,
    "",
    "| Route | Status | Described | Exercised | When | Source | Reading |",
    "|---|---|---|---|---|---|---|",
    ...cells.map(rowOf),
    "",
  ];
  return lines.join("\n");
}

function rowOf(cell: Cell): string {
  const { behaviour } = cell;
  const exercised = cell.seen ? (cell.checked ? "yes, compared" : "yes") : "no";
  const reading = behaviour?.reading === undefined ? "" : `\`${behaviour.reading}\``;
  const columns = [
    cell.described ? "yes" : "no",
    exercised,
    behaviour?.when ?? "never happens here",
    behaviour?.origin ?? "—",
    reading,
  ];
  return `| \`${cell.route}\` | ${cell.status} | ${columns.join(" | ")} |`;
}

function nameOf(cell: Cell): string {
  return `${cell.route} ${cell.status}`;
}

function share(cells: readonly Cell[]): number {
  return cells.filter((cell) => cell.seen).length / cells.length;
}

function percent(cells: readonly Cell[]): string {
  return `${Math.floor(share(cells) * 100)} %`;
}
