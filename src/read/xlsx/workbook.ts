import { posix } from "node:path";
import { SourceError } from "../../errors.js";
import { type DateStyle, dateStyle } from "./dates.js";
import type { Package, XmlVisitor } from "./package.js";

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

/** Reads the parts that say which sheets there are and which styles are dates. @throws SourceError for an archive that is no workbook */
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
