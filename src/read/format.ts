import { SourceError } from "../errors.js";
import type { TextSource } from "../given-source.js";
import type { SourceOptions } from "../source-options.js";
import { isObject, parseJson } from "./json-parse.js";
import { unpackedName } from "./unpack.js";

/** A format that sources come in. */
export type Format = TextSource["format"];

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
 * Returns a source's format: as the mapping says, else by extension, else by content.
 *
 * By content: `[` begins JSON; `{` begins NDJSON when a line is a complete object and another one begins with `{`, else JSON; else CSV, or TSV when the first
 * line holds a tab and no comma. Content that is plainly JSON counts more than an extension. With `json.records` or `json.keyed` the lines of NDJSON are
 * texts that hold records.
 *
 * @param path - of a file, or `-`
 * @param head - the first bytes of the text
 */
export function formatOfSource(path: string, head: Buffer, options: SourceOptions): TextFormat {
  // The rejects of a workbook are a CSV.
  const asked = options.format === "xlsx" ? undefined : options.format;
  const format = asked ?? formatOf(extensions[extensionOf(path)], head.toString("utf8"));
  const { records, keyed } = options.json ?? {};
  return format === "ndjson" && (records ?? keyed) !== undefined ? "json" : format;
}

/** The extension of a path or URL, with its dot and in lower case; that of a compression left out: `.csv` of `teams.csv.gz`. */
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

/** Bytes at the beginning of a source by which other kinds of files are known. */
export const markBytes = 512;

interface OtherKind {
  readonly is: string;
  readonly hint: string;
  readonly matches: (head: Buffer) => boolean;
}

const beginsWith =
  (...mark: readonly number[]) =>
  (head: Buffer): boolean =>
    head.subarray(0, mark.length).equals(Buffer.from(mark));
const beginsWithText =
  (pattern: RegExp) =>
  (head: Buffer): boolean =>
    pattern.test(head.toString("latin1"));
const zipMark = beginsWith(0x50, 0x4b, 0x03, 0x04);
const unpackFirst = "Unpack it first, or pipe it: … | portload import -";
const saveAsCsv = "Save the sheet as CSV UTF-8.";

/** Files that are not text, or no records, with what to do. The first that matches counts. */
const otherKinds: readonly OtherKind[] = [
  {
    is: "is a spreadsheet (.xlsx)",
    hint: `Name its format under source in the mapping: format: xlsx. ${saveAsCsv}`,
    matches: (head) =>
      zipMark(head) && ["[Content_Types].xml", "xl/", "_rels/"].some((entry) => head.includes(entry, 0, "latin1")),
  },
  {
    is: "is a zip archive or a spreadsheet (.xlsx)",
    hint: `${saveAsCsv} Of an archive: unpack it first.`,
    matches: zipMark,
  },
  { is: "is an old spreadsheet (.xls)", hint: saveAsCsv, matches: beginsWith(0xd0, 0xcf, 0x11, 0xe0) },
  {
    is: "is a tar archive",
    hint: "Unpack it first (tar -xf) and name its files, or the directory that holds them.",
    matches: (head) => head.toString("latin1", 257, 262) === "ustar",
  },
  { is: "is packed twice: gzip within its packing", hint: unpackFirst, matches: beginsWith(0x1f, 0x8b) },
  { is: "is packed twice: zstd within its packing", hint: unpackFirst, matches: beginsWith(0x28, 0xb5, 0x2f, 0xfd) },
  { is: "is packed by bzip2", hint: unpackFirst, matches: beginsWithText(/^BZh[1-9]1AY&SY/) },
  { is: "is packed by xz", hint: unpackFirst, matches: beginsWith(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00) },
  { is: "is a 7z archive", hint: unpackFirst, matches: beginsWith(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c) },
  { is: "is a PDF", hint: "Export the table as CSV.", matches: beginsWithText(/^%PDF-/) },
  { is: "is a Parquet file", hint: "Export it as CSV or NDJSON.", matches: beginsWithText(/^PAR1/) },
  { is: "is UTF-32", hint: "Convert it first: iconv -f UTF-32 -t UTF-8", matches: beginsWith(0xff, 0xfe, 0x00, 0x00) },
  { is: "is UTF-32", hint: "Convert it first: iconv -f UTF-32 -t UTF-8", matches: beginsWith(0x00, 0x00, 0xfe, 0xff) },
  {
    is: "is an HTML page",
    hint: "Does the address lead to a sign-in page? Sources are CSV, TSV, JSON, NDJSON, YAML or XLSX.",
    matches: beginsWithText(/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html)[\s>]/i),
  },
  {
    is: "is XML",
    hint: "Sources are CSV, TSV, JSON, NDJSON, YAML or XLSX.",
    matches: beginsWithText(/^(?:\xef\xbb\xbf)?\s*<\?xml\s/),
  },
];

/** Refuses what is known by its beginning to be no CSV, TSV, JSON or NDJSON. @throws SourceError that says what it is */
export function refuseOtherKinds(name: string, head: Buffer): void {
  const kind = otherKinds.find(({ matches }) => matches(head));
  if (kind !== undefined) throw new SourceError(name, kind.is, { hint: kind.hint });
}
