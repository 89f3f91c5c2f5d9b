import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { runImport } from "../../src/recipes/import.js";
import type { Connection, RunContext } from "../../src/recipes/run/connect.js";
import type { Ledger } from "../../src/recipes/run/ledger.js";
import { openWhereabouts, watchProgress } from "../../src/recipes/run/working.js";
import { noCounts } from "../../src/report/counts.js";
import type { EarlyProgress, Progress } from "../../src/report/progress.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { manualClock } from "../support/manual-clock.js";

/** A run whose counts and time the test sets. */
function watched() {
  const clock = manualClock();
  const now = { read: 0, done: 0, mapped: 0, requests: 0, share: undefined as number | undefined };
  const ledger = {
    rejected: 0,
    get counts() {
      const entities = { ...noCounts.entities, mapped: now.mapped, created: now.done };
      return { ...noCounts, records: { ...noCounts.records, read: now.read }, entities };
    },
  } as unknown as Ledger;
  const client = {
    counts: () => ({ total: now.requests }),
    quotaUse: () => undefined,
    traffic: () => ({ inFlight: 2 }),
  };
  const connection = { client, control: { clock } } as unknown as Connection;
  const progress = watchProgress(ledger, connection, { share: () => now.share, step: undefined });
  return { clock, now, progress };
}

describe("how far a run is", () => {
  it("has the speed of the last ten seconds, however often it is asked", () => {
    const { clock, now, progress } = watched();
    for (let second = 1; second <= 60; second++) {
      clock.advance(1000);
      now.read += second <= 40 ? 100 : 10;
      now.requests += 5;
      progress();
    }
    expect(progress()).toMatchObject({ read: 4200, recordsPerSecond: 10, requestsPerSecond: 5, elapsedMs: 60_000 });
  });

  it("estimates the time left by the last minute, and not before there is something to go by", () => {
    const { clock, now, progress } = watched();
    now.share = 0;
    expect(progress().leftMs).toBeUndefined();
    const at = (seconds: number, share: number): Progress => {
      clock.advance(seconds * 1000);
      now.share = share;
      return progress();
    };
    expect(at(1, 0.1).leftMs).toBeUndefined();
    for (let share = 0.11; share < 0.5; share += 0.01) at(10, share);
    // A hundredth in ten seconds, so that a half takes 500 s.
    expect(at(0, 0.5).leftMs).toBeGreaterThan(400_000);
    expect(at(0, 0.5).leftMs).toBeLessThan(520_000);
  });

  it("counts entities that were read and are not done yet as work to do", () => {
    const { now, progress } = watched();
    Object.assign(now, { share: 1, mapped: 400, done: 100 });
    expect(progress().share).toBe(0.25);
    Object.assign(now, { share: 0.5, mapped: 400, done: 400 });
    expect(progress().share).toBe(0.5);
  });
});

describe("where a run is", () => {
  it("knows the share of the bytes of local files, and none beside a source without a size", async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, "a.csv"), "x".repeat(300));
    await writeFile(join(folder, "b.csv"), "x".repeat(100));
    const files = ["a.csv", "b.csv"].map((name, index) => ({ index, path: join(folder, name) }));
    const where = await openWhereabouts(2, files);
    expect(where.share()).toBe(0);
    where.read(0, 100);
    expect(where.share()).toBe(0.25);
    where.whole(0);
    where.read(1, 500);
    expect(where.share()).toBe(1);
    const piped = await openWhereabouts(2, [...files, { index: 2, path: "-" }]);
    piped.read(0, 100);
    expect(piped.share()).toBeUndefined();
  });

  it("is reported through an import: first the connection, then each step, at the end all of it", async () => {
    const folder = await makeFolder();
    const rows = (kind: string) =>
      `id,team\n${Array.from({ length: 60 }, (_, i) => `${kind}-${i},team-${i}`).join("\n")}\n`;
    await writeFile(join(folder, "server.csv.gz"), gzipSync(rows("server")));
    await writeFile(join(folder, "team.csv"), rows("team"));
    const resource = (kind: string, rest: object) => ({
      kind,
      port: { entity: { mappings: { identifier: ".id", blueprint: `"${kind}"`, ...rest } } },
    });
    const resources = [resource("server", { relations: { team: ".team" } }), resource("team", {})];
    await writeFile(join(folder, "m.yaml"), JSON.stringify({ resources }));
    const blueprints = [blueprintOf("server", { relations: { team: { target: "team" } } }), blueprintOf("team")];
    const emulator = await startCatalog({ blueprints });
    const early: EarlyProgress[] = [];
    let progress: (() => Progress) | undefined;
    const context: RunContext = {
      env: envOf(emulator),
      onConnection: (see) => early.push(see()),
      onStart: (started) => {
        progress = started.progress;
      },
    };
    await runImport(
      {
        sources: ["server.csv.gz", "team.csv"].map((name) => join(folder, name)),
        mapping: join(folder, "m.yaml"),
        stateDir: join(folder, "state"),
      },
      context,
    );
    expect(early).toEqual([{ elapsedMs: expect.any(Number), inFlight: expect.any(Number) }]);
    expect(progress?.()).toMatchObject({
      ...{ read: 120, written: 120, done: 120, rejected: 0, share: 1, inFlight: 0 },
      step: { number: 2, of: 2, name: "server" },
    });
  });
});
