import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { SourceError } from "../../errors.js";
import type { Doubt, SourceOptions } from "../../source-options.js";
import { extensionOf, extensions } from "../format.js";
import { type OpenIo, openBytes, reopenablePath } from "../open.js";
import { Package } from "./package.js";
import { type SheetFacts, type SheetRow, SheetRows } from "./rows.js";
import { readWorkbook, SharedStrings, type Sheet, type Workbook } from "./workbook.js";

/** A workbook to open, and perhaps which of its sheets. */
export interface WorkbookSource {
  readonly path: string;
  readonly name: string;
  readonly readFrom?: string;
  readonly sheet?: string;
}

/** A sheet whose rows can be read. */
export interface OpenSheet {
  readonly sheet: Sheet;
  /** Gives its rows a piece at a time; `facts` are whole at the end. */
  rows(): AsyncGenerator<readonly SheetRow[], void, undefined>;
  readonly facts: () => SheetFacts;
  close(): Promise<void>;
}

/** Whether a source is read as a workbook: as the mapping or the extension says, unless the file says otherwise. */
export async function isWorkbook(source: WorkbookSource, options: SourceOptions, io: OpenIo = {}): Promise<boolean> {
  const isNamed = (options.format ?? extensions[extensionOf(source.path)]) === "xlsx";
  // Whoever opens it reports that it cannot be opened.
  const path = source.readFrom ?? (await reopenablePath(source, io).catch(() => undefined));
  if (path === undefined || (await stat(path).catch(() => undefined))?.isFile() !== true) return isNamed;
  if (options.format !== undefined && options.format !== "xlsx") return false;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.equals(Buffer.from("PK\u0003\u0004"));
  } finally {
    await file.close();
  }
}

/**
 * Opens the sheet of a workbook. A source that can be read only once is first copied as a whole: the parts of a workbook are found from its end.
 *
 * @returns the sheet, or the question which of several
 * @throws SourceError for a file that is not a workbook, and a sheet that it does not have
 */
export async function openSheet(
  source: WorkbookSource,
  options: SourceOptions,
  io: OpenIo = {},
): Promise<OpenSheet | { readonly doubt: Doubt }> {
  const file = await fileOf(source, io);
  let parts: Package | undefined;
  const close = async (): Promise<void> => {
    parts?.close();
    await file.remove();
  };
  try {
    const before = await stat(file.path);
    parts = await Package.open(file.path, source.name);
    const workbook = await readWorkbook(source.name, parts);
    const sheet = await chooseSheet(source, workbook, options, parts);
    if ("doubt" in sheet) {
      await close();
      return sheet;
    }
    const opened = { parts, workbook, sheet, before, path: file.path, name: source.name, onBytes: io.onBytes };
    const state: { facts: SheetFacts } = { facts: { hiddenRows: 0, mergedRanges: 0, errorCells: 0, openFormulas: 0 } };
    return { sheet, rows: () => rowsOf(opened, state), facts: () => state.facts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opened {
  readonly parts: Package;
  readonly workbook: Workbook;
  readonly sheet: Sheet;
  readonly path: string;
  readonly name: string;
  readonly before: { readonly size: number; readonly mtimeMs: number };
  readonly onBytes: OpenIo["onBytes"];
}

async function* rowsOf(
  { parts, workbook, sheet, path, name, before, onBytes }: Opened,
  state: { facts: SheetFacts },
): AsyncGenerator<readonly SheetRow[], void, undefined> {
  const strings = await SharedStrings.read(parts, posix.join(posix.dirname(sheet.part), "../sharedStrings.xml"));
  let ready: SheetRow[] = [];
  const visitor = new SheetRows(workbook, strings, (row) => ready.push(row));
  state.facts = visitor.facts;
  for await (const _ of parts.read(sheet.part, visitor, (share) => onBytes?.(share * before.size))) {
    yield ready;
    ready = [];
  }
  yield ready;
  const after = await stat(path);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs)
    throw new SourceError(name, "changed while it was read", { hint: "Read it again once its writer is done." });
}

async function fileOf(source: WorkbookSource, io: OpenIo): Promise<{ path: string; remove(): Promise<void> }> {
  const remove = async (): Promise<void> => undefined;
  if (source.readFrom !== undefined) return { path: source.readFrom, remove };
  const path = await reopenablePath(source, {});
  if (path !== undefined) return { path, remove };
  const folder = io.copyTo === undefined ? await mkdtemp(join(tmpdir(), "portload-workbook-")) : undefined;
  const copyTo = io.copyTo ?? join(folder ?? "", "workbook");
  const removeFolder = async (): Promise<void> => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
  try {
    for await (const _ of openBytes(source, { ...io, copyTo }));
    return { path: copyTo, remove: removeFolder };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function chooseSheet(
  source: WorkbookSource,
  { sheets }: Workbook,
  options: SourceOptions,
  parts: Package,
): Promise<Sheet | { doubt: Doubt }> {
  const wanted = source.sheet ?? options.xlsx?.sheet;
  const names = sheets.map(({ name }) => JSON.stringify(name)).join(", ");
  if (wanted !== undefined) {
    const sheet = sheets.find(({ name }) => name === wanted);
    if (sheet !== undefined) return sheet;
    throw new SourceError(source.name, `has no sheet ${JSON.stringify(wanted)}; its sheets are ${names}`, {
      hint: "Name one of them after a #, or under source.xlsx.sheet in the mapping.",
    });
  }
  const visible = sheets.filter(({ isHidden }) => !isHidden);
  const [first = sheets[0]] = visible;
  if (first === undefined)
    throw new SourceError(source.name, "its workbook holds no sheet", { hint: "Save it again." });
  const filled: Sheet[] = [];
  if (visible.length > 1) for (const sheet of visible) if (await holdsValue(sheet, parts)) filled.push(sheet);
  if (filled.length < 2) return filled[0] ?? first;
  const answers = filled.map(({ name }) => ({
    text: `the sheet ${JSON.stringify(name)}`,
    xlsx: { ...options.xlsx, sheet: name },
  }));
  return {
    doubt: {
      message: `its workbook has ${filled.length} sheets: ${filled.map(({ name }) => JSON.stringify(name)).join(", ")}`,
      answers,
    },
  };
}

/** True for a sheet with a cell that is not empty. Spreadsheets add empty sheets unasked. */
async function holdsValue({ part }: Sheet, parts: Package): Promise<boolean> {
  let isFilled = false;
  const open = (name: string): void => {
    isFilled ||= name === "v" || name === "t" || name === "f";
  };
  for await (const _ of parts.read(part, { open, text: () => undefined, close: () => undefined })) if (isFilled) break;
  return isFilled;
}

/** The names of a workbook's sheets that are not hidden. */
export async function sheetNames({ path, name }: WorkbookSource): Promise<readonly string[]> {
  const parts = await Package.open(path, name);
  try {
    const { sheets } = await readWorkbook(name, parts);
    return sheets.flatMap((sheet) => (sheet.isHidden ? [] : [sheet.name]));
  } finally {
    parts.close();
  }
}
