import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { envOf, makeFolder, root, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";
import { runProgram } from "../support/program.js";

const services = join(root, "samples/services.csv");
const mapping = join(root, "mappings/services.yaml");
const tests = join(root, "mappings/teams.test.yaml");

/** Runs the built program with stdout or stderr on a full disk. */
async function onFullDisk(args: readonly string[], full: "stdout" | "stderr", env = {}) {
  const disk = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", full === "stdout" ? disk : "pipe", full === "stderr" ? disk : "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const [code] = await once(child, "close");
  return { code, said };
}

describe("a file that an answer is to be written to", () => {
  it("is seen to before any work", async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, "afile"), "");
    const emulator = await startCatalog();
    const inFile = join(folder, "afile/x");
    for (const [args, flag] of [
      [["import", services, "-m", mapping, "--report", `${inFile}.json`], "--report"],
      [["plan", services, "-m", mapping, "--out", inFile], "--out"],
      [["test", tests, "--junit", `${inFile}.xml`], "--junit"],
      [["init", services, "--blueprints-out", inFile], "--blueprints-out"],
      [["entity", "export", "service", "--out", `${inFile}.csv`], "--out"],
      [["entity", "export", "service", "--mapping-out", `${inFile}.yaml`], "--mapping-out"],
    ] as const) {
      const { code, stdout, stderr } = await runInProcess(args, envOf(emulator));
      expect({ code, stdout }, args.join(" ")).toEqual({ code: 3, stdout: "" });
      expect(stderr).toContain(`portload: ${join(folder, "afile")}`);
      expect(stderr).toContain(" cannot be written: ");
      expect(stderr).toContain(`Name another with ${flag}.`);
    }
    expect(Object.values(emulator.stats().families).every(({ accepted }) => accepted === 0)).toBe(true);
  });

  it("gets its folder", async () => {
    const junit = join(await makeFolder(), "results/tests/x.xml");
    const { code } = await runInProcess(["test", tests, "--junit", junit]);
    expect([code, existsSync(junit)]).toEqual([0, true]);
  });

  it("appears whole or not at all: a failed export leaves what was there", async () => {
    const folder = await makeFolder();
    const out = join(folder, "keep.csv");
    await writeFile(out, "mine\n");
    const emulator = await startCatalog();
    const { code } = await runInProcess(["entity", "export", "nosuch", "--out", out], envOf(emulator));
    expect([code, await readFile(out, "utf8"), readdirSync(folder)]).toEqual([3, "mine\n", ["keep.csv"]]);
    await runInProcess(["entity", "export", "nosuch", "--out", out]);
    expect(await readFile(out, "utf8")).toBe("mine\n");
    const done = await runInProcess(["entity", "export", "service", "--out", out], envOf(emulator));
    expect(done.code).toBe(0);
    expect(await readFile(out, "utf8")).toMatch(/^identifier,/);
    expect(readdirSync(folder)).toEqual(["keep.csv"]);
  });
});

describe("what the machine refuses", () => {
  it("is exit code 3 and no internal error", async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, "bp"));
    // Below a file no folder can be made, not even by Node itself for its compile cache.
    await writeFile(join(folder, "file"), "");
    const { code, stderr } = await runProgram(["plan", services, "-m", mapping], {
      TMPDIR: join(folder, "file/tmp"),
      PORT_CLIENT_ID: "a",
      PORT_CLIENT_SECRET: "b",
    });
    expect(code).toBe(3);
    expect(stderr).toContain("Set TMPDIR to a folder that can be written.");
  });

  it("a full disk behind stdout is exit code 3 where the answer was the result", async () => {
    const { code, said } = await onFullDisk(["preview", services, "-m", mapping], "stdout");
    expect(code).toBe(3);
    expect(said).toContain("portload: stdout cannot be written: ");
    expect(said).not.toContain("    at ");
  });

  it("a full disk behind stderr decides no import", async () => {
    const emulator = await startCatalog();
    const state = join(await makeFolder(), "state");
    const args = ["import", join(root, "samples/teams.json"), "-m", join(root, "mappings/organisation.yaml")];
    const env = { ...envOf(emulator), PORTLOAD_STATE: state };
    expect((await onFullDisk(args, "stderr", env)).code).toBe(0);
    expect(emulator.store.count("team")).toBe(20);
    expect((await onFullDisk([...args, "--output", "json"], "stdout", env)).code).toBe(0);
  });
});

describe("what steers a terminal", () => {
  it("is made visible in messages, and escaped in JSON", async () => {
    const folder = await makeFolder();
    const file = join(folder, "x.ndjson");
    const map = join(folder, "x.yaml");
    await writeFile(file, `${JSON.stringify({ id: "a\u009b31m\u202eb" })}\n`);
    await writeFile(
      map,
      `resources: [ { kind: x, port: { entity: { mappings: { identifier: .id, blueprint: '"svc"' } } } } ]\n`,
    );
    const { stdout } = await runInProcess(["preview", file, "-m", map]);
    expect(stdout).not.toMatch(/[\u009b\u202e]/);
    expect(JSON.parse(stdout)).toMatchObject({ identifier: "a\u009b31m\u202eb" });
    const { stderr } = await runInProcess(["import", "no\u001b]0;x\u0007such.csv", "-m", map], {
      PORT_CLIENT_ID: "a",
      PORT_CLIENT_SECRET: "b",
    });
    expect(stderr).not.toMatch(/[^\P{Cc}\n]/u);
    expect(stderr).toContain("no\\u001b]0;x\\u0007such.csv");
  });
});
