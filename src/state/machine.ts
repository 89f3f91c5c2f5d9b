import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

/** What the state folder knows of the machine it is on: passed in, so that tests can stand in for another. */
export interface Machine {
  readonly pid: number;
  readonly host: string;
  /** Whether a process of this host lives, and is the one that `mark` was taken of. */
  isAlive(pid: number, mark: string | undefined): Promise<boolean>;
  /** Tells a process from a later one of the same pid; undefined where the system does not tell. */
  markOf(pid: number): Promise<string | undefined>;
}

/** Gives the machine that this process runs on. */
export function thisMachine(): Machine {
  return { pid: process.pid, host: hostname(), isAlive, markOf };
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

/** Boot and start time of a process. @source proc_pid_stat(5): the 22nd field, counted after the name in parentheses */
async function markOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
    ]);
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return start === undefined ? undefined : `${boot.trim()}/${start}`;
  } catch {
    return undefined;
  }
}
