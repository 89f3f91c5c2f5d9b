import type { SourceOptions } from "../source-options.js";
import { isObject, parseJson } from "./json-parse.js";
import { unpackedName } from "./unpack.js";

/** A format that sources come in. */
export type Format = NonNullable<SourceOptions["format"]>;

/** A format that is text. */
export type TextFormat = Exclude<Format, "xlsx">;

/** Extensions that name a format. */
export const extensions: Readonly<Record<string, Format>> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".json": "json",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".yaml": "yaml",
  ".yml": "yaml",
  ".xlsx": "xlsx",
  ".xlsm": "xlsx",
};

/**
 * Tells a source's format: as the mapping says, else by extension, else by content.
 *
 * By content: `[` begins JSON; `{` begins NDJSON when a line is a complete object and another one begins with `{`, else JSON; else CSV, or TSV when the first
 * line holds a tab and no comma. Content that is plainly JSON counts more than an extension. With `json.records` or `json.keyed` the lines of NDJSON are
 * texts that hold records.
 *
 * @param path - of a file, or `-`
 * @param head - the first bytes of the text
 */
export function tellFormat(path: string, head: Buffer, options: SourceOptions): TextFormat {
  // The rejects of a workbook are a CSV.
  const asked = options.format === "xlsx" ? undefined : options.format;
  const format = asked ?? formatOf(extensions[extensionOf(path)], head.toString("utf8"));
  const { records, keyed } = options.json ?? {};
  return format === "ndjson" && (records ?? keyed) !== undefined ? "json" : format;
}

/** The extension of a path or URL, with its dot and in lower case; that of a packer left out: `.csv` of `teams.csv.gz`. */
export function extensionOf(path: string): string {
  const name = /^https?:/i.test(path) ? path.replace(/[?#].*$/s, "") : path;
  return /\.[^./\\]*$/.exec(unpackedName(name))?.[0].toLowerCase() ?? "";
}

function formatOf(named: Format | undefined, head: string): TextFormat {
  const text = head.replaceAll("\u001e", "").trimStart();
  const isArray = /^\[\s*(?:[[{\]]|$)/.test(text);
  const isObjects = /^\{\s*(?:["}]|$)/.test(text);
  switch (named) {
    case "json":
      return named;
    case "ndjson":
      return isArray || (isObjects && !holdsLines(text) && isBegun(text)) ? "json" : named;
    case undefined:
      if (/^(?:---[ \t]*(?:#.*)?\r?\n|%YAML |apiVersion: )/.test(text)) return "yaml";
      if (text.startsWith("[")) return "json";
      if (text.startsWith("{")) return holdsLines(text) && text.includes("\n") ? "ndjson" : "json";
      return firstLine(text).includes("\t") && !firstLine(text).includes(",") ? "tsv" : "csv";
    case "xlsx":
      return "csv";
    default:
      if (isArray) return "json";
      return isObjects ? (holdsLines(text) ? "ndjson" : "json") : named;
  }
}

/** Lines that are looked at. */
const mostLines = 50;

/** Whether at least half of the first lines are objects by themselves; the last one may be cut off. */
function holdsLines(text: string): boolean {
  const lines = text.split(/\r?\n/, mostLines).filter((line) => line.trim() !== "");
  const whole = lines.filter((line) => isObjectText(line.replaceAll("\x1e", ""))).length;
  return whole > 0 && 2 * whole >= lines.length - 1;
}

/** Whether the text could be JSON over several lines: its first line is broken only where it ends, or where a second text begins. */
function isBegun(text: string): boolean {
  const first = firstLine(text);
  const parsed = parseJson(first);
  if (!("fault" in parsed)) return false;
  const { at, message } = parsed.fault;
  return message === "expected nothing more" || (at >= first.trimEnd().length && text.includes("\n"));
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? "";
}

function isObjectText(line: string): boolean {
  const parsed = parseJson(line);
  return "value" in parsed && isObject(parsed.value);
}
