import { describe, expect, it } from "vitest";
import { collectSettled } from "../../src/state/journal.js";
import type { EntityProgress, Settled } from "../../src/state/journal-lines.js";

const place = (position: number, item = 0) => ({ at: { source: 0, position }, resource: 1, item });
const settled = (progress: EntityProgress, position = 5, item = 0): Settled => ({
  ...place(position, item),
  ...progress,
});
const created = { is: "created" } as const;
const rejected = { is: "rejected" } as const;
const unmet = { is: "deferred" } as const;
const firstCreated = { is: "deferred", first: "created" } as const;

function after(lines: readonly Settled[], hasReason = false) {
  const table = collectSettled();
  for (const line of lines) table.note(line);
  if (hasReason) table.noteReason(place(5));
  return table.of(place(5));
}

describe("collectSettled", () => {
  it.each<[string, readonly Settled[], boolean, ReturnType<typeof after>]>([
    ["nothing of an entity without a line", [settled(created, 6)], false, undefined],
    ["an only write as its outcome", [settled(created)], false, created],
    [
      "a first write as waiting",
      [settled({ is: "deferred", first: "updated" })],
      false,
      { is: "deferred", first: "updated" },
    ],
    ["a refusal for a missing target as waiting", [settled(unmet)], false, unmet],
    ["a second write as its outcome", [settled(firstCreated), settled(created)], false, created],
    ["a reject with its reason as its outcome", [settled(rejected)], true, rejected],
    [
      "a second write's reject as written",
      [settled(firstCreated), settled(rejected)],
      true,
      { is: "rejected", written: "created" },
    ],
    ["a reject without its reason as not sent", [settled(rejected)], false, undefined],
    [
      "a second write's reject without reason as waiting",
      [settled(firstCreated), settled(rejected)],
      false,
      firstCreated,
    ],
    ["an unmet entity's first write", [settled(unmet), settled(firstCreated)], false, firstCreated],
  ])("reports %s", (_, lines, hasReason, expected) => {
    expect(after(lines, hasReason)).toEqual(expected);
  });

  it("keeps items of one record, resources and sources apart, and grows with positions", () => {
    const table = collectSettled();
    for (const position of [1, 2000, 300_000]) table.note(settled(created, position, position % 3));
    expect([1, 2000, 300_000].map((position) => table.of(place(position, position % 3)) !== undefined)).toEqual([
      true,
      true,
      true,
    ]);
    expect(table.of(place(1, 0))).toBeUndefined();
    expect(table.of({ ...place(1, 1), resource: 0 })).toBeUndefined();
  });
});
