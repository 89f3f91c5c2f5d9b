import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { stateError } from "./state-error.js";

/** A source whose rejected records get a file. */
export interface RejectsSource {
  /** As on the command line, without kind; `-` or `stdin` for stdin. */
  readonly name: string;
  /** Extension of the source's format without its dot: for stdin and addresses without a name, whose format is told by content otherwise. */
  readonly extension?: string;
}

/**
 * Names the rejects files of one import: the source's base name, so that its kind is found by it again. A second source of that base name gets a numbered
 * folder: `teams.csv`, `2/teams.csv`.
 */
export function nameRejectsFiles(): (source: RejectsSource) => string {
  const taken = new Map<string, number>();
  return (source) => {
    const base = baseName(source);
    // some file systems hold no two names that differ only in case
    const ordinal = (taken.get(base.toLowerCase()) ?? 0) + 1;
    taken.set(base.toLowerCase(), ordinal);
    return ordinal === 1 ? base : join(String(ordinal), base);
  };
}

/** Writes a rejects file, readable by its owner alone; leaves none behind when the bytes end in an error. @throws {StateError} when it cannot be written */
export async function writeBytes(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw stateError(path, error);
  });
  const source = watch(bytes);
  try {
    await pipeline(source.bytes, createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    await rm(path, { force: true });
    throw source.failed() ? error : stateError(path, error);
  }
}

/** Tells whether it was the source that failed, and not the file. */
function watch(source: AsyncIterable<Uint8Array>): { bytes: AsyncIterable<Uint8Array>; failed: () => boolean } {
  let failed = false;
  async function* pass(): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      failed = true;
      throw error;
    }
  }
  return { bytes: pass(), failed: () => failed };
}

function baseName({ name, extension }: RejectsSource): string {
  const suffix = extension === undefined ? "" : `.${extension}`;
  if (name === "-" || name === "stdin") return `stdin${suffix}`;
  const last = name.slice(name.lastIndexOf("/") + 1);
  const safe = (name.includes("://") ? decode(last) : last).replaceAll(/[/\\\p{Cc}]/gu, "_");
  return safe === "" || safe === "." || safe === ".." ? `source${suffix}` : safe;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
