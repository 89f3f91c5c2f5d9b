import { posix } from "node:path";
import { SourceError } from "../../errors.js";
import type { Package, XmlVisitor } from "./package.js";

/** How a number is a date: a day, a time of day, both, or a length of time in hours. */
type DateStyle = "date" | "time" | "date-time" | "duration";

/** Number formats that every workbook has. */
const builtIn: Readonly<Record<number, DateStyle>> = {
  14: "date",
  15: "date",
  16: "date",
  17: "date",
  18: "time",
  19: "time",
  20: "time",
  21: "time",
  22: "date-time",
  45: "time",
  46: "duration",
  47: "time",
};

/** How a number format shows a date; undefined where it shows none. @param code - of a format of the workbook's own */
export function dateStyle(id: number, code: string | undefined): DateStyle | undefined {
  if (code === undefined) {
    const isAsian = (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
    return builtIn[id] ?? (isAsian ? "date" : undefined);
  }
  const [first = ""] = code.split(";");
  if (/\[(?:h+|m+|s+)\]/i.test(first)) return "duration";
  const plain = first.replaceAll(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, "");
  const hasTime = /[hs]|am\/pm/i.test(plain);
  // An m is a month, unless it is beside hours or seconds.
  const hasDay = /[dy]/i.test(plain) || (/m/i.test(plain) && !hasTime);
  if (/general|[0#?]/i.test(plain) && !hasDay && !hasTime) return undefined;
  if (hasDay) return hasTime ? "date-time" : "date";
  return hasTime ? "time" : undefined;
}

const dayMs = 86_400_000;

/**
 * A number as the date it shows, in ISO 8601 without a zone, which workbooks do not have: `2024-05-01`, `10:30:00`, `2024-05-01T10:30:00`, and a length of
 * time as hours `26:30:00`. Undefined for a number that is not a date.
 */
export function isoDate(serial: number, style: DateStyle, is1904: boolean): string | undefined {
  const ms = Math.round(serial * dayMs);
  if (!(serial >= 0) || serial >= 2_958_466) return undefined;
  if (style === "duration") return clock(ms);
  const hasDay = style !== "time" || serial >= 1;
  const hasTime = ms % dayMs !== 0 || style !== "date";
  // The 1900 calendar counts a 29 February 1900 that never existed.
  const epoch = is1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, serial < 60 ? 31 : 30);
  const day = new Date(epoch + Math.floor(ms / dayMs) * dayMs).toISOString().slice(0, 10);
  if (!hasDay) return clock(ms);
  return hasTime ? `${day}T${clock(ms % dayMs)}` : day;
}

function clock(ms: number): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const seconds = Math.floor(ms / 1000);
  const rest = ms % 1000;
  const fraction = rest === 0 ? "" : `.${String(rest).padStart(3, "0")}`;
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${fraction}`;
}

const chunkBytes = 4 * 1024 * 1024;

/**
 * The texts that cells share, as UTF-8 in large blocks: a workbook may hold millions of them, which as strings would fill the heap.
 */
export class SharedStrings {
  readonly #blocks: Buffer[] = [];
  #used = chunkBytes;
  /** For each text its block, beginning and length. */
  #places = new Uint32Array(3 * 1024);
  #count = 0;

  /** Reads the part of shared texts; runs of formatted text are joined, phonetic hints left out. */
  static async read(parts: Package, part: string): Promise<SharedStrings> {
    const strings = new SharedStrings();
    let text = "";
    let isText = false;
    let hints = 0;
    await parts.readAll(part, {
      open: (element) => {
        if (element === "si") text = "";
        else if (element === "rPh") hints++;
        isText = element === "t" && hints === 0;
      },
      text: (piece) => {
        if (isText) text += piece;
      },
      close: (element) => {
        isText = false;
        if (element === "rPh") hints--;
        else if (element === "si") strings.#add(unescaped(text));
      },
    });
    return strings;
  }

  /** The text of an index; undefined where there is none. */
  at(index: number): string | undefined {
    if (!(index >= 0 && index < this.#count)) return undefined;
    const [block = 0, start = 0, length = 0] = this.#places.subarray(3 * index, 3 * index + 3);
    return this.#blocks[block]?.toString("utf8", start, start + length);
  }

  #add(text: string): void {
    const length = Buffer.byteLength(text);
    if (this.#used + length > chunkBytes) {
      this.#blocks.push(Buffer.allocUnsafeSlow(Math.max(chunkBytes, length)));
      this.#used = 0;
    }
    if (3 * this.#count + 3 > this.#places.length) {
      const wider = new Uint32Array(2 * this.#places.length);
      wider.set(this.#places);
      this.#places = wider;
    }
    this.#blocks.at(-1)?.write(text, this.#used);
    this.#places.set([this.#blocks.length - 1, this.#used, length], 3 * this.#count++);
    this.#used += length;
  }
}

/** Control characters are written as _x000D_. */
export function unescaped(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replaceAll(/_x([\dA-Fa-f]{4})_/g, (_, hex) => String.fromCharCode(Number(`0x${hex}`)));
}

/** A sheet of cells. */
export interface Sheet {
  readonly name: string;
  readonly isHidden: boolean;
  /** Its part of the package. */
  readonly part: string;
}

/** What the cells of a workbook's sheets refer to. */
export interface Workbook {
  readonly sheets: readonly Sheet[];
  /** Whether days are counted from 1904. */
  readonly is1904: boolean;
  /** By index of a cell's style: how its number is a date, where it is. */
  readonly dateStyles: readonly (DateStyle | undefined)[];
}

const noText = { text: () => undefined, close: () => undefined };

/** Reads the parts that say which sheets there are and which styles are dates. @throws SourceError for an archive that is not a workbook */
export async function readWorkbook(name: string, parts: Package): Promise<Workbook> {
  const root = new Map<string, string>();
  await parts.readAll(
    "_rels/.rels",
    relations(root, "", (type) => type.endsWith("/officeDocument")),
  );
  const book = [...root.values()][0] ?? "xl/workbook.xml";
  if (!parts.has(book)) {
    throw new SourceError(name, "is a zip archive, and no workbook (.xlsx)", {
      hint: "Unpack it first, and name its files.",
    });
  }
  const folder = posix.dirname(book);
  const targets = new Map<string, string>();
  const links = posix.join(folder, "_rels", `${posix.basename(book)}.rels`);
  await parts.readAll(
    links,
    relations(targets, folder, (type) => type.endsWith("/worksheet")),
  );
  const sheets: Sheet[] = [];
  let is1904 = false;
  await parts.readAll(book, {
    ...noText,
    open: (element, attributes) => {
      if (element === "workbookPr") is1904 = isTrue(attributes.date1904);
      if (element !== "sheet") return;
      const part = targets.get(attributes["r:id"] ?? attributeEnding(attributes, ":id"));
      if (part !== undefined && attributes.name !== undefined)
        sheets.push({ name: attributes.name, isHidden: (attributes.state ?? "visible") !== "visible", part });
    },
  });
  return { sheets, is1904, dateStyles: await readStyles(parts, posix.join(folder, "styles.xml")) };
}

function relations(into: Map<string, string>, folder: string, wanted: (type: string) => boolean): XmlVisitor {
  return {
    ...noText,
    open: (element, { Id, Target, Type = "" }) => {
      if (element !== "Relationship" || Id === undefined || Target === undefined || !wanted(Type)) return;
      into.set(Id, Target.startsWith("/") ? Target.slice(1) : posix.join(folder, Target));
    },
  };
}

async function readStyles(parts: Package, part: string): Promise<readonly (DateStyle | undefined)[]> {
  const formats = new Map<string, string>();
  const styles: (DateStyle | undefined)[] = [];
  let isInCells = false;
  await parts.readAll(part, {
    text: () => undefined,
    open: (element, { numFmtId, formatCode }) => {
      if (element === "numFmt" && numFmtId !== undefined && formatCode !== undefined) formats.set(numFmtId, formatCode);
      if (element === "cellXfs") isInCells = true;
      if (element === "xf" && isInCells) styles.push(dateStyle(Number(numFmtId ?? 0), formats.get(numFmtId ?? "")));
    },
    close: (element) => {
      if (element === "cellXfs") isInCells = false;
    },
  });
  return styles;
}

function isTrue(text: string | undefined): boolean {
  return text === "1" || text === "true";
}

function attributeEnding(attributes: Readonly<Record<string, string>>, suffix: string): string {
  return Object.entries(attributes).find(([key]) => key.endsWith(suffix))?.[1] ?? "";
}
