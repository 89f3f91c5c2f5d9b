import { createHash } from "node:crypto";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GuardError } from "../errors.js";
import type { Machine } from "./machine.js";
import { stateError } from "./state-error.js";

/** Who holds a lock. */
export interface LockHolder {
  readonly importId: string;
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Tells the process from a later one of the same pid; absent where the system gives no such mark. */
  readonly mark?: string;
}

/** A lock that is held. */
export interface Lock {
  readonly path: string;
  /** Gives it up; does nothing when another has it by now. @throws {StateError} */
  release(): Promise<void>;
}

/**
 * Takes the lock that keeps two imports of one mapping and target apart. The lock of a dead process of this host is taken over; one of another host is honoured.
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
  const text = `${JSON.stringify(holder)}\n`;
  try {
    await acquire(path, text, holder, machine);
  } catch (error) {
    throw error instanceof GuardError ? error : stateError(path, error);
  }
  return { path, release: () => release(path, text) };
}

async function acquire(path: string, text: string, holder: LockHolder, machine: Machine): Promise<void> {
  for (;;) {
    if (await createWhole(path, text, holder.importId)) return;
    const held = await readIfThere(path);
    if (held === undefined) continue;
    await refuseIfAlive(path, held, machine);
    if (await takeOver(path, held, text, holder.importId)) return;
  }
}

/** Makes the file with its text inside, never half written; false when it exists. */
async function createWhole(path: string, text: string, importId: string): Promise<boolean> {
  const draft = `${path}.${importId}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // file systems without hard links: there a reader may meet a lock without text, which it honours
    if (code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "ENOSYS")
      return await createPlain(path, text);
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function createPlain(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
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
async function takeOver(path: string, held: string, text: string, importId: string): Promise<boolean> {
  const claim = `${path}.taking`;
  if (!(await createWhole(claim, text, importId)))
    throw new GuardError(`another import is just taking over the lock ${path}`, {
      hint: `Start again; if this stays, remove ${claim}.`,
    });
  try {
    if ((await readIfThere(path)) !== held) return false;
    const draft = `${path}.${importId}`;
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, path);
    return true;
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
