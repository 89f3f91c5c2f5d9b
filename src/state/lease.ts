import { type FileHandle, readFile, readlink, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { GuardError } from "../errors.js";
import { stateError } from "./files.js";

/** What the state folder knows of the machine it is on: passed in, so that tests can put another in its place. */
export interface Machine {
  readonly pid: number;
  readonly host: string;
  /**
   * Where pids mean the same: the boot and the pid namespace that this process is in. Undefined where the system does not say.
   * Two containers may have one host name, and each its own pid 1.
   */
  space(): Promise<string | undefined>;
  /** Whether a process of this machine's space lives, and is the one that `mark` was taken of. */
  isAlive(pid: number, mark: string | undefined): Promise<boolean>;
  /** Separates a process from a later one of the same pid; undefined where the system does not say. */
  markOf(pid: number): Promise<string | undefined>;
  /** Milliseconds of a monotonic clock. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds; keeps the process alive. */
  sleep(ms: number): Promise<void>;
}

/** Gives the machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    pid: process.pid,
    host: hostname(),
    space,
    isAlive,
    markOf,
    monotonicMs: () => performance.now(),
    sleep: (ms) => sleep(ms),
  };
}

/** Who holds a lock. */
export interface LockHolder {
  readonly importId: string;
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Where the pid means something; see {@link Machine.space}. */
  readonly space?: string;
  /** Separates the process from a later one of the same pid. */
  readonly mark?: string;
}

/** A lock that is held, and renewed until it is released. */
export interface Lock {
  readonly path: string;
  /** The holder that this one took it over from, because it was not renewed; absent where that one was known to be dead. */
  readonly tookOver?: LockHolder;
  /** Makes sure that it is still held: call it before what only its holder may do. @throws {GuardError} once another has it */
  check(): Promise<void>;
  /** Gives it up; does nothing when another has it by now. @throws {StateError} */
  release(): Promise<void>;
}

/** The holder writes into its lock so often, in milliseconds. */
export const renewMs = 3000;
/** A lock that nobody has written into for so long has expired, in milliseconds; measured by whoever wants it, so that no two clocks are compared. */
export const lapseMs = 18_000;
/** A lock's file in our hands: the handle writes into it even where another has taken its place. */
export interface HeldLock {
  readonly handle: FileHandle;
  /** Text of the file, except for the count of renewals. */
  readonly holder: LockHolder & { readonly nonce: string };
  readonly tookOver?: LockHolder;
}

/** Renews a lock until it is released or lost. */
export function keepLease(path: string, { handle, holder, tookOver }: HeldLock, machine: Machine): Lock {
  let renewals = 0;
  let renewedAt = times(machine);
  let lost: GuardError | undefined;
  let busy: Promise<void> = Promise.resolve();
  const renew = (): Promise<void> => {
    busy = busy.then(async () => {
      if (lost !== undefined) return;
      const now = times(machine);
      if (!(await isOurs(path, handle))) {
        lost = await lostTo(path, holder);
        return;
      }
      await handle.write(textOf(holder, ++renewals), 0);
      await handle.datasync();
      renewedAt = now;
    });
    return busy;
  };
  // A renewal that fails is repeated; `check` throws what stays.
  const timer = setInterval(() => void renew().catch(() => undefined), renewMs);
  timer.unref();
  return {
    path,
    ...(tookOver && { tookOver }),
    async check() {
      if (lost === undefined && sinceMs(renewedAt, machine) > lapseMs / 2)
        await renew().catch((error: unknown) => {
          busy = Promise.resolve();
          throw stateError(path, error);
        });
      if (lost !== undefined) throw lost;
    },
    async release() {
      clearInterval(timer);
      await busy.catch(() => undefined);
      try {
        if (await isOurs(path, handle)) await unlink(path);
      } catch (error) {
        throw stateError(path, error);
      } finally {
        await handle.close().catch(() => undefined);
      }
    },
  };
}

/** A clock that stops while the machine sleeps, and one that does not. */
function times(machine: Machine): readonly [monotonicMs: number, wallMs: number] {
  return [machine.monotonicMs(), Date.now()];
}

function sinceMs([monotonic, wall]: readonly [number, number], machine: Machine): number {
  return Math.max(machine.monotonicMs() - monotonic, Date.now() - wall);
}

/** Of one length, whatever the count: it is written over itself. */
export function textOf(holder: HeldLock["holder"], renewals: number): string {
  return `${JSON.stringify({ ...holder, renewals: String(renewals).padStart(12, "0") })}\n`;
}

async function lostTo(path: string, { importId }: LockHolder): Promise<GuardError> {
  const other = parseHolder((await readIfThere(path)) ?? "");
  const who = other === undefined ? "another process" : nameOf(other);
  return new GuardError(`import ${importId} no longer holds its lock: ${who} has taken it over, or it was removed`, {
    hint: "This process stood still for too long, or somebody removed the file. Resume it once the other has ended.",
  });
}

/** An import as messages name it. */
export function nameOf({ importId, pid, host, startedAt }: LockHolder): string {
  return `import ${importId} (pid ${pid} on ${host}, started ${startedAt})`;
}

/** Whether the file at a path is the one that a handle is open on. */
export async function isOurs(path: string, handle: FileHandle): Promise<boolean> {
  const [ours, there] = await Promise.all([handle.stat(), stat(path).catch(ifThere)]);
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}

/** Text of a file; undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(ifThere);
}

function ifThere(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

/** The holder that the text of a lock names; undefined for a text that is torn or empty. */
export function parseHolder(text: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<LockHolder> | null;
    return typeof holder?.pid === "number" && typeof holder.host === "string" ? (holder as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}

/** Where pids mean the same: the boot and the pid namespace that this process is in; undefined where the system does not say. */
export async function space(): Promise<string | undefined> {
  try {
    const [boot, namespace] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readlink("/proc/self/ns/pid"),
    ]);
    return `${boot.trim()}/${namespace}`;
  } catch {
    return undefined;
  }
}

/** Whether a process of this space lives, and is the one that `mark` was taken of. */
export async function isAlive(pid: number, mark: string | undefined): Promise<boolean> {
  if (!isRunning(pid)) return false;
  if (mark === undefined) return true;
  const now = await markOf(pid);
  return now === undefined || now === mark;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** What separates a process from a later one of the same pid: its start time since boot. @source proc_pid_stat(5): the 22nd field, counted after the name in parentheses */
export async function markOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
