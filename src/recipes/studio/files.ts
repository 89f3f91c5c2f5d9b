import { createHash } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { StateError } from "../../errors.js";

/** A file to write. */
export interface FileToSave {
  readonly path: string;
  readonly text: string;
}

/** What files held when they were read or written here: a fingerprint by path. */
export type FilePrints = Readonly<Record<string, string>>;

/** A file that exists, with content that nobody has agreed to lose. */
export interface TakenFile {
  readonly path: string;
  /** `changed`: it was read or written here, and somebody changed it since. */
  readonly why: "exists" | "changed";
  /** Of what it holds now: a confirmation is for that alone. */
  readonly fingerprint: string;
}

/** What became of saving: all files, or none. */
export type SaveResult = { readonly written: FilePrints } | { readonly taken: readonly TakenFile[] };

/** Fingerprint of a file's content. */
export function fingerprintOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

/** Fingerprint of what a file holds now; undefined where it cannot be read. */
export async function fingerprintOnDisk(path: string): Promise<string | undefined> {
  const content = await contentOf(path);
  return content === undefined ? undefined : fingerprintOf(content);
}

/**
 * Writes all files, or none: one that is there is replaced only where it holds what was read or written here before, or what was agreed to be lost.
 *
 * @throws {StateError} when one cannot be written; the others are then as they were
 */
export async function saveFiles(
  files: readonly FileToSave[],
  known: FilePrints,
  agreed: FilePrints,
): Promise<SaveResult> {
  const now = await Promise.all(files.map(async (file) => ({ ...file, before: await contentOf(file.path) })));
  const taken = now.flatMap(({ path, text, before }): TakenFile[] => {
    if (before === undefined) return [];
    const fingerprint = fingerprintOf(before);
    if ([known[path], agreed[path], fingerprintOf(text)].includes(fingerprint)) return [];
    return [{ path, why: known[path] === undefined ? "exists" : "changed", fingerprint }];
  });
  if (taken.length > 0) return { taken };
  const done: { readonly path: string; readonly before: Uint8Array | undefined }[] = [];
  const parts = now.map(({ path }) => partOf(path));
  let current = "";
  try {
    for (const { path, text } of now) {
      current = path;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(partOf(path), text);
    }
    for (const { path, before } of now) {
      current = path;
      // A name that was free is taken by a link, which fails where somebody has taken it meanwhile.
      if (before === undefined) await link(partOf(path), path);
      else await rename(partOf(path), path);
      done.push({ path, before });
    }
  } catch (cause) {
    for (const { path, before } of done) await putBack(path, before);
    throw new StateError(`${current} cannot be written: ${(cause as Error).message}`, {
      cause,
      hint: "No file was changed.",
    });
  } finally {
    for (const part of parts) await rm(part, { force: true }).catch(() => undefined);
  }
  return { written: Object.fromEntries(now.map(({ path, text }) => [path, fingerprintOf(text)])) };
}

async function putBack(path: string, before: Uint8Array | undefined): Promise<void> {
  if (before === undefined) return rm(path, { force: true });
  await writeFile(partOf(path), before);
  await rename(partOf(path), path);
}

/** A file of the same folder, so that it can take the other's place at once. */
function partOf(path: string): string {
  return `${path}.${process.pid}.new`;
}

/** What a file holds; undefined where there is none. */
async function contentOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new StateError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
