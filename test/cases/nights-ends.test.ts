import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { makeWorkingFolder } from "../../src/state/working-folder.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "../support/catalog.js";
import { openGate } from "../support/gate.js";
import { isLong } from "../support/long.js";
import { runProgram, start } from "../support/program.js";

// How commands end: rows of the list of broken nights that are held nowhere else.

const svc = blueprintOf("svc", { schema: { properties: { lang: { type: "string" } } } });

/** A catalog behind a gate, sources and a mapping of 200 entities, and the program's environment. */
async function world() {
  const emulator = await startCatalog({ blueprints: [svc] });
  const gate = await openGate(emulator);
  const folder = await makeFolder();
  const [source, mapping, stateDir] = [join(folder, "svc.csv"), join(folder, "svc.yaml"), join(folder, "state")];
  await writeFile(source, `id,lang\n${Array.from({ length: 200 }, (_, i) => `s${i},go\n`).join("")}`);
  await writeFile(
    mapping,
    `resources:\n  - { kind: svc, port: { entity: { mappings: { identifier: .id, blueprint: '"svc"', properties: { lang: .lang } } } } }\n`,
  );
  return {
    ...{ emulator, folder, stateDir, given: [source, "-m", mapping, "--state-dir", stateDir] },
    env: { ...envOf(emulator), PORT_API_URL: gate.url },
    /** Lets requests of a path hang; resolves at the first of them. */
    hanging: (path: string): Promise<void> =>
      new Promise((reached) => {
        gate.onRequest = (_method, asked) => {
          if (!asked.includes(path)) return undefined;
          reached();
          return new Promise(() => undefined);
        };
      }),
  };
}

it("nights: a reader that goes after the first line (2>&1 | head -1) decides no import", async () => {
  const { emulator, given, stateDir, env } = await world();
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), "import", ...given], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  await once(child.stderr, "data");
  child.stderr.destroy();
  const [code] = await once(child, "close");
  expect(code).toBe(0);
  expect(emulator.store.count("svc")).toBe(200);
  expect(readdirSync(stateDir).filter((name) => name.endsWith(".lock"))).toEqual([]);
});

describe("nights: Ctrl-C", () => {
  it.each(["apply", "diff"])("on blueprint %s that waits for the API ends it with 4, in one line", async (verb) => {
    const { folder, env, hanging } = await world();
    const file = join(folder, "team.json");
    await writeFile(file, JSON.stringify(blueprintOf("team")));
    const reached = hanging("/blueprints");
    const running = start(["blueprint", verb, file], env);
    await reached;
    running.kill("SIGINT");
    const said = "portload: interrupted; what was under way may or may not have been done\n";
    expect(await running.ended).toMatchObject({ code: 4, stderr: said });
  });

  it("on an apply whose requests hang is acknowledged at once, and a second one ends it", async () => {
    const { folder, given, env, hanging } = await world();
    const plan = join(folder, "tonight.plan");
    expect((await runProgram(["plan", ...given, "--out", plan], env)).code).toBe(0);
    const reached = hanging("/bulk");
    const running = start(["apply", plan, "--state-dir", join(folder, "state")], env);
    await reached;
    running.kill("SIGINT");
    await running.shows("Stopping once the requests in flight are answered; Ctrl-C again stops now.");
    running.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 4 });
  });

  it("on an import says how to continue, since the second one leaves no time to", async () => {
    const { given, stateDir, env, hanging } = await world();
    const reached = hanging("/bulk");
    const running = start(["import", ...given], env);
    await reached;
    running.kill("SIGINT");
    await running.shows(`Ctrl-C again stops now. To resume after that: portload resume --state-dir ${stateDir}`);
    running.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 4 });
  });

  it.runIf(isLong)("on an apply whose requests hang ends it within the grace of 10 s", async () => {
    const { folder, given, env, hanging } = await world();
    const plan = join(folder, "tonight.plan");
    expect((await runProgram(["plan", ...given, "--out", plan], env)).code).toBe(0);
    const reached = hanging("/bulk");
    const running = start(["apply", plan, "--state-dir", join(folder, "state")], env);
    await reached;
    const beganMs = performance.now();
    running.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 4 });
    expect(performance.now() - beganMs).toBeLessThan(13_000);
  });
});

describe("nights: working files of a run that was killed", () => {
  it("are removed by the next run", async () => {
    const { folder, given, env, hanging } = await world();
    const tmp = join(folder, "tmp");
    await mkdir(tmp);
    const reached = hanging("/search");
    const killed = start(["plan", ...given], { ...env, TMPDIR: tmp });
    await reached;
    // A newer Node keeps its compiled code there, too.
    const folders = () => readdirSync(tmp).filter((name) => name.startsWith("portload-"));
    const [left = ""] = folders();
    expect(left).toMatch(/^portload-plan-/);
    expect(statSync(join(tmp, left)).mode & 0o777).toBe(0o700);
    killed.kill("SIGKILL");
    await killed.ended;
    expect(folders()).toEqual([left]);
    void hanging("nowhere");
    expect((await runProgram(["plan", ...given], { ...env, TMPDIR: tmp })).code).toBe(0);
    expect(folders()).toEqual([]);
  });

  it("stay while their process lives, where that cannot be known, and where they are not folders of ours", async () => {
    const tmp = await makeFolder();
    vi.stubEnv("TMPDIR", tmp);
    onTestFinished(() => void vi.unstubAllEnvs());
    const own = basename(await makeWorkingFolder("plan"));
    const others = [
      own.replace(/\.[0-9a-f]{8}-/, ".00000000-"),
      "portload-plan-AbCdEf",
      "portload-plan-notes",
      "portload-test-AbCdEf",
    ];
    for (const name of others) await mkdir(join(tmp, name));
    const dead = own.replace(/-\d+\./, "-999999999.");
    // A later process of the same pid.
    const former = own.replace(/\.\d+\./, ".1.");
    await mkdir(join(tmp, dead));
    await mkdir(join(tmp, former));
    await writeFile(join(tmp, dead.replace("999999999", "999999998")), "a file");
    const old = join(tmp, "portload-undo-AbCdEf");
    await mkdir(old);
    await utimes(old, 1, 1);
    const next = basename(await makeWorkingFolder("undo"));
    expect(readdirSync(tmp).sort()).toEqual([own, next, ...others, dead.replace("999999999", "999999998")].sort());
  });
});
