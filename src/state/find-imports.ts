import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { StateError } from "../errors.js";
import { importIdPattern } from "../import-id.js";
import { readJournalHeader } from "./journal.js";
import type { JournalHeader } from "./journal-lines.js";
import { stateError } from "./state-error.js";

/** An import that left its folder. */
export interface PastImport {
  readonly importId: string;
  readonly folder: string;
  readonly header: JournalHeader;
  /** report.json as text; absent while it runs, and when it was killed. */
  readonly report?: string;
}

/**
 * Finds an import's folder: the named one, or the latest that fits.
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
  for (const id of ids) {
    const found = await openPast(stateDir, id);
    if (found !== undefined && (importId !== undefined || fits(found))) return found;
  }
  const which = importId === undefined ? `no ${what}` : `no import ${importId}`;
  throw new StateError(`${stateDir}: there is ${which}`, {
    hint:
      ids.length === 0 || importId !== undefined
        ? "Name the folder of import folders with --state-dir."
        : "Name an import by its id to choose it all the same.",
  });
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

async function openPast(stateDir: string, importId: string): Promise<PastImport | undefined> {
  if (!importIdPattern.test(importId)) return undefined;
  const folder = join(stateDir, importId);
  const journal = join(folder, "journal.ndjson");
  if (!existsSync(journal)) return undefined;
  const header = await readJournalHeader(journal);
  const report = await readFile(join(folder, "report.json"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw stateError(folder, error);
  });
  return { importId, folder, header, ...(report !== undefined && { report }) };
}
