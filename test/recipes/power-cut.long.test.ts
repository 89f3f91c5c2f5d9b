import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { applyScenario, importScenario, pruneScenario, undoScenario } from "../support/kill-scenarios.js";
import { compareKilled, eachSeed, latestFolder, type World } from "../support/kills.js";
import { hasAllSeeds } from "../support/long.js";

const seeds = (count: number): readonly number[] => Array.from({ length: hasAllSeeds ? count : 1 }, (_, i) => i + 101);

/** One cut a seed. */
const cut = { kills: 1, onKilled: cutPower };

/**
 * Leaves of the files what a power cut may leave: of the journal all up to the last line that is synced before its request leaves, and of what follows, and of
 * the other files, any beginning; where the file system had grown a file before it wrote it, zeros for the rest. Names that no sync of their folder made last may be gone.
 */
async function cutPower({ stateDir }: World, random: () => number): Promise<void> {
  const lock = (await readdir(stateDir)).find((name) => name.endsWith(".lock"));
  const fate = random();
  if (lock !== undefined && fate < 0.5) await rm(join(stateDir, lock));
  // A torn lock is taken over once it has expired, which takes seconds.
  else if (lock !== undefined && fate < 0.55) await truncate(join(stateDir, lock), Math.floor(random() * 20));
  const folder = await latestFolder(stateDir);
  if (folder === undefined) return;
  const path = join(folder, "journal.ndjson");
  const journal = await readFile(path);
  const synced = Math.max(
    journal.indexOf(0x0a) + 1,
    ...["sent", "before", "delete"].map((kind) => {
      const at = journal.lastIndexOf(`{"line":"${kind}"`);
      return at < 0 ? 0 : journal.indexOf(0x0a, at) + 1;
    }),
  );
  await loseTail(path, synced, random);
  const rejects = join(folder, "rejects");
  const names = existsSync(rejects) ? (await readdir(rejects)).map((name) => join(rejects, name)) : [];
  for (const other of [join(folder, "reasons.ndjson"), ...names])
    if (existsSync(other)) await loseTail(other, 0, random);
  await rm(join(folder, "spool"), { recursive: true, force: true });
}

async function loseTail(path: string, kept: number, random: () => number): Promise<void> {
  const { size } = await stat(path);
  await truncate(path, kept + Math.floor(random() * (size - kept + 1)));
  if (random() < 0.3) await truncate(path, size);
}

describe.each(["merge", "override", "create"] as const)(
  "an import in mode %s whose machine loses power at a random byte, resumed",
  (mode) => {
    eachSeed("ends with the catalog of an undisturbed one", seeds(20), 20, async (seed) => {
      const { calm, found } = await compareKilled(importScenario(mode), seed, cut);
      expect(found.catalog).toEqual(calm.catalog);
      expect(found.report).toMatchObject({ balanced: true, records: calm.report.records });
      expect(found.code).toBe(calm.code);
      // What was sent is known, so that mode create takes none of its own for somebody else's.
      if (mode === "create") expect(found.report.entities).toEqual(calm.report.entities);
      expect(found.report.entities.rejected).toBe(calm.report.entities.rejected);
      return { calm, found };
    });
  },
);

describe.each(["merge", "override"] as const)(
  "a sync with prune in mode %s whose machine loses power at a random byte, begun again",
  (mode) => {
    eachSeed("ends as an undisturbed one, and deletes nothing that that one would not", seeds(10), 10, async (seed) => {
      const { calm, found } = await compareKilled(pruneScenario(mode), seed, cut);
      expect(found.catalog).toEqual(calm.catalog);
      expect(found.report.balanced).toBe(true);
      expect(found.code).toBe(calm.code);
      return { calm, found };
    });
  },
);

describe("an apply whose machine loses power at a random byte, tried again or planned again", () => {
  eachSeed("ends as an undisturbed one", seeds(20), 20, async (seed) => {
    const { calm, found } = await compareKilled(applyScenario, seed, cut);
    expect(found.catalog).toEqual(calm.catalog);
    expect(found.report.balanced).toBe(true);
    return { calm, found };
  });
});

describe("an undo whose machine loses power at a random byte, resumed", () => {
  eachSeed("ends with the catalog before what it takes back", seeds(20), 20, async (seed) => {
    const compared = await compareKilled(undoScenario, seed, cut);
    expect(compared.found.report).toMatchObject({ command: "undo", balanced: true, exitCode: 0 });
    return compared;
  });
});
