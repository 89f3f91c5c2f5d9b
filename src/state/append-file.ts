import { type FileHandle, open } from "node:fs/promises";
import { stateError } from "./state-error.js";

/** A file that only grows. Lines of concurrent callers keep their order and share writes. */
export interface AppendFile {
  /** Resolves when the text is handed to the operating system. After one failure every later call fails with it. @throws {StateError} */
  append(text: string): Promise<void>;
  /** Writes what waits, syncs, closes. Further calls do nothing. @throws {StateError} when any write or sync failed */
  close(): Promise<void>;
}

/** How an {@link AppendFile} reaches the disk. */
export interface AppendOptions {
  /** Least milliseconds between two syncs, and the longest that written text waits for one. Never synced without it. */
  readonly syncEveryMs?: number;
  /** Makes what is written last a power cut. Default fdatasync. */
  readonly sync?: (handle: FileHandle) => Promise<void>;
  /** Runs a function later; gives the function that takes it back. Default a timer that keeps no process alive. */
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

  return {
    append(text) {
      waiting.push(text);
      if (next === undefined) {
        next = tail.then(write);
        tail = next.catch(() => undefined);
      }
      return next;
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
