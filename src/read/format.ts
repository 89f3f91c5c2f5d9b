import type { SourceOptions } from "../source-options.js";
import { unpackedName } from "./unpack.js";

/** A format that sources come in. */
export type Format = NonNullable<SourceOptions["format"]>;

/** Extensions that name a format. */
export const extensions: Readonly<Record<string, Format>> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".json": "json",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
};

/**
 * Tells a source's format: as the mapping says, else by extension, else by content.
 *
 * By content: `[` begins JSON; `{` begins NDJSON when the first line is a complete object and another line begins with `{`, else JSON; else CSV, or
 * TSV when the first line holds a tab and no comma.
 *
 * @param path - of a file, or `-`
 * @param head - the first bytes of the text
 */
export function tellFormat(path: string, head: Buffer, options: SourceOptions): Format {
  return options.format ?? extensions[extensionOf(path)] ?? formatOf(head.toString("utf8"));
}

/** The extension of a path or URL, with its dot and in lower case; that of a packer left out: `.csv` of `teams.csv.gz`. */
export function extensionOf(path: string): string {
  const name = /^https?:/i.test(path) ? path.replace(/[?#].*$/s, "") : path;
  return /\.[^./\\]*$/.exec(unpackedName(name))?.[0].toLowerCase() ?? "";
}

function formatOf(head: string): Format {
  const text = head.trimStart();
  if (text.startsWith("[")) return "json";
  const [first = "", ...others] = text.split(/\r?\n/);
  if (text.startsWith("{")) {
    return isComplete(first) && others.some((line) => line.trimStart().startsWith("{")) ? "ndjson" : "json";
  }
  return first.includes("\t") && !first.includes(",") ? "tsv" : "csv";
}

function isComplete(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
