import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { root } from "./catalog.js";

const run = promisify(execFile);

let packed: Promise<string> | undefined;

/** The file that `npm pack` makes of what is built; made once a process. */
export function packProject(): Promise<string> {
  packed ??= pack();
  return packed;
}

async function pack(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "portload-pack-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], { cwd: root });
  return join(folder, readdirSync(folder)[0] ?? "");
}

/** Installs the packed file into an empty folder as a user does; gives what npm said. */
export async function installPackage(folder: string): Promise<string> {
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const args = ["install", "--no-audit", "--no-fund", "--loglevel", "warn", await packProject()];
  const { stdout, stderr } = await run("npm", args, { cwd: folder });
  return stdout + stderr;
}

/** Copies what a clone of this tree would have, uncommitted changes included, into an empty folder. */
export async function cloneProject(folder: string): Promise<void> {
  const { stdout } = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  const gone = new Set((await run("git", ["ls-files", "-z", "--deleted"], { cwd: root })).stdout.split("\0"));
  for (const name of stdout.split("\0").filter((each) => each !== "" && !gone.has(each))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(root, name), join(folder, name));
  }
}
