import { link, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { StateError, UsageError } from "../../errors.js";

/**
 * Writes a file whole: it appears by rename, or by a link that fails where the name is taken.
 *
 * @throws {UsageError} when the file is there and may not be overwritten
 * @throws {StateError} when it cannot be written
 */
export async function createFile(path: string, text: string, mayOverwrite: boolean): Promise<void> {
  const part = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(part, text);
    if (mayOverwrite) await rename(part, path);
    else await link(part, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST")
      throw new UsageError(`${path} exists`, { hint: "Confirm that it may be overwritten, or give another name." });
    throw new StateError(`${path} cannot be written: ${(cause as Error).message}`, { cause });
  } finally {
    await rm(part, { force: true });
  }
}
