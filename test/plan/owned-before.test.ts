import { describe, expect, it } from "vitest";
import { deleteLimits, excessDeletions } from "../../src/plan/guards.js";
import { collectAges, judgeDeletions, type KnownBase, type OwnedNow } from "../../src/plan/owned-before.js";

const hourMs = 3_600_000;
const nowMs = 1_000 * hourMs;

/** A blueprint of runs that created entities: when, in hours before now, how many, and how many of them are stale. */
function owned(runs: readonly (readonly [hoursAgo: number, count: number, stale: number])[], more = {}): OwnedNow {
  const ages = collectAges(nowMs);
  let [found, stale] = [0, 0];
  for (const [hoursAgo, count, gone] of runs) {
    for (let i = 0; i < count; i++) {
      // A run takes its time: twenty entities every 10 ms.
      const atMs = nowMs - hoursAgo * hourMs + Math.floor(i / 20) * 10;
      ages.add(new Date(atMs).toISOString(), i < gone);
    }
    found += count;
    stale += gone;
  }
  return { blueprint: "app", found, stale, created: 0, ages, ...more };
}

const excess = (now: OwnedNow, base: KnownBase = { deleted: 0 }) =>
  excessDeletions([judgeDeletions(now, base, nowMs)], deleteLimits([]));

describe("what deletions are a share of", () => {
  it("is what was owned when the last prune finished, whatever was created since", () => {
    const now = { blueprint: "app", found: 1000, created: 0, stale: 90 };
    expect(judgeDeletions(now, { owned: 100, deleted: 0 }, nowMs)).toMatchObject({ owned: 100, deletions: 90 });
  });

  it("is never more than the catalog still shows", () => {
    const now = { blueprint: "app", found: 60, created: 10, stale: 4 };
    expect(judgeDeletions(now, { owned: 1000, deleted: 0 }, nowMs)).toMatchObject({ owned: 50, deletions: 4 });
  });

  it("counts what nights that did not finish deleted", () => {
    const now = { blueprint: "app", found: 96, created: 0, stale: 7 };
    const judged = judgeDeletions(now, { owned: 100, deleted: 4 }, nowMs);
    expect(judged).toMatchObject({ owned: 100, deletions: 11, deleted: 4 });
    expect(excessDeletions([judged], deleteLimits([]))).toMatchObject([{ flags: ["--max-delete 11%"] }]);
  });

  it("is what was there before the first night that did not finish, where no prune ever has", () => {
    const now = owned([
      [30, 100, 5],
      [6, 900, 6],
    ]);
    const judged = judgeDeletions(now, { sinceMs: nowMs - 7 * hourMs, deleted: 0 }, nowMs);
    expect(judged).toMatchObject({ owned: 100, deletions: 11 });
  });
});

describe("without any memory, the catalog's dates", () => {
  it("keep what a night that did not finish created from thinning the share out", () => {
    const now = owned([
      [30, 100, 90],
      [6, 900, 1],
    ]);
    expect(excess(now)).toMatchObject([
      { owned: 100, deletions: 91, part: { stale: 90 }, flags: ["--max-delete 90%"] },
    ]);
  });

  it("do so where all of it is seconds old", () => {
    const now = owned([
      [0.0005, 100, 90],
      [0.0002, 900, 0],
    ]);
    expect(excess(now)).toMatchObject([{ owned: 100, deletions: 90 }]);
  });

  it("let the first of a single import go, though what it created after them is more", () => {
    expect(excess(owned([[2, 1000, 30]]))).toEqual([]);
    expect(excess(owned([[0.0003, 1000, 30]]))).toEqual([]);
  });

  it("let the oldest of a catalog go that grew for years", () => {
    const years = [9000, 6000, 4000, 2000, 500].map((hours, i) => [hours, 200, i === 0 ? 20 : 0] as const);
    expect(excess(owned([...years, [48, 30, 0]]))).toEqual([]);
  });

  it("are old where the server does not state them", () => {
    const ages = collectAges(nowMs);
    for (let i = 0; i < 100; i++) ages.add(undefined, i < 10);
    expect(excess({ blueprint: "app", found: 100, created: 0, stale: 10, ages })).toEqual([]);
  });
});
