import { createHash } from "node:crypto";
import { link, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { GuardError } from "../errors.js";
import { stateError } from "./files.js";
import type { Machine } from "./machine.js";

/** Who holds a lock. */
export interface LockHolder {
  readonly importId: string;
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Tells the process from a later one of the same pid; absent where the system gives no such mark. */
  readonly mark?: string;
  /** Number of the lock's own file: a copy of the state folder has another. */
  readonly inode?: number;
}

/** A lock that is held. */
export interface Lock {
  readonly path: string;
  /** Gives it up; does nothing when another has it by now. @throws {StateError} */
  release(): Promise<void>;
}

/**
 * Takes the lock that keeps two imports of one mapping and target apart. The lock of a dead process of this host is taken over; one of another host is
 * honoured, unless it is this very import's and a copy, brought here with the folder.
 *
 * @throws {GuardError} when another import holds it; names that import, its pid and start
 * @throws {StateError} when the file cannot be written
 */
export async function takeLock(
  stateDir: string,
  of: { mapping: string; target: string },
  holder: LockHolder,
  machine: Machine,
): Promise<Lock> {
  const path = join(
    stateDir,
    `${createHash("sha256").update(`${of.mapping}\n${of.target}`).digest("hex").slice(0, 16)}.lock`,
  );
  try {
    const text = await acquire(path, holder, machine);
    return { path, release: () => release(path, text) };
  } catch (error) {
    throw error instanceof GuardError ? error : stateError(path, error);
  }
}

/** Tells who takes a lock: this process, for an import. */
export async function describeHolder(importId: string, startedAt: string, machine: Machine): Promise<LockHolder> {
  const mark = await machine.markOf(machine.pid);
  return { importId, pid: machine.pid, host: machine.host, startedAt, ...(mark === undefined ? {} : { mark }) };
}

/** Gives the text of the lock taken. */
async function acquire(path: string, holder: LockHolder, machine: Machine): Promise<string> {
  for (;;) {
    const made = await createWhole(path, holder);
    if (made !== undefined) return made;
    const held = await readIfThere(path);
    if (held === undefined) continue;
    if (!(await isCopyOfOwn(path, held, holder, machine))) await refuseIfAlive(path, held, machine);
    const taken = await takeOver(path, held, holder);
    if (taken !== undefined) return taken;
  }
}

/** Makes the file with its text inside, never half written, and gives the text; undefined when it exists. */
async function createWhole(path: string, holder: LockHolder): Promise<string | undefined> {
  const draft = `${path}.${holder.importId}`;
  const text = await writeHolder(draft, holder, "w");
  try {
    await link(draft, path);
    return text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return undefined;
    // file systems without hard links: there a reader may meet a lock without text, which it honours
    if (code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "ENOSYS")
      return await createPlain(path, holder);
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function createPlain(path: string, holder: LockHolder): Promise<string | undefined> {
  try {
    return await writeHolder(path, holder, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
}

async function writeHolder(path: string, holder: LockHolder, flag: "w" | "wx"): Promise<string> {
  const handle = await open(path, flag, 0o600);
  try {
    const text = `${JSON.stringify({ ...holder, inode: (await handle.stat()).ino })}\n`;
    await handle.writeFile(text);
    return text;
  } finally {
    await handle.close();
  }
}

/** A lock of this import from another host, in a file that is not the one it was written to. On a file system that two hosts share it is that one. */
async function isCopyOfOwn(path: string, held: string, holder: LockHolder, machine: Machine): Promise<boolean> {
  const other = parseHolder(held);
  if (other?.importId !== holder.importId || other.host === machine.host || other.inode === undefined) return false;
  return (await stat(path)).ino !== other.inode;
}

async function refuseIfAlive(path: string, held: string, machine: Machine): Promise<void> {
  const other = parseHolder(held);
  const remove = `If that import no longer runs, remove ${path} and start again.`;
  if (other === undefined)
    throw new GuardError(`${path}: another import holds this lock, and it does not tell which`, { hint: remove });
  const who = `import ${other.importId} (pid ${other.pid} on ${other.host}, started ${other.startedAt})`;
  if (other.host !== machine.host)
    throw new GuardError(`${who} runs with the same mapping and target, on another host`, { hint: remove });
  if (await machine.isAlive(other.pid, other.mark))
    throw new GuardError(`${who} runs with the same mapping and target`, { hint: "Wait until it ends, or stop it." });
}

/** Replaces a dead import's lock. The claim makes one process at a time judge this very lock, so that no live lock is ever replaced. */
async function takeOver(path: string, held: string, holder: LockHolder): Promise<string | undefined> {
  const claim = `${path}.taking`;
  if ((await createWhole(claim, holder)) === undefined)
    throw new GuardError(`another import is just taking over the lock ${path}`, {
      hint: `Start again; if this stays, remove ${claim}.`,
    });
  try {
    if ((await readIfThere(path)) !== held) return undefined;
    const draft = `${path}.${holder.importId}`;
    const text = await writeHolder(draft, holder, "w");
    await rename(draft, path);
    return text;
  } finally {
    await unlink(claim);
  }
}

async function release(path: string, text: string): Promise<void> {
  try {
    if ((await readIfThere(path)) === text) await unlink(path);
  } catch (error) {
    throw stateError(path, error);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<LockHolder> | null;
    return typeof holder?.pid === "number" && typeof holder.host === "string" ? (holder as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}
