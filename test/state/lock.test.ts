import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { GuardError } from "../../src/errors.js";
import { type Lock, type LockHolder, lapseMs, type Machine, thisMachine } from "../../src/state/lease.js";
import { describeHolder, takeLock } from "../../src/state/lock.js";
import { makeFolder } from "./folder.js";

const of = { mapping: "ab12", target: "https://api.port.io/v1" };
const startedAt = "2026-11-22T03:30:12.417Z";

/** A machine whose clock moves only by sleeping; while it sleeps, `meanwhile` is called. Processes with a pid below 100 live. */
function machineOf(
  changes: Partial<Machine> = {},
  meanwhile: (nowMs: number) => Promise<void> = async () => undefined,
) {
  let nowMs = 0;
  const machine: Machine = {
    pid: 10,
    host: "here",
    space: async () => "boot/1",
    isAlive: async (pid) => pid < 100,
    markOf: async () => "mark",
    monotonicMs: () => nowMs,
    async sleep(ms) {
      nowMs += ms;
      await meanwhile(nowMs);
    },
    ...changes,
  };
  return machine;
}

const machine = machineOf();
const held: Lock[] = [];

async function take(folder: string, importId: string, on: Machine = machine, from: Partial<LockHolder> = {}) {
  const lock = await takeLock(folder, of, { ...(await describeHolder(importId, startedAt, on)), ...from }, on);
  held.push(lock);
  return lock;
}

const holderIn = async ({ path }: Lock) => JSON.parse(await readFile(path, "utf8")) as LockHolder;

afterEach(async () => {
  vi.useRealTimers();
  for (const lock of held.splice(0)) await lock.release().catch(() => undefined);
});

/** Runs a process to its end and gives its pid. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

describe("takeLock", () => {
  it("refuses a second import of the same mapping and target at once, and names the first", async () => {
    const folder = await makeFolder();
    await take(folder, "one");
    const second = take(folder, "two");
    await expect(second).rejects.toThrow(GuardError);
    await expect(second).rejects.toThrow(
      "import one (pid 10 on here, started 2026-11-22T03:30:12.417Z) runs with the same mapping and target",
    );
    await expect(second).rejects.toHaveProperty("hint", expect.stringMatching(/or stop it: kill 10$/));
  });

  it("leaves another mapping and another target alone", async () => {
    const folder = await makeFolder();
    const holder = await describeHolder("one", startedAt, machine);
    for (const other of [of, { ...of, mapping: "cd34" }, { ...of, target: "http://127.0.0.1:1/v1" }])
      held.push(await takeLock(folder, other, holder, machine));
    expect(await readdir(folder)).toHaveLength(3);
  });

  it("is free after release, and leaves no file", async () => {
    const folder = await makeFolder();
    const lock = await take(folder, "one");
    expect((await stat(lock.path)).mode & 0o777).toBe(0o600);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    await take(folder, "two");
  });

  it("takes over the lock of a process that has ended, without a wait for its lapse", async () => {
    const folder = await makeFolder();
    const real = thisMachine();
    const old = await take(folder, "dead", real, { pid: await deadPid() });
    const taken = await take(folder, "two", real);
    expect(await holderIn(taken)).toMatchObject({ importId: "two" });
    expect(taken.tookOver).toBeUndefined();
    await old.release();
    expect(await readdir(folder)).toHaveLength(1);
  });

  it("takes over the lock of an earlier process whose pid lives again", async () => {
    const folder = await makeFolder();
    const recycled = machineOf({ isAlive: async (_pid, mark) => mark === "now", markOf: async () => "now" });
    await take(folder, "one", recycled, { mark: "before" });
    expect(await holderIn(await take(folder, "two", recycled))).toMatchObject({ importId: "two", mark: "now" });
    await expect(take(folder, "three", recycled)).rejects.toThrow("import two");
  });

  it("lets one of many take over a dead lock", async () => {
    const folder = await makeFolder();
    const real = thisMachine();
    await take(folder, "dead", real, { pid: await deadPid() });
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => take(folder, `taker-${i}`, real)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) if (result.status === "rejected") expect(result.reason).toBeInstanceOf(GuardError);
    expect(await readdir(folder)).toHaveLength(1);
  });
});

describe("a lease", () => {
  const elsewhere: readonly [string, Partial<LockHolder>][] = [
    ["a killed pod of another host name", { host: "there", pid: 200 }],
    ["another pid namespace with this host's name, where the pid would live here", { space: "boot/2", pid: 10 }],
    ["a process before the last boot", { space: "boot-before/1", pid: 200 }],
    ["a portload that wrote no space", { space: "", pid: 10 }],
  ];

  it.each(elsewhere)("of %s is taken over once it lapses, and that is said", async (_, holder) => {
    const folder = await makeFolder();
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const dead = await take(folder, "far", machine, holder);
    const waits = machineOf();
    const taken = await take(folder, "two", waits);
    expect(await holderIn(taken)).toMatchObject({ importId: "two" });
    expect(taken.tookOver).toMatchObject({ importId: "far" });
    expect(waits.monotonicMs()).toBeGreaterThanOrEqual(lapseMs);
    await expect(dead.check().then(() => dead.release())).resolves.toBeUndefined();
    expect(await readdir(folder)).toHaveLength(1);
  });

  it.each(elsewhere)("of %s is honoured while it is renewed", async (_, holder) => {
    const folder = await makeFolder();
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const first = await take(folder, "far", machine, holder);
    const before = await readFile(first.path, "utf8");
    const renewing = machineOf({}, async (nowMs) => {
      if (nowMs < 5000) return;
      vi.advanceTimersByTime(3000);
      await vi.waitUntil(async () => (await readFile(first.path, "utf8")) !== before);
    });
    await expect(take(folder, "two", renewing)).rejects.toThrow("import far");
    expect(await holderIn(first)).toMatchObject({ importId: "far" });
  });

  it.each([
    ["empty", ""],
    ["torn", '{"importId":"one","pid":1'],
    ["of zeros", "\0".repeat(300)],
    ["no holder", "{}"],
  ])("whose file is %s heals", async (_, text) => {
    const folder = await makeFolder();
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const lock = await take(folder, "one");
    await writeFile(lock.path, text);
    expect(await holderIn(await take(folder, "two", machineOf()))).toMatchObject({ importId: "two" });
  });

  it("is not hindered by what earlier versions or killed takers left", async () => {
    const folder = await makeFolder();
    const lock = await take(folder, "one");
    await writeFile(`${lock.path}.taking`, "{}");
    await writeFile(`${lock.path}.draft`, "{}");
    await lock.release();
    await take(folder, "two");
  });

  it("is lost by a holder that stood still: whatever it does next is refused", async () => {
    const folder = await makeFolder();
    let nowMs = 0;
    const still = machineOf({ monotonicMs: () => nowMs });
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const first = await take(folder, "one", still, { host: "there" });
    await first.check();
    await take(folder, "two", machineOf());
    nowMs = lapseMs;
    await expect(first.check()).rejects.toThrow(/import one no longer holds its lock: import two .* has taken it over/);
    await first.release();
    expect(await readdir(folder)).toHaveLength(1);
  });

  it("is lost where somebody removes the file", async () => {
    const folder = await makeFolder();
    let nowMs = 0;
    const lock = await take(folder, "one", machineOf({ monotonicMs: () => nowMs }));
    await unlink(lock.path);
    nowMs = lapseMs;
    await expect(lock.check()).rejects.toThrow(GuardError);
  });

  it("keeps its text whole while it is renewed", async () => {
    const folder = await makeFolder();
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const lock = await take(folder, "one");
    const before = await readFile(lock.path, "utf8");
    vi.advanceTimersByTime(9000);
    await vi.waitUntil(async () => (await readFile(lock.path, "utf8")).includes('"renewals":"000000000003"'));
    const after = await readFile(lock.path, "utf8");
    expect([after.length, after.replace(/"renewals":"\d+"/, "")]).toEqual([
      before.length,
      before.replace(/"renewals":"\d+"/, ""),
    ]);
  });

  it("is on the disk before anything else: its text is written before it has its name", async () => {
    const folder = await makeFolder();
    const lock = await take(folder, "one");
    expect((await stat(lock.path)).size).toBeGreaterThan(100);
    await truncate(join(lock.path), 0);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("thisMachine", () => {
  it("knows that this process lives and that an ended one does not", async () => {
    const { pid, isAlive, markOf } = thisMachine();
    expect(await isAlive(pid, await markOf(pid))).toBe(true);
    expect(await isAlive(pid, undefined)).toBe(true);
    expect(await isAlive(await deadPid(), undefined)).toBe(false);
  });

  it.skipIf(process.platform !== "linux")("knows a later process of the same pid (Linux alone says)", async () => {
    const { pid, isAlive, space } = thisMachine();
    expect(await isAlive(pid, "1")).toBe(false);
    expect(await space()).toMatch(/^[0-9a-f-]{36}\/pid:\[\d+\]$/);
  });
});
