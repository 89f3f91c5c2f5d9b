import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StateError } from "../../src/errors.js";
import { openAppendFile, stateError } from "../../src/state/files.js";
import { makeFolder } from "./folder.js";

describe("openAppendFile", () => {
  it("has written a line when its append resolves", async () => {
    const path = join(await makeFolder(), "a");
    const file = await openAppendFile(path);
    await file.append("one\n");
    expect(await readFile(path, "utf8")).toBe("one\n");
    await file.close();
  });

  it("keeps the order of concurrent callers", async () => {
    const folder = await makeFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.string(), fc.boolean())), async (calls) => {
        run += 1;
        const path = join(folder, String(run));
        const file = await openAppendFile(path);
        for (const [text, wait] of calls) {
          const written = file.append(`${text}\n`);
          if (wait) await written;
        }
        await file.close();
        expect(await readFile(path, "utf8")).toBe(
          Buffer.from(calls.map(([text]) => `${text}\n`).join("")).toString("utf8"),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("makes files that their owner alone can read", async () => {
    const path = join(await makeFolder(), "a");
    await (await openAppendFile(path)).close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("syncs once for all that is written within the interval, and once more at the end for what came later", async () => {
    const asked: number[] = [];
    let due: (() => void) | undefined;
    let syncs = 0;
    const file = await openAppendFile(join(await makeFolder(), "a"), {
      syncEveryMs: 200,
      sync: async () => {
        syncs += 1;
      },
      later: (run, ms) => {
        asked.push(ms);
        due = run;
        return () => {};
      },
    });
    await file.append("1\n");
    await file.append("2\n");
    expect([asked, syncs]).toEqual([[200], 0]);
    due?.();
    await file.append("3\n");
    expect([asked, syncs]).toEqual([[200, 200], 1]);
    await file.close();
    expect(syncs).toBe(2);
  });

  it("fails every append after a failed sync, and the close, with the cause and what to do", async () => {
    let due: (() => void) | undefined;
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const path = join(await makeFolder(), "a");
    const file = await openAppendFile(path, {
      syncEveryMs: 200,
      sync: () => Promise.reject(full),
      later: (run) => {
        due = run;
        return () => {};
      },
    });
    await file.append("1\n");
    due?.();
    const failure = stateError(path, full);
    await expect(file.append("2\n").then(() => file.append("3\n"))).rejects.toThrow(failure);
    await expect(file.close()).rejects.toMatchObject({ hint: expect.stringContaining("disk is full") });
  });

  it("refuses a path that cannot be opened", async () => {
    const path = join(await makeFolder(), "missing", "a");
    await expect(openAppendFile(path)).rejects.toThrow(StateError);
  });
});
