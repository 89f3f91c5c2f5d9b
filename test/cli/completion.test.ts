import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { root } from "../support/catalog.js";
import { runProgram } from "../support/program.js";

const program = join(root, "dist/cli/main.js");

/** What bash offers after the words, the last of which is being typed. */
async function offered(script: string, words: readonly string[]): Promise<readonly string[]> {
  const asked = [
    `portload() { "${process.execPath}" "${program}" "$@"; }`,
    script,
    `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}`,
    "_portload_completions",
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ];
  const { stdout } = await promisify(execFile)("bash", ["-c", asked.join("\n")]);
  return stdout.trim().split("\n");
}

describe("portload completion", () => {
  it("prints a script with which bash completes commands, what follows them, and flags", async () => {
    const { code, stdout, stderr } = await runProgram(["completion"], { SHELL: "/bin/bash" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await offered(stdout, ["portload", "comple"])).toEqual(["completion"]);
    expect(await offered(stdout, ["portload", "entity", "ov"])).toEqual(["override"]);
    expect(await offered(stdout, ["portload", "import", "--quota"])).toEqual(["--quota-share"]);
  });

  it("prints one for zsh where that is the shell", async () => {
    const { code, stdout } = await runProgram(["completion"], { SHELL: "/usr/bin/zsh" });
    expect(code).toBe(0);
    expect(stdout).toContain("#compdef portload");
  });
});
