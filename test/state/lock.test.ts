import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { GuardError } from "../../src/errors.js";
import { type LockHolder, takeLock } from "../../src/state/lock.js";
import { type Machine, thisMachine } from "../../src/state/machine.js";
import { makeFolder } from "./folder.js";

const of = { mapping: "ab12", target: "https://api.port.io/v1" };
const machine: Machine = { pid: 10, host: "here", isAlive: async (pid) => pid === 10, markOf: async () => undefined };

function holder(importId: string, changes: Partial<LockHolder> = {}): LockHolder {
  return { importId, pid: 10, host: "here", startedAt: "2026-11-22T03:30:12.417Z", ...changes };
}

/** Runs a process to its end and gives its pid. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

describe("takeLock", () => {
  it("refuses a second import of the same mapping and target, and names the first", async () => {
    const folder = await makeFolder();
    await takeLock(folder, of, holder("one"), machine);
    const second = takeLock(folder, of, holder("two"), machine);
    await expect(second).rejects.toThrow(GuardError);
    await expect(second).rejects.toThrow(
      "import one (pid 10 on here, started 2026-11-22T03:30:12.417Z) runs with the same mapping and target",
    );
  });

  it("leaves another mapping and another target alone", async () => {
    const folder = await makeFolder();
    await takeLock(folder, of, holder("one"), machine);
    await takeLock(folder, { ...of, mapping: "cd34" }, holder("two"), machine);
    await takeLock(folder, { ...of, target: "http://127.0.0.1:1/v1" }, holder("three"), machine);
    expect(await readdir(folder)).toHaveLength(3);
  });

  it("is free after release, and leaves no file", async () => {
    const folder = await makeFolder();
    const lock = await takeLock(folder, of, holder("one"), machine);
    expect((await stat(lock.path)).mode & 0o777).toBe(0o600);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    await takeLock(folder, of, holder("two"), machine);
  });

  it("takes over the lock of a process that has ended", async () => {
    const folder = await makeFolder();
    const real = thisMachine();
    const dead = holder("dead", { pid: await deadPid(), host: real.host });
    const old = await takeLock(folder, of, dead, real);
    const taken = await takeLock(folder, of, holder("two", { pid: real.pid, host: real.host }), real);
    expect(JSON.parse(await readFile(taken.path, "utf8"))).toMatchObject({ importId: "two" });
    await old.release();
    expect(await readdir(folder)).toHaveLength(1);
  });

  it("takes over the lock of an earlier process whose pid lives again", async () => {
    const folder = await makeFolder();
    const recycled: Machine = { ...machine, isAlive: async (_pid, mark) => mark === "now" };
    await takeLock(folder, of, holder("one", { mark: "before" }), recycled);
    const taken = await takeLock(folder, of, holder("two", { mark: "now" }), recycled);
    expect(JSON.parse(await readFile(taken.path, "utf8"))).toMatchObject(holder("two", { mark: "now" }));
    await expect(takeLock(folder, of, holder("three"), recycled)).rejects.toThrow("import two");
  });

  it("lets one of many take over a dead lock", async () => {
    const folder = await makeFolder();
    await takeLock(folder, of, holder("dead", { pid: 11 }), machine);
    const takers = Array.from({ length: 20 }, (_, i) => takeLock(folder, of, holder(`taker-${i}`), machine));
    const results = await Promise.allSettled(takers);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) if (result.status === "rejected") expect(result.reason).toBeInstanceOf(GuardError);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it("honours a lock from another host, and says how to remove it", async () => {
    const folder = await makeFolder();
    const lock = await takeLock(folder, of, holder("far", { pid: 11, host: "there" }), machine);
    await expect(takeLock(folder, of, holder("two"), machine)).rejects.toMatchObject({
      message:
        "import far (pid 11 on there, started 2026-11-22T03:30:12.417Z) runs with the same mapping and target, on another host",
      hint: `If that import no longer runs, remove ${lock.path} and start again.`,
    });
  });

  it("honours a lock that cannot be read", async () => {
    const folder = await makeFolder();
    const lock = await takeLock(folder, of, holder("one"), machine);
    await writeFile(lock.path, "");
    await expect(takeLock(folder, of, holder("two"), machine)).rejects.toThrow(GuardError);
  });
});

describe("thisMachine", () => {
  it("knows that this process lives and that an ended one does not", async () => {
    const { pid, isAlive, markOf } = thisMachine();
    expect(await isAlive(pid, await markOf(pid))).toBe(true);
    expect(await isAlive(pid, undefined)).toBe(true);
    expect(await isAlive(await deadPid(), undefined)).toBe(false);
  });

  it.skipIf(process.platform !== "linux")("knows a later process of the same pid (Linux alone tells)", async () => {
    const { pid, isAlive } = thisMachine();
    expect(await isAlive(pid, "another-boot/1")).toBe(false);
  });
});

describe("a lock that came with a copied folder", () => {
  it("is taken over by its own import, but honoured in its own file and for other imports", async () => {
    const [folder, copied] = [await makeFolder(), await makeFolder()];
    const there: Machine = { ...machine, host: "there" };
    const lock = await takeLock(folder, of, holder("one", { host: "there" }), there);
    // On a file system that both hosts see it is the same file.
    await expect(takeLock(folder, of, holder("one"), machine)).rejects.toThrow("on another host");
    await copyFile(lock.path, join(copied, basename(lock.path)));
    await expect(takeLock(copied, of, holder("two"), machine)).rejects.toThrow("on another host");
    const taken = await takeLock(copied, of, holder("one"), machine);
    expect(JSON.parse(await readFile(taken.path, "utf8"))).toMatchObject({ host: "here", importId: "one" });
  });
});
