import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** What the steps of a Dockerfile leave, without the base image: this machine's programs replace it. */
export interface Image {
  /** Folder of its files. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: number;
  readonly workingDirectory: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly volumes: readonly string[];
  /** Base image by stage, in order. */
  readonly bases: readonly string[];
}

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

function instructionsOf(path: string): readonly Instruction[] {
  const text = readFileSync(path, "utf8")
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, " ");
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ name: line.split(" ")[0] ?? "", rest: line.slice(line.indexOf(" ") + 1).trim() }));
}

// A step sees the stage's files as its root and this machine's programs, and may write as an image's build may.
const runScript = `
set -e
root=$1 workdir=$2 step=$3
mount --make-rprivate /
cd "$root"
for folder in bin sbin lib lib64; do
  if [ -L "/$folder" ]; then ln -sfn "$(readlink "/$folder")" "$folder"; elif [ -d "/$folder" ]; then mkdir -p "$folder"; mount --rbind "/$folder" "$folder"; fi
done
for folder in usr etc dev; do mkdir -p "$folder"; mount --rbind "/$folder" "$folder"; done
mkdir -p proc tmp root; mount --rbind /proc proc
if [ -f "$HOME/.npmrc" ]; then touch root/.npmrc; mount --bind "$HOME/.npmrc" root/.npmrc; fi
exec chroot "$root" /bin/sh -c "cd '$workdir' && export HOME=/root && $step"
`;

/** Does the steps of a Dockerfile in a folder, `RUN` too, and fails as a build does. */
export async function buildImage(context: string, folder: string): Promise<Image> {
  const ignored = existsSync(join(context, ".dockerignore"))
    ? readFileSync(join(context, ".dockerignore"), "utf8")
        .split("\n")
        .filter((line) => /^[^#\s]/.test(line))
    : [];
  const stages = new Map<string, string>();
  const bases: string[] = [];
  let at = "";
  let image = { env: {} as Record<string, string>, user: 0, workingDirectory: "/" };
  let [entrypoint, command, volumes]: (readonly string[])[] = [[], [], []];
  for (const { name, rest } of instructionsOf(join(context, "Dockerfile"))) {
    const words = rest.split(/\s+/);
    if (name === "FROM") {
      const [base = "", , stage = String(stages.size)] = words;
      bases.push(base);
      at = join(folder, stage);
      mkdirSync(at, { recursive: true });
      stages.set(stage, at);
      image = { env: {}, user: 0, workingDirectory: "/" };
      [entrypoint, command, volumes] = [[], [], []];
    } else if (name === "WORKDIR") {
      image.workingDirectory = rest;
      mkdirSync(join(at, rest), { recursive: true });
    } else if (name === "ENV") {
      for (const pair of words) image.env[pair.split("=")[0] ?? ""] = pair.slice(pair.indexOf("=") + 1);
    } else if (name === "USER") image.user = Number(rest.split(":")[0]);
    else if (name === "VOLUME") volumes = words;
    else if (name === "ENTRYPOINT") entrypoint = JSON.parse(rest) as string[];
    else if (name === "CMD") command = JSON.parse(rest) as string[];
    else if (name === "COPY") copy(words);
    else if (name === "RUN")
      await exec("unshare", ["--mount", "bash", "-c", runScript, "run", at, image.workingDirectory, rest], {
        maxBuffer: 2 ** 26,
      });
    else throw new Error(`the tests cannot do ${name}`);
  }
  return { ...image, folder: at, entrypoint, command: command ?? [], volumes: volumes ?? [], bases } as Image;

  function copy(words: readonly string[]): void {
    const [, stage] = /^--from=(.+)$/.exec(words[0] ?? "") ?? [];
    const from = stage === undefined ? context : (stages.get(stage) ?? "");
    const names = stage === undefined ? words : words.slice(1);
    const target = join(at, image.workingDirectory.repeat(names.at(-1)?.startsWith("/") ? 0 : 1), names.at(-1) ?? "");
    const isFolder = names.at(-1)?.endsWith("/") || names.length > 2;
    for (const name of names.slice(0, -1)) {
      const source = join(from, name);
      const filter = (path: string): boolean =>
        stage !== undefined || !ignored.some((each) => path === join(context, each));
      // As docker does: the content of a folder, a file under its name.
      cpSync(source, statSync(source).isDirectory() || !isFolder ? target : join(target, basename(source)), {
        recursive: true,
        verbatimSymlinks: true,
        filter,
      });
    }
  }
}
