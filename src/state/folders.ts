import { existsSync, statSync } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { StateError } from "../errors.js";
import { commandOn } from "../reject.js";
import type { Warning } from "../warning.js";
import { stateError } from "./files.js";
import { readJournalHeader } from "./journal.js";
import { encodeJournalLine, type JournalHeader, sealLine } from "./journal-lines.js";

/** What an import id looks like: UTC to the millisecond, then four random hex digits. */
export const importIdPattern = /^\d{8}T\d{9}Z-[0-9a-f]{4}$/;

/** Makes an import id, e.g. `20261122T033012417Z-7f3a`; ids sort by time. `random` gives 0 ≤ x < 1. */
export function makeImportId(nowMs: number, random: () => number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  const suffix = Math.floor(random() * 0x10000);
  return `${time}-${suffix.toString(16).padStart(4, "0")}`;
}

/** Makes the folder that holds the folders of imports. `./.portload` gets a `.gitignore`, since it is in the user's project. @throws {StateError} */
export async function makeStateDir(stateDir: string): Promise<void> {
  try {
    await makeFolders(resolve(stateDir));
    if (resolve(stateDir) === resolve(".portload")) await ignoreInGit(join(stateDir, ".gitignore"));
  } catch (error) {
    throw stateError(stateDir, error);
  }
}

/** Makes an import's folder with its journal, header and an empty spool inside; it appears by rename, so that it is never half made. @throws {StateError} */
export async function makeImportFolder(stateDir: string, header: JournalHeader): Promise<string> {
  const folder = join(stateDir, header.importId);
  const draft = join(stateDir, `.new-${header.importId}`);
  try {
    await mkdir(draft, { mode: 0o700 });
    await mkdir(join(draft, "spool"), { mode: 0o700 });
    await writeSynced(join(draft, "journal.ndjson"), `${sealLine(encodeJournalLine(header))}\n`);
    await rename(draft, folder);
    await syncFolder(stateDir);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw stateError(folder, error);
  }
  return folder;
}

/** Writes a file whole, readable by its owner alone: it appears by rename. @throws {StateError} */
export async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await writeSynced(`${path}.new`, text);
    await rename(`${path}.new`, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw stateError(path, error);
  }
}

/** Copies a file: the copy appears by rename, and lasts. @throws {StateError} */
export async function copyWhole(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, `${to}.new`);
    const handle = await open(`${to}.new`, "r+");
    await handle.datasync().finally(() => handle.close());
    await rename(`${to}.new`, to);
    await syncFolder(dirname(to));
  } catch (error) {
    throw stateError(to, error);
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Makes a rename last a power cut, where the system lets a folder be synced. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Makes a folder and those above it. Node's own recursive mkdir never ends below /proc, where making one fails as if another were missing. */
async function makeFolders(path: string): Promise<void> {
  const make = () => mkdir(path, { mode: 0o700 });
  const isThere = (error: NodeJS.ErrnoException) => error.code === "EEXIST" && statSync(path).isDirectory();
  try {
    await make();
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    if (isThere(cause)) return;
    if (cause.code !== "ENOENT" || dirname(path) === path || existsSync(dirname(path))) throw error;
    await makeFolders(dirname(path));
    await make().catch((again: NodeJS.ErrnoException) => {
      if (!isThere(again)) throw again;
    });
  }
}

async function ignoreInGit(path: string): Promise<void> {
  await writeFile(path, "*\n", { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** An import that left its folder. */
export interface PastImport {
  readonly importId: string;
  readonly folder: string;
  readonly header: JournalHeader;
  /** report.json as text; absent while it runs, and when it was killed. */
  readonly report?: string;
  /** Later imports that were passed over because their folders cannot be read, each with the reason. */
  readonly passedOver: readonly string[];
}

/**
 * Finds an import's folder: the named one, or the latest usable one that fits.
 *
 * @param what - what is looked for, for the message: `import to resume`
 * @throws {StateError} when there is none
 */
export async function findImport(
  stateDir: string,
  importId: string | undefined,
  what: string,
  fits: (found: PastImport) => boolean,
): Promise<PastImport> {
  const ids = importId === undefined ? await importIds(stateDir) : [importId];
  const passedOver: string[] = [];
  for (const id of ids) {
    try {
      const found = await openPast(stateDir, id);
      if (found !== undefined && (importId !== undefined || fits({ ...found, passedOver })))
        return { ...found, passedOver };
    } catch (error) {
      if (importId !== undefined || !(error instanceof StateError)) throw error;
      passedOver.push(error.message);
    }
  }
  const broken = passedOver.length === 0 ? "" : `, except what cannot be read: ${passedOver.join("; ")}`;
  const which = importId === undefined ? `no ${what}` : `no import ${importId}`;
  throw new StateError(`${stateDir}: there is ${which}${broken}`, {
    hint:
      ids.length === 0 || importId !== undefined
        ? "Name the folder of import folders with --state-dir."
        : "Name an import by its id to choose it all the same.",
  });
}

/** Names the imports that were passed over for this one. */
export function passedOver({ passedOver: reasons }: PastImport): readonly Warning[] {
  return reasons.map((reason) => ({ code: "state_unclean", message: `passed over: ${reason}`, count: 1 }));
}

/** All imports whose folders can be read, the latest first. @param check - throws a StateError for others that are left out */
export async function pastImports(stateDir: string, check: (past: PastImport) => void): Promise<readonly PastImport[]> {
  const found: PastImport[] = [];
  const collect = (past: PastImport): boolean => {
    check(past);
    found.push(past);
    return false;
  };
  await findImport(stateDir, undefined, "import", collect).catch((error: unknown) => {
    if (!(error instanceof StateError)) throw error;
  });
  return found;
}

/** Ids of the imports in a state folder, the latest first. */
async function importIds(stateDir: string): Promise<readonly string[]> {
  try {
    const names = await readdir(stateDir);
    return names
      .filter((name) => importIdPattern.test(name))
      .sort()
      .reverse();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw stateError(stateDir, error);
  }
}

async function openPast(stateDir: string, importId: string): Promise<Omit<PastImport, "passedOver"> | undefined> {
  if (!importIdPattern.test(importId)) return undefined;
  const folder = join(stateDir, importId);
  const journal = join(folder, "journal.ndjson");
  if (!existsSync(journal)) return undefined;
  const header = await readJournalHeader(journal);
  const report = await readFile(join(folder, "report.json"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw stateError(folder, error);
  });
  if (report !== undefined && !isJson(report))
    throw new StateError(`${join(folder, "report.json")} is damaged`, {
      hint: `Remove it, then resume the import: ${commandOn("resume", { importId, folder })}`,
    });
  return { importId, folder, header, ...(report !== undefined && { report }) };
}

/**
 * Removes the oldest finished import folders beyond `keep`. Those that can still be resumed, and whatever is not an import's folder, stay.
 *
 * @returns the folders that could not be removed, each with the reason
 * @throws {StateError} when the state folder cannot be listed
 */
export async function removeOldImports(stateDir: string, keep: number): Promise<readonly string[]> {
  const entries = await readdir(stateDir, { withFileTypes: true }).catch((error: unknown) => {
    throw stateError(stateDir, error);
  });
  const ids = entries
    .filter((entry) => entry.isDirectory() && importIdPattern.test(entry.name))
    .map(({ name }) => name);
  const finished: string[] = [];
  for (const id of ids.sort().reverse())
    if (await isFinished(join(stateDir, id, "report.json"))) finished.push(join(stateDir, id));
  const failed: string[] = [];
  for (const folder of finished.slice(keep))
    await rm(folder, { recursive: true, force: true }).catch((error: Error) =>
      failed.push(`${folder}: ${error.message}`),
    );
  return failed;
}

/** True for an import whose report says that nothing is left to resume. A sync is resumed by starting it again. */
async function isFinished(reportPath: string): Promise<boolean> {
  try {
    const { command, exitCode } = JSON.parse(await readFile(reportPath, "utf8")) as Record<string, unknown>;
    return !["import", "retry", "undo"].includes(String(command)) || exitCode === 0 || exitCode === 1;
  } catch {
    return false;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
