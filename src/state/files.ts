import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { StateError } from "../errors.js";
import type { Span } from "../record.js";

/** A file that only grows. Lines of concurrent callers keep their order and share writes. */
export interface AppendFile {
  /** Resolves when the text is handed to the operating system. After one failure every later call fails with it. @throws {StateError} */
  append(text: string): Promise<void>;
  /** The same, and the text lasts a power cut; texts that come at once share a sync. @throws {StateError} */
  appendDurably(text: string): Promise<void>;
  /** Writes what waits, syncs, closes. Further calls do nothing. @throws {StateError} when any write or sync failed */
  close(): Promise<void>;
}

/** How an {@link AppendFile} reaches the disk. */
export interface AppendOptions {
  /** Least milliseconds between two syncs, and the longest that written text waits for one. Never synced without it. */
  readonly syncEveryMs?: number;
  /** Makes what is written last a power cut. Default fdatasync. */
  readonly sync?: (handle: FileHandle) => Promise<void>;
  /** Runs a function later; returns the function that cancels it. Default a timer that keeps no process alive. */
  readonly later?: (run: () => void, ms: number) => () => void;
}

/**
 * Opens a file for appending, readable by its owner alone; makes it when it is missing.
 *
 * @throws {StateError} when it cannot be opened
 */
export async function openAppendFile(path: string, options: AppendOptions = {}): Promise<AppendFile> {
  const { syncEveryMs, sync = (handle) => handle.datasync(), later = laterByTimer } = options;
  const handle = await open(path, "a", 0o600).catch((error: unknown) => {
    throw stateError(path, error);
  });
  let waiting: string[] = [];
  let next: Promise<void> | undefined;
  let tail: Promise<void> = Promise.resolve();
  let syncing: Promise<void> = Promise.resolve();
  let cancelSync: (() => void) | undefined;
  let unsynced = false;
  let failure: Error | undefined;
  let closing: Promise<void> | undefined;

  async function write(): Promise<void> {
    next = undefined;
    const text = waiting.join("");
    waiting = [];
    if (failure === undefined) await handle.appendFile(text).catch(fail);
    if (failure !== undefined) throw failure;
    unsynced = true;
    if (syncEveryMs !== undefined) cancelSync ??= later(syncSoon, syncEveryMs);
  }

  function syncSoon(): void {
    cancelSync = undefined;
    syncing = syncing.then(syncNow);
  }

  async function syncNow(): Promise<void> {
    if (!unsynced) return;
    unsynced = false;
    await sync(handle).catch(fail);
  }

  function fail(error: unknown): void {
    failure ??= stateError(path, error);
  }

  async function end(): Promise<void> {
    await tail;
    cancelSync?.();
    await syncing;
    if (syncEveryMs !== undefined) await syncNow();
    await handle.close().catch(fail);
    if (failure !== undefined) throw failure;
  }

  const append = (text: string): Promise<void> => {
    waiting.push(text);
    if (next === undefined) {
      next = tail.then(write);
      tail = next.catch(() => undefined);
    }
    return next;
  };
  let nextSync: Promise<void> | undefined;

  return {
    append,
    async appendDurably(text) {
      await append(text);
      nextSync ??= syncing.then(() => {
        nextSync = undefined;
        return syncNow();
      });
      syncing = nextSync;
      await nextSync;
      if (failure !== undefined) throw failure;
    },
    close() {
      closing ??= end();
      return closing;
    },
  };
}

function laterByTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

const blockBytes = 256 * 1024;
const lineFeed = 0x0a;

/**
 * Reads the complete lines of a UTF-8 file, or of a byte range of it, a block at a time; text after the last line feed is left out.
 *
 * @throws {StateError} when the file cannot be read
 */
export async function* readLines(path: string, range?: Span): AsyncGenerator<string[]> {
  if (range !== undefined && range.end <= range.start) return;
  // createReadStream counts its end inclusively
  const bounds = range === undefined ? {} : { start: range.start, end: range.end - 1 };
  let rest: Buffer[] = [];
  try {
    for await (const block of createReadStream(path, {
      ...bounds,
      highWaterMark: blockBytes,
    }) as AsyncIterable<Buffer>) {
      const last = block.lastIndexOf(lineFeed);
      if (last < 0) {
        rest.push(block);
        continue;
      }
      const whole = Buffer.concat([...rest, block.subarray(0, last)]);
      rest = last + 1 < block.length ? [block.subarray(last + 1)] : [];
      yield whole.toString("utf8").split("\n");
    }
  } catch (error) {
    throw stateError(path, error);
  }
}

/** Wraps a failed file operation in the state folder in a {@link StateError} that names the path and what to do. */
export function stateError(path: string, cause: unknown): StateError {
  if (cause instanceof StateError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const hint = (code === undefined ? undefined : hints[code]) ?? "Name another folder with --state-dir.";
  return new StateError(`${path}: ${message ?? String(cause)}`, { cause, hint });
}

const hints: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full: free some space, or name a folder on another disk with --state-dir.",
  EDQUOT: "The disk quota is used up: free some space, or name another folder with --state-dir.",
  EACCES: "Name a folder that you may write to with --state-dir.",
  EPERM: "Name a folder that you may write to with --state-dir.",
  EROFS: "The disk is read-only: name a folder that you may write to with --state-dir.",
  EEXIST: "A file is where the folder should be: name another folder with --state-dir.",
  ENOTDIR: "A file is where the folder should be: name another folder with --state-dir.",
};
