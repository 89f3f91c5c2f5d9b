import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { encodeJournalLine, type JournalHeader } from "./journal-lines.js";
import { stateError } from "./state-error.js";

/** Makes the folder that holds the folders of imports. `./.portload` gets a `.gitignore`, since it stands in the user's project. @throws {StateError} */
export async function makeStateDir(stateDir: string): Promise<void> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
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
    await writeSynced(join(draft, "journal.ndjson"), `${encodeJournalLine(header)}\n`);
    await rename(draft, folder);
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
  } catch (error) {
    throw stateError(path, error);
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

async function ignoreInGit(path: string): Promise<void> {
  await writeFile(path, "*\n", { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
