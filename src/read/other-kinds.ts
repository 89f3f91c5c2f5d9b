import { SourceError } from "../errors.js";

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

/** Files that are no text, or no records, with what to do. The first that matches counts. */
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
