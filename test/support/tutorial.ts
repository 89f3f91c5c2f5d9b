import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "./catalog.js";

/** Runs a command line of a page in a folder, and gives what it prints, with what differs from run to run replaced. */
export async function runsAside(
  command: string,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const program = `portload() { "${process.execPath}" "${join(root, "dist/cli/main.js")}" "$@"; }`;
  const shell = spawn("sh", ["-c", `exec 2>&1\n${program}\n${command}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
  });
  let text = "";
  shell.stdout.on("data", (block: Buffer) => {
    text += block.toString();
  });
  shell.stdin.end();
  await once(shell, "close");
  return text
    .replaceAll(/\d{8}T\d{9}Z-[0-9a-f]{4}/g, "20261201T040000000Z-a1b2")
    .replaceAll(/(requests +\d+) in .*/g, "$1 in 0.3 s")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:4455")
    .replaceAll(/\d+(?:\.\d+)? (?:ms|s)(?=\b)/g, (time) => (time === "0.3 s" ? time : "0.3 s"));
}
