import { execFile, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { makeFolder, root } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";
import { runProgram } from "../support/program.js";

/** The environment of a program that npx started. */
const npx = { npm_lifecycle_event: "npx", npm_lifecycle_script: "portload" };
const program = join(root, "dist/cli/main.js");

/** A folder that has the program as npm installs it, below one that is a shell's working directory. */
async function installed(): Promise<string> {
  const folder = await makeFolder();
  await mkdir(join(folder, "node_modules/.bin"), { recursive: true });
  await mkdir(join(folder, "data"));
  // npm links the program and makes it executable.
  const run = `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`;
  await writeFile(join(folder, "node_modules/.bin/portload"), run, { mode: 0o755 });
  return join(folder, "data");
}

/** What a shell prints that runs the lines; no portload is in its PATH. */
async function shown(shell: string, lines: readonly string[], cwd: string): Promise<readonly string[]> {
  const env = { PATH: `${join(process.execPath, "..")}:/usr/bin:/bin`, HOME: cwd, TERM: "dumb" };
  const { stdout, stderr } = await promisify(execFile)(shell, ["-c", lines.join("\n")], { cwd, env });
  expect(stderr).toBe("");
  return stdout.trim().split("\n");
}

/** What bash offers after the words, the last of which is being typed; nothing that it says goes to the prompt. */
function offered(script: string, words: readonly string[], cwd: string, before = ""): Promise<readonly string[]> {
  const lines = [
    before,
    script,
    `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}`,
    `$(complete -p ${words[0]} | sed 's/.* -F \\([^ ]*\\) .*/\\1/') ${words[0]}`,
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ];
  return shown("bash", lines, cwd);
}

const scriptFor = async (shell: string): Promise<string> => (await runProgram(["completion", shell])).stdout;
const has = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

describe("portload completion", () => {
  it("prints a script with which bash completes commands, what follows them, and flags", async () => {
    const { code, stdout, stderr } = await runProgram(["completion"], { SHELL: "/bin/bash" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const cwd = await installed();
    for (const typed of [["portload"], ["npx", "portload"], ["npx", "--no", "portload"]]) {
      expect(await offered(stdout, [...typed, "comple"], cwd)).toEqual(["completion"]);
      expect(await offered(stdout, [...typed, "entity", "ov"], cwd)).toEqual(["override"]);
      expect(await offered(stdout, [...typed, "import", "--quota"], cwd)).toEqual(["--quota-share"]);
    }
  });

  it("takes the program of PATH before the folder's, and says nothing where there is none", async () => {
    const script = await scriptFor("bash");
    const own = 'portload() { printf "%s\\n" own "$@"; }';
    expect(await offered(script, ["portload", "sy"], await installed(), own)).toEqual([
      "own",
      "__complete",
      "bash",
      "sy",
    ]);
    expect(await offered(script, ["npx", "portload", "sy"], await makeFolder())).toEqual([""]);
  });

  it("leaves other commands of npx to what completes them, however often it is read", async () => {
    const script = await scriptFor("bash");
    const other = "other() { COMPREPLY=(theirs); }\ncomplete -F other npx";
    const cwd = await installed();
    expect(await offered(`${script}\n${script}`, ["npx", "vi"], cwd, other)).toEqual(["theirs"]);
    expect(await offered(`${script}\n${script}`, ["npx", "portload", "sy"], cwd, other)).toEqual(["sync"]);
    expect(await offered(script, ["npx", "vi"], cwd)).toEqual([""]);
  });

  it("prints one for zsh where that is the shell", async () => {
    const { code, stdout } = await runProgram(["completion"], { SHELL: "/usr/bin/zsh" });
    expect(code).toBe(0);
    expect(stdout).toContain("compdef _portload portload");
  });

  it.skipIf(!has("zsh"))("completes both in zsh", async () => {
    const cwd = await installed();
    const script = await scriptFor("zsh");
    const lines = (words: string) => [
      script,
      "_describe() { print -l $found; }",
      "_files() { print files; }",
      "_default() { print default; }",
      `words=(${words}); CURRENT=$#words; $_comps[$words[1]]`,
    ];
    expect(await shown("zsh", lines("portload sy"), cwd)).toEqual([expect.stringMatching(/^sync:/)]);
    expect(await shown("zsh", lines("npx portload sy"), cwd)).toEqual([expect.stringMatching(/^sync:/)]);
    expect(await shown("zsh", lines("npx vi"), cwd)).toEqual(["default"]);
  });

  it.skipIf(!has("fish"))("completes both in fish", async () => {
    const cwd = await installed();
    const script = await scriptFor("fish");
    const asked = (line: string) => shown("fish", [script, `complete -C ${JSON.stringify(line)}`], cwd);
    expect(await asked("portload sy")).toEqual([expect.stringMatching(/^sync\t/)]);
    expect(await asked("npx portload sy")).toEqual([expect.stringMatching(/^sync\t/)]);
  });

  it("is installed by the line that its help and its header give", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const [, header = ""] = (await scriptFor(shell)).split("\n");
      const { stdout: help } = await runInProcess(["completion", "--help"]);
      expect(help).toContain(`  ${header.replace(/^#\s+/, "")}\n`);
    }
    const cwd = await installed();
    const { stdout } = await runInProcess(["completion", "bash"], npx);
    const [, line = ""] = /^# {3}(.*)$/m.exec(stdout) ?? [];
    expect(line).toContain("npx portload completion bash");
    const ran = [
      `npx() { ../node_modules/.bin/portload "\${@:2}"; }`,
      line,
      "source ~/.bashrc",
      "complete -p portload",
    ];
    expect(await shown("bash", ran, cwd)).toEqual(["complete -o default -F _portload_completions portload"]);
  });
});
