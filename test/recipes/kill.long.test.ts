import { describe, expect } from "vitest";
import { applyScenario, importScenario, nodeAt, pruneScenario, undoScenario } from "../support/kill-scenarios.js";
import { type Compared, compareKilled, concurrency, eachSeed, type Left } from "../support/kills.js";
import { hasAllSeeds } from "../support/long.js";

const perRequest = 20;
const seeds = (count: number): readonly number[] => Array.from({ length: hasAllSeeds ? count : 1 }, (_, i) => i + 1);
/** Three kills a seed, and 50 of each kind in the long form. */
const kills = { kills: 3 };

/** What holds whatever was killed. */
function expectAsCalm({ calm, found }: Compared): void {
  expect(found.catalog).toEqual(calm.catalog);
  expect(found.report.balanced).toBe(true);
}

/**
 * What an import sends again: each reply is in the journal before its request's place in flight is free, so what is written and not in the journal was in flight
 * at a kill, and nothing else may be written twice.
 */
function expectNothingSentAgain({ journal, writes, kills }: Left): void {
  const written = new Map<string, number>();
  for (const text of journal.split("\n").filter((line) => line.startsWith('{"line":"reply"'))) {
    const { settled } = JSON.parse(text) as { settled: [number, number, number, number, string, string][] };
    // An entity that was refused for its target was not written. One that is written without what failed has two entries: that it was written, and that it is rejected.
    const ids = new Set(settled.flatMap(([, position, , , is]) => (is === "m" ? [] : [nodeAt(position)])));
    for (const id of ids) written.set(id, (written.get(id) ?? 0) + 1);
  }
  const unsaid = [...writes].map(([id, count]) => Math.max(0, count - (written.get(id) ?? 0)));
  for (const [id, count] of written) expect(count, `replies for ${id} in the journal`).toBeLessThanOrEqual(2);
  expect(unsaid.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(kills * concurrency * perRequest);
}

describe.each(["merge", "override", "create"] as const)(
  "an import in mode %s that is killed at a random byte and resumed",
  (mode) => {
    eachSeed("ends as an undisturbed one, and sends again at most what was in flight", seeds(20), 50, async (seed) => {
      const compared = await compareKilled(importScenario(mode), seed, kills);
      const { calm, found } = compared;
      expectAsCalm(compared);
      expect(found.reasons).toEqual(calm.reasons);
      expect(found.rejects).toEqual(calm.rejects);
      expect(found.code).toBe(calm.code);
      expect(found.report.records).toEqual(calm.report.records);
      const { created, updated, rejected } = calm.report.entities;
      expect(found.report.entities).toMatchObject({ rejected, notAttempted: 0 });
      // What was in flight may have been created before the kill, and is merged then; mode create reads it back.
      expect(found.report.entities.created + found.report.entities.updated).toBe(created + updated);
      if (mode === "create") expect(found.report.entities.created).toBe(created);
      expectNothingSentAgain(found);
      return compared;
    });
  },
);

describe.each(["merge", "override"] as const)(
  "a sync with prune in mode %s that is killed at a random byte and begun again",
  (mode) => {
    eachSeed("ends as an undisturbed one, and deletes nothing that that one would not", seeds(10), 25, async (seed) => {
      const compared = await compareKilled(pruneScenario(mode), seed, kills);
      expectAsCalm(compared);
      expect(compared.found.code).toBe(compared.calm.code);
      return compared;
    });
  },
);

describe("an apply that is killed at a random byte, and tried again or planned again", () => {
  eachSeed("ends as an undisturbed one, and refuses a plan of which a part is done", seeds(20), 50, async (seed) => {
    const compared = await compareKilled(applyScenario, seed, kills);
    expectAsCalm(compared);
    return compared;
  });
});

describe("an undo that is killed at a random byte and resumed", () => {
  eachSeed("ends with the catalog before what it takes back", seeds(20), 50, async (seed) =>
    compareKilled(undoScenario, seed, kills),
  );
});
