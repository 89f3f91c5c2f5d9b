import { access, constants, copyFile, mkdir, open, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { EnvironmentError } from "./errors.js";

/**
 * Checks that a file can be written, before the work whose result it will hold; makes its folder.
 *
 * @param flag - what names it, for the message
 * @throws {EnvironmentError} when it cannot
 */
export async function checkOutputFile(path: string, flag: string): Promise<void> {
  try {
    await makeFolder(dirname(resolve(path)));
    const found = await stat(path).catch(missing);
    if (found?.isDirectory() === true) throw new Error("it is a folder");
    await access(found === undefined ? dirname(resolve(path)) : path, constants.W_OK);
  } catch (cause) {
    throw cannotWrite(path, flag, cause as Error);
  }
}

/** Makes a folder that files are to be written to. @throws {EnvironmentError} when it cannot be made or written to */
export async function checkOutputFolder(path: string, flag: string): Promise<void> {
  try {
    await makeFolder(resolve(path));
    await access(path, constants.W_OK);
  } catch (cause) {
    throw cannotWrite(path, flag, cause as Error);
  }
}

/** A file that appears whole, when it is finished, or not at all. */
export interface OutputFile {
  /** @throws {EnvironmentError} as on a full disk */
  write(text: string): Promise<void>;
  finish(): Promise<void>;
  /** Leaves nothing behind; after `finish` it does nothing. */
  discard(): Promise<void>;
}

/** Opens a file for its owner alone; what is not a plain file, such as a FIFO or `/dev/stdout`, is written to as it is. @throws {EnvironmentError} when it cannot be opened */
export async function openOutputFile(path: string, flag: string): Promise<OutputFile> {
  const found = await stat(path).catch(missing);
  const isWhole = found === undefined || found.isFile();
  const part = isWhole ? join(dirname(path), `.${basename(path)}.${process.pid}.part`) : path;
  const failing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw cannotWrite(path, flag, cause as Error);
    }
  };
  const file = await failing(open(part, "w", 0o600));
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await file.close();
  };
  return {
    async write(text) {
      await failing(file.writeFile(text));
    },
    async finish() {
      await failing(close());
      if (isWhole) await failing(rename(part, path));
    },
    async discard() {
      await close().catch(() => undefined);
      if (isWhole) await unlink(part).catch(() => undefined);
    },
  };
}

/** Writes a file whole or not at all. @throws {EnvironmentError} when it cannot be written */
export async function writeOutputFile(path: string, flag: string, text: string): Promise<void> {
  const file = await openOutputFile(path, flag);
  try {
    await file.write(text);
    await file.finish();
  } finally {
    await file.discard();
  }
}

/** Copies a file so that it appears whole or not at all. @throws {EnvironmentError} when it cannot be written */
export async function copyOutputFile(from: string, path: string, flag: string): Promise<void> {
  const part = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    const found = await stat(path).catch(missing);
    if (found !== undefined && !found.isFile()) await copyFile(from, path);
    else {
      await copyFile(from, part);
      await rename(part, path);
    }
  } catch (cause) {
    await unlink(part).catch(() => undefined);
    throw cannotWrite(path, flag, cause as Error);
  }
}

function cannotWrite(path: string, flag: string, cause: Error): EnvironmentError {
  const why = cause.message.replace(/^[A-Z]+: ([^,]*),.*$/s, "$1");
  return new EnvironmentError(`${path} cannot be written: ${why}`, { hint: `Name another with ${flag}.`, cause });
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

/** One folder after the other: Node's own recursive way never ends under /proc. */
async function makeFolder(path: string): Promise<void> {
  const found = await stat(path).catch(missing);
  if (found?.isDirectory() === true) return;
  if (found !== undefined) throw new Error(`${path} is not a folder`);
  await makeFolder(dirname(path));
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
