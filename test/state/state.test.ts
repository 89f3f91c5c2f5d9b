import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GuardError, StateError } from "../../src/errors.js";
import { importIdPattern, makeImportId } from "../../src/state/folders.js";
import { readJournal } from "../../src/state/journal.js";
import { thisMachine } from "../../src/state/lease.js";
import { fingerprintText, openState, type State, type StateOptions, withoutSecrets } from "../../src/state/state.js";
import { collect, entity } from "../support/entities.js";
import { makeFolder } from "./folder.js";

const nowMs = Date.UTC(2026, 10, 22, 3, 30, 12, 417);

async function open(stateDir: string, changes: Partial<StateOptions> & { mapping?: string } = {}): Promise<State> {
  const { mapping = "ab12", ...rest } = changes;
  return await openState({
    stateDir,
    header: {
      command: "import",
      options: { mode: "merge" },
      fingerprints: { mapping, target: "https://api.port.io/v1", sources: [{ name: "services.csv", kind: "service" }] },
    },
    keep: 30,
    nowMs: () => nowMs,
    random: () => 0x7f3a / 0x10000,
    ...rest,
  });
}

it.skipIf(process.platform !== "linux")("is refused at once below /proc", async () => {
  await expect(open("/proc/portload/state")).rejects.toThrow(StateError);
});

describe("openState", () => {
  it("makes a folder with its header inside, for its owner alone", async () => {
    const stateDir = join(await makeFolder(), "state");
    const state = await open(stateDir);
    expect(state.importId).toBe("20261122T033012417Z-7f3a");
    expect(state.folder).toBe(join(stateDir, state.importId));
    expect(await collect(readJournal(join(state.folder, "journal.ndjson")))).toEqual([
      {
        line: "import",
        format: 1,
        importId: state.importId,
        command: "import",
        startedAt: "2026-11-22T03:30:12.417Z",
        options: { mode: "merge" },
        fingerprints: {
          mapping: "ab12",
          target: "https://api.port.io/v1",
          sources: [{ name: "services.csv", kind: "service" }],
        },
      },
    ]);
    const modes = await Promise.all(
      [stateDir, state.folder, join(state.folder, "spool"), join(state.folder, "journal.ndjson")].map((path) =>
        stat(path),
      ),
    );
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o700, 0o700, 0o700, 0o600]);
    await state.close();
  });

  it("leaves journal, reasons and report when it closes; spool and lock are gone", async () => {
    const stateDir = await makeFolder();
    const state = await open(stateDir);
    await state.spool(1).append(0, [entity("a")]);
    await state.deferred(0).append(0, [{ is: "deferred", entity: entity("b"), first: "created", waiting: ["owner"] }]);
    await state.rejects.add([{ code: "bad_json", stage: "read", at: { source: 0, position: 1 }, message: "no JSON" }]);
    expect(await collect(state.spool(1).drain(0))).toEqual([[entity("a")]]);
    expect(await collect(state.deferred(0).drain(0))).toEqual([
      [{ is: "deferred", entity: entity("b"), first: "created", waiting: ["owner"] }],
    ]);
    await state.writeReport("{}\n");
    await state.close();
    expect(await readdir(stateDir)).toEqual([state.importId]);
    expect((await readdir(state.folder)).sort()).toEqual(["journal.ndjson", "reasons.ndjson", "report.json"]);
    expect((await stat(join(state.folder, "report.json"))).mode & 0o777).toBe(0o600);
  });

  it("refuses a second import of the same mapping and target while the first one lives", async () => {
    const stateDir = await makeFolder();
    const first = await open(stateDir);
    const second = open(stateDir, { nowMs: () => nowMs + 1 });
    await expect(second).rejects.toThrow(GuardError);
    await expect(second).rejects.toThrow(`import ${first.importId} (pid ${process.pid} on ${thisMachine().host}`);
    await first.close();
    const third = await open(stateDir, { nowMs: () => nowMs + 2 });
    await third.close();
    expect((await readdir(stateDir)).sort()).toEqual([first.importId, third.importId]);
  });

  it("writes no secret of an address into the header", async () => {
    const state = await open(await makeFolder(), {
      header: {
        command: "import",
        options: { sources: ["service=https://me:pw@host/a.csv?sig=x"], pace: "redis://:pw@host:6379" },
        fingerprints: {
          mapping: "ab12",
          target: "https://me:pw@host/v1",
          sources: [{ name: "https://me:pw@host/a.csv?sig=x#y" }],
        },
      },
    });
    const text = await readFile(join(state.folder, "journal.ndjson"), "utf8");
    expect(text).not.toMatch(/pw|sig/);
    expect(state.header.options).toEqual({ sources: ["service=https://host/a.csv"], pace: "redis://host:6379" });
    expect(state.header.fingerprints.sources).toEqual([{ name: "https://host/a.csv" }]);
    await state.close();
  });

  it("keeps N finished imports with this one, and whatever is unfinished or not ours", async () => {
    const stateDir = await makeFolder();
    const id = (day: number) => `2026110${day}T000000000Z-0000`;
    for (const day of [1, 2, 3, 4, 5]) await mkdir(join(stateDir, id(day)));
    for (const day of [1, 3, 4, 5]) await writeFile(join(stateDir, id(day), "report.json"), "{}");
    await mkdir(join(stateDir, "mine"));
    await writeFile(join(stateDir, "mine", "report.json"), "{}");
    const state = await open(stateDir, { keep: 3 });
    await state.writeReport("{}");
    await state.close();
    expect(state.warnings).toEqual([]);
    expect((await readdir(stateDir)).sort()).toEqual([id(2), id(4), id(5), state.importId, "mine"]);
  });

  it("ignores its folder in git only where it is ./.portload", async () => {
    const before = process.cwd();
    const folder = await makeFolder();
    const elsewhere = join(folder, "other");
    try {
      process.chdir(folder);
      await (await open(".portload")).close();
      await (await open(elsewhere)).close();
      expect(await readFile(join(folder, ".portload", ".gitignore"), "utf8")).toBe("*\n");
      await writeFile(join(folder, ".portload", ".gitignore"), "mine\n");
      await (await open(".portload", { nowMs: () => nowMs + 1 })).close();
      expect(await readFile(join(folder, ".portload", ".gitignore"), "utf8")).toBe("mine\n");
      expect(await readdir(elsewhere)).toHaveLength(1);
    } finally {
      process.chdir(before);
    }
  });

  it("says what to do when the folder cannot be made, and holds no lock then", async () => {
    const file = join(await makeFolder(), "file");
    await writeFile(file, "");
    await expect(open(join(file, "state"))).rejects.toMatchObject({ hint: expect.stringContaining("--state-dir") });
    const stateDir = await makeFolder();
    await mkdir(
      join(
        stateDir,
        makeImportId(nowMs, () => 0x7f3a / 0x10000),
        "taken",
      ),
      { recursive: true },
    );
    await expect(open(stateDir)).rejects.toThrow(StateError);
    expect(await readdir(stateDir)).toHaveLength(1);
  });

  it("gives up the lock though the journal fails to close", async () => {
    const stateDir = await makeFolder();
    const state = await open(stateDir);
    await state.rejects.add([{ code: "bad_json", stage: "read", at: { source: 0, position: 1 }, message: "no JSON" }]);
    await rm(state.folder, { recursive: true });
    await expect(state.writeReport("{}")).rejects.toThrow(StateError);
    await state.close();
    expect(await readdir(stateDir)).toEqual([]);
  });
});

describe("makeImportId", () => {
  it("gives ids that sort by time", () => {
    const ids = [nowMs, nowMs + 1, nowMs + 1000, nowMs + 1e9].map((ms, i) => makeImportId(ms, () => 0.9 - i / 10));
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(importIdPattern);
    expect(makeImportId(nowMs, () => 0)).toBe("20261122T033012417Z-0000");
  });
});

describe("fingerprints", () => {
  it("differ for texts that differ", () => {
    expect(fingerprintText("a")).toBe("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
    expect(fingerprintText("b")).not.toBe(fingerprintText("a"));
  });

  it.each([
    ["services.csv", "services.csv"],
    ["what?.csv", "what?.csv"],
    ["https://host/a@b/c.csv", "https://host/a@b/c.csv"],
    ["https://u:p@ss@host:8443/a.csv?x=1&y=2", "https://host:8443/a.csv"],
    ["https://host?x=a b", "https://host"],
  ])("take the secrets out of %s", (text, clean) => {
    expect(withoutSecrets(text)).toBe(clean);
  });
});
