import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** A shell in which a reader of a page runs one block after another. */
export interface Shell {
  /** Runs a block; gives what was printed and the exit codes of the commands that failed. Waits for what a server that it starts says first. */
  run(text: string): Promise<{ readonly printed: string; readonly failed: readonly number[] }>;
  /** Ends the shell and all that it started. */
  close(): Promise<void>;
}

/** Starts bash in a folder; blocks are kept as files in another. */
export function startShell(cwd: string, scripts: string, env: Readonly<Record<string, string>>): Shell {
  // A process group of its own, so that what runs in the background ends with it.
  const shell = spawn("bash", ["--noprofile", "--norc"], { cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  let printed = "";
  const looks = new Set<() => void>();
  for (const stream of [shell.stdout, shell.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      for (const look of looks) look();
    });
  const closed = new Promise<void>((done) => shell.on("close", () => done()));
  const shows = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((done, fail) => {
      const look = (): void => {
        const found = pattern.exec(printed);
        if (found === null) return;
        looks.delete(look);
        done(found);
      };
      looks.add(look);
      look();
      void closed.then(() => fail(new Error(`the shell ended:\n${printed}`)));
    });
  let blocks = 0;
  return {
    run: async (text) => {
      const [mark, script] = [randomUUID(), join(scripts, `block-${++blocks}.sh`)];
      printed = "";
      writeFileSync(script, text);
      shell.stdin.write(
        `exec 2>&1; failed=; trap 'failed="$failed $?"' ERR; . '${script}' </dev/null; trap - ERR; echo "${mark}:$failed:"\n`,
      );
      const [, failed = ""] = await shows(new RegExp(`${mark}:([\\d ]*):\\n`));
      if (/&\s*$/m.test(text)) await Promise.race([shows(/listening on/), wait(60_000)]);
      const codes = failed.split(" ").filter((code) => code !== "");
      return { printed: printed.replace(`${mark}:${failed}:\n`, ""), failed: codes.map(Number) };
    },
    close: async () => {
      shell.stdin.end();
      if (shell.pid !== undefined) process.kill(-shell.pid, "SIGKILL");
      await closed;
    },
  };
}
