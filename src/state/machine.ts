import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

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
  /** Milliseconds of a clock that nobody sets. */
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

async function space(): Promise<string | undefined> {
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

async function isAlive(pid: number, mark: string | undefined): Promise<boolean> {
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

/** Start time of a process since boot. @source proc_pid_stat(5): the 22nd field, counted after the name in parentheses */
async function markOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
