import { describe, expect, it } from "vitest";
import type { Settled } from "../../src/state/journal-lines.js";
import { collectSettled } from "../../src/state/settled.js";

const place = (position: number, item = 0) => ({ at: { source: 0, position }, resource: 1, item });
const settled = (is: Settled["is"], pass: Settled["pass"], position = 5, item = 0): Settled => ({
  ...place(position, item),
  is,
  pass,
});

function after(lines: readonly Settled[], hasReason = false) {
  const table = collectSettled();
  for (const line of lines) table.note(line);
  if (hasReason) table.noteReason(place(5));
  return table.of(place(5));
}

describe("collectSettled", () => {
  it.each<[string, readonly Settled[], boolean, ReturnType<typeof after>]>([
    ["nothing of an entity without a line", [settled("created", "only", 6)], false, undefined],
    ["an only write as final", [settled("created", "only")], false, { is: "final", outcome: "created" }],
    ["a first write as waiting", [settled("updated", "first")], false, { is: "first", outcome: "updated" }],
    ["a refusal for a missing target as waiting", [settled("unmet", "only")], false, { is: "unmet" }],
    [
      "a second write as final",
      [settled("created", "first"), settled("created", "second")],
      false,
      { is: "final", outcome: "created" },
    ],
    ["a reject with its reason as final", [settled("rejected", "only")], true, { is: "final", outcome: "rejected" }],
    ["a reject without its reason as not sent", [settled("rejected", "only")], false, undefined],
    [
      "a second write's reject without reason as waiting",
      [settled("created", "first"), settled("rejected", "second")],
      false,
      { is: "first", outcome: "created" },
    ],
    [
      "an unmet entity's first write",
      [settled("unmet", "only"), settled("created", "first")],
      false,
      { is: "first", outcome: "created" },
    ],
  ])("tells %s", (_, lines, hasReason, expected) => {
    expect(after(lines, hasReason)).toEqual(expected);
  });

  it("keeps items of one record, resources and sources apart, and grows with positions", () => {
    const table = collectSettled();
    for (const position of [1, 2000, 300_000]) table.note(settled("created", "only", position, position % 3));
    expect([1, 2000, 300_000].map((position) => table.of(place(position, position % 3)) !== undefined)).toEqual([
      true,
      true,
      true,
    ]);
    expect(table.of(place(1, 0))).toBeUndefined();
    expect(table.of({ ...place(1, 1), resource: 0 })).toBeUndefined();
  });
});
