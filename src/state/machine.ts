import { readFile, readlink } from "node:fs/promises";

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
