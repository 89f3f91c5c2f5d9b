import { spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ended } from "./program.js";

/** True where a process may be given a root of its own, which takes Linux and the superuser. */
export const canContain = spawnSync("unshare", ["--mount", "--uts", "--pid", "--fork", "true"]).status === 0;

/** What a container is run from: as much of an image and a pod as concerns a program. */
export interface ContainerOptions {
  /** Folders and files of the image by their path in the container, read-only. */
  readonly image: Readonly<Record<string, string>>;
  /** Folders that outlive the container. */
  readonly volumes: readonly { readonly path: string; readonly folder: string; readonly readOnly?: boolean }[];
  readonly user: number;
  readonly workingDirectory: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly hostname?: string;
  /** Whether there is an empty `/tmp` to write to. */
  readonly hasTmp?: boolean;
}

/** A container that runs. */
export interface Container {
  readonly ended: Promise<Ended>;
  /** Ends it as a runtime does: SIGTERM to its first process, or SIGKILL to all. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

// Everything is mounted in a namespace of the script's own, so that nothing is left when it ends. The command is the first process of its pid namespace.
const script = `
set -e
root=$1 user=$2 hostname=$3 workdir=$4 tmp=$5; shift 5
mount --make-rprivate /
mount -t tmpfs none "$root"
cd "$root"
while [ "$1" != -- ]; do
  if [ -d "$2" ]; then mkdir -p "./$1"; else mkdir -p "./$(dirname "$1")"; touch "./$1"; fi
  mount --bind "$2" "./$1"
  if [ "$3" = ro ]; then mount -o remount,bind,ro "./$1"; fi
  shift 3
done
shift
for folder in bin sbin lib lib64; do
  if [ -L "/$folder" ]; then ln -s "$(readlink "/$folder")" "$folder"; elif [ -d "/$folder" ]; then mkdir "$folder"; mount --rbind "/$folder" "$folder"; fi
done
mkdir -p proc dev usr etc tmp ".$workdir"
mount --rbind /usr usr; mount -o remount,bind,ro usr
mount --rbind /etc etc; mount -o remount,bind,ro etc
mount --rbind /dev dev
mount -t proc none proc
if [ "$tmp" = yes ]; then mount -t tmpfs -o mode=1777 none tmp; fi
mount -o remount,ro "$root"
hostname "$hostname"
exec chroot --userspec="$user:$user" --groups= "$root" /bin/sh -c 'cd "$1"; shift; exec "$@"' sh "$workdir" "$@"
`;

/** Starts a command as the only one in a root of its own, which is read-only except for its volumes, as a user without rights. It shares the loopback with the tests. */
export function startContainer(options: ContainerOptions): Container {
  const root = mkdtempSync(join(tmpdir(), "portload-root-"));
  const { image, volumes, user, workingDirectory, command, env = {}, hostname = "pod-1", hasTmp = false } = options;
  for (const { folder, readOnly } of volumes) {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
    if (readOnly !== true) chownSync(folder, user, user);
  }
  const mounts = [
    ...Object.entries({ ...image, "/node": process.execPath }).flatMap(([path, from]) => [path, from, "ro"]),
    ...volumes.flatMap(({ path, folder, readOnly }) => [path, folder, readOnly === true ? "ro" : "rw"]),
  ];
  const words = command.map((word, at) => (at === 0 && word === "node" ? "/node" : word));
  const child = spawn(
    "unshare",
    [
      ...["--mount", "--uts", "--pid", "--fork", "--kill-child", "bash", "-c", script, "container"],
      ...[root, String(user), hostname, workingDirectory, hasTmp ? "yes" : "no", ...mounts, "--", ...words],
    ],
    {
      env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", HOME: "/", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((done) =>
    child.on("close", (code) => {
      rmSync(root, { recursive: true, force: true });
      done({ code, stdout, stderr });
    }),
  );
  return {
    ended,
    // unshare forks; the first process of the namespace is its only child, and takes all others along. What unshare itself would pass on is lost where the user changes.
    kill: (signal) =>
      void process.kill(Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")), signal),
  };
}
