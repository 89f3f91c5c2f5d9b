import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, link, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { GuardError } from "../errors.js";
import { stateError } from "./files.js";
import {
  type HeldLock,
  isOurs,
  keepLease,
  type Lock,
  type LockHolder,
  lapseMs,
  type Machine,
  nameOf,
  parseHolder,
  readIfThere,
  renewMs,
  textOf,
  thisMachine,
} from "./lease.js";

/** Between two looks at a lock that may have expired. */
const lookMs = 1000;
/** Whoever takes over an expired lock waits so long before continuing: a holder that was only paused notices by then. */
const settleMs = 2 * renewMs;
/** The same where the holder is dead: for others that take it over at the same moment. */
const settleDeadMs = 50;

/**
 * Takes the lock that keeps two imports of one mapping and target apart. It is a lease: its holder renews it, and whoever else wants it takes it over when the
 * holder is dead or no longer renews it, whatever host, container or pid namespace it was in, and whatever is left of the file.
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
  const name = createHash("sha256").update(`${of.mapping}\n${of.target}`).digest("hex").slice(0, 16);
  const path = join(stateDir, `${name}.lock`);
  try {
    for (;;) {
      const held = (await create(path, holder)) ?? (await takeOver(path, holder, machine));
      if (held !== undefined) return keepLease(path, held, machine);
    }
  } catch (error) {
    throw error instanceof GuardError ? error : stateError(path, error);
  }
}

/** Describes who takes a lock: this process, for an import. */
export async function describeHolder(importId: string, startedAt: string, machine: Machine): Promise<LockHolder> {
  const { pid, host } = machine;
  const [mark, space] = await Promise.all([machine.markOf(pid), machine.space()]);
  return { importId, pid, host, startedAt, ...(space && { space }), ...(mark && { mark }) };
}

/** Refuses while an import of this mapping and target runs. @throws {GuardError} */
export async function refuseHeld(
  stateDir: string,
  of: { mapping: string; target: string },
  machine: Machine = thisMachine(),
): Promise<void> {
  const holder = await describeHolder("none", new Date().toISOString(), machine);
  await (await takeLock(stateDir, of, holder, machine)).release();
}

/** Makes the file with its text inside, never half written; undefined when it exists. */
async function create(path: string, of: LockHolder): Promise<HeldLock | undefined> {
  const holder = { ...of, nonce: randomUUID() };
  const draft = `${path}.${holder.nonce}`;
  const handle = await write(draft, holder, "wx+");
  try {
    await link(draft, path);
    return { handle, holder };
  } catch (error) {
    await handle.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return undefined;
    // A file system without hard links: there a reader may meet a lock without text, and waits for what becomes of it.
    if (code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "ENOSYS")
      return await createPlain(path, holder);
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function createPlain(path: string, holder: HeldLock["holder"]): Promise<HeldLock | undefined> {
  try {
    return { handle: await write(path, holder, "wx+"), holder };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
}

async function write(path: string, holder: HeldLock["holder"], flag: "w+" | "wx+"): Promise<FileHandle> {
  const handle = await open(path, flag, 0o600);
  try {
    await handle.write(textOf(holder, 0), 0);
    await handle.datasync();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Takes over a lock whose holder is dead or no longer renews it; undefined when it is gone or another was faster. @throws {GuardError} when it is renewed */
async function takeOver(path: string, of: LockHolder, machine: Machine): Promise<HeldLock | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const other = parseHolder(text);
  const isDead = other !== undefined && (await isKnownDead(other, machine));
  if (!isDead) {
    const last = await lastText(path, text, other, machine);
    if (last === undefined) return undefined;
  }
  if ((await readIfThere(path)) !== text) return undefined;
  const holder = { ...of, nonce: randomUUID() };
  const draft = `${path}.${holder.nonce}`;
  const handle = await write(draft, holder, "wx+");
  await rename(draft, path);
  // Of several that do this at once the last one has it.
  await machine.sleep(isDead ? settleDeadMs : settleMs);
  if (await isOurs(path, handle)) return { handle, holder, ...(!isDead && other && { tookOver: other }) };
  await handle.close();
  return undefined;
}

/** True for a process that has ended, where its pid means something here. @throws {GuardError} for one that certainly lives */
async function isKnownDead(other: LockHolder, machine: Machine): Promise<boolean> {
  const space = await machine.space();
  const isHere = other.host === machine.host && other.space === space;
  if (!isHere) return false;
  if (!(await machine.isAlive(other.pid, other.mark))) return true;
  if (other.mark !== undefined && space !== undefined) throw busy(other, machine);
  return false;
}

/** Looks at a lock until it would have been renewed; undefined when it is gone. @throws {GuardError} when it is renewed */
async function lastText(
  path: string,
  text: string,
  other: LockHolder | undefined,
  machine: Machine,
): Promise<string | undefined> {
  const startMs = machine.monotonicMs();
  while (machine.monotonicMs() - startMs < lapseMs) {
    await machine.sleep(lookMs);
    const now = await readIfThere(path);
    if (now === undefined) return undefined;
    if (now !== text) throw busy(parseHolder(now) ?? other, machine);
  }
  return text;
}

function busy(other: LockHolder | undefined, { host }: Machine): GuardError {
  const stop = other === undefined ? "" : `: kill ${other.pid}${other.host === host ? "" : ` on ${other.host}`}`;
  const hint = `Its lock expires within ${lapseMs / 1000} s of its end. Wait until it ends, or stop it${stop}`;
  if (other === undefined) return new GuardError("another import takes the lock of this mapping and target", { hint });
  return new GuardError(`${nameOf(other)} runs with the same mapping and target`, { hint });
}
