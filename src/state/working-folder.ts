import { createHash } from "node:crypto";
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, markOf, space } from "./lease.js";

/** Days after which a folder is removed whose process cannot be checked. */
const oldDays = 7;

/** Name of a folder: what for, and by which process: pid, start and space. */
const named =
  /^portload-(?:plan|undo|init|studio|run|workbook)-(?:(?<pid>\d+)\.(?<mark>\d*)\.(?<space>[0-9a-f]*)-)?[A-Za-z0-9]{6}$/;

/**
 * Makes a folder for working files, for its owner alone. What processes that were killed left of theirs is removed: entities may be in it.
 *
 * @param what - a word for the name, one of those of {@link named}
 */
export async function makeWorkingFolder(what: string): Promise<string> {
  const here = spaceName(await space());
  await sweep(here).catch(() => undefined);
  const mark = (await markOf(process.pid)) ?? "";
  return mkdtemp(join(tmpdir(), `portload-${what}-${process.pid}.${mark}.${here}-`));
}

async function sweep(here: string): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const maker = named.exec(name)?.groups;
    if (maker === undefined) continue;
    const path = join(tmpdir(), name);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory() !== true || found.uid !== process.getuid?.()) continue;
    const { pid, mark } = maker;
    const isOfHere = pid !== undefined && here !== "" && maker.space === here;
    const isLeft = isOfHere
      ? !(await isAlive(Number(pid), mark === "" ? undefined : mark))
      : Date.now() - found.mtimeMs > oldDays * 86_400_000;
    if (isLeft) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function spaceName(text: string | undefined): string {
  return text === undefined ? "" : createHash("sha256").update(text).digest("hex").slice(0, 8);
}
