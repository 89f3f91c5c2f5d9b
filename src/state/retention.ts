import { access, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { importIdPattern } from "../import-id.js";
import { stateError } from "./state-error.js";

/**
 * Removes the oldest finished import folders beyond `keep`. Finished is one that holds report.json; unfinished ones and whatever is not an import's folder stay.
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
    if (await exists(join(stateDir, id, "report.json"))) finished.push(join(stateDir, id));
  const failed: string[] = [];
  for (const folder of finished.slice(keep))
    await rm(folder, { recursive: true, force: true }).catch((error: Error) =>
      failed.push(`${folder}: ${error.message}`),
    );
  return failed;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
