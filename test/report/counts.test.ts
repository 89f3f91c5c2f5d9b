import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/outcome.js";
import type { Reject } from "../../src/reject.js";
import {
  addDeleted,
  addMapped,
  addOutcomes,
  addRejects,
  addTally,
  balances,
  type Counts,
  closeCounts,
  noCounts,
} from "../../src/report/counts.js";
import { entities } from "./reports.js";

const at = { source: 0, position: 1 };

function rejectOf(blueprint: string, stage: Reject["stage"] = "check"): Reject {
  return { code: "wrong_type", stage, at, blueprint, message: "no number" };
}

function outcomeOf(blueprint: string, is: Outcome["is"]): Outcome {
  const place = { at, resource: 0, item: 0, key: { blueprint, identifier: "a" } };
  return is === "rejected" ? { ...place, is, reject: rejectOf(blueprint, "write") } : { ...place, is };
}

const blueprint = fc.constantFrom("service", "team", "__proto__");
const outcomeIs = fc.constantFrom(
  "created" as const,
  "updated" as const,
  "unchanged" as const,
  "duplicate" as const,
  "rejected" as const,
  "notAttempted" as const,
);

describe("counts", () => {
  it("add up in all and for each blueprint", () => {
    let counts = addTally(noCounts, { read: 5, mapped: 3, skipped: 1, rejected: 1 });
    counts = addTally(counts, { read: 1, mapped: 1, skipped: 0, rejected: 0 });
    counts = addMapped(counts, [
      { blueprint: "service" },
      { blueprint: "team" },
      { blueprint: "service" },
      { blueprint: "service" },
    ]);
    counts = addRejects(counts, [rejectOf("service"), rejectOf("service", "map"), rejectOf("team", "read")]);
    counts = addOutcomes(counts, [
      outcomeOf("service", "created"),
      outcomeOf("team", "rejected"),
      outcomeOf("service", "updated"),
    ]);
    counts = addDeleted(counts, "team", 2);
    expect(counts).toEqual({
      records: { read: 6, mapped: 4, skipped: 1, rejected: 1 },
      entities: entities({ mapped: 4, created: 1, updated: 1, rejected: 2, deleted: 2 }),
      blueprints: {
        service: entities({ mapped: 3, created: 1, updated: 1, rejected: 1 }),
        team: entities({ mapped: 1, rejected: 1, deleted: 2 }),
      },
    });
    expect(balances(counts)).toBe(true);
  });

  it("balance whatever becomes of the entities, when each ends once", () => {
    const fate = fc.tuple(blueprint, fc.oneof(outcomeIs, fc.constant("check" as const)));
    fc.assert(
      fc.property(fc.array(fate), fc.integer({ min: 1, max: 7 }), (fates, width) => {
        let counts = addMapped(
          noCounts,
          fates.map(([blueprint]) => ({ blueprint })),
        );
        for (let start = 0; start < fates.length; start += width) {
          const chunk = fates.slice(start, start + width);
          counts = addRejects(
            counts,
            chunk.flatMap(([blueprint, is]) => (is === "check" ? [rejectOf(blueprint)] : [])),
          );
          counts = addOutcomes(
            counts,
            chunk.flatMap(([blueprint, is]) => (is === "check" ? [] : [outcomeOf(blueprint, is)])),
          );
        }
        expect(balances(counts)).toBe(true);
        expect(closeCounts(counts)).toEqual(counts);
        const sum = Object.values(counts.blueprints).reduce((all, { created }) => all + created, 0);
        expect(sum).toBe(counts.entities.created);
      }),
    );
  });

  it("do not balance when one entity is lost or ends twice", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(blueprint, outcomeIs), { minLength: 1 }), fc.nat(), (fates, pick) => {
        const outcomes = fates.map(([blueprint, is]) => outcomeOf(blueprint, is));
        const mapped = addMapped(
          noCounts,
          fates.map(([blueprint]) => ({ blueprint })),
        );
        const one = pick % outcomes.length;
        expect(balances(addOutcomes(mapped, outcomes.toSpliced(one, 1)))).toBe(false);
        expect(balances(addOutcomes(mapped, [...outcomes, ...outcomes.slice(one, one + 1)]))).toBe(false);
      }),
    );
  });

  it("do not balance when two blueprints hide each other's loss", () => {
    const mapped = addMapped(noCounts, [{ blueprint: "service" }, { blueprint: "team" }]);
    expect(balances(addOutcomes(mapped, [outcomeOf("team", "created"), outcomeOf("team", "created")]))).toBe(false);
  });

  it.each([
    [{ read: 1, mapped: 0, skipped: 0, rejected: 0 }],
    [{ read: 1, mapped: 1, skipped: 1, rejected: 0 }],
    [{ read: 0, mapped: 0, skipped: 0, rejected: 1 }],
  ])("do not balance with the records %o", (tally) => {
    expect(balances(addTally(noCounts, tally))).toBe(false);
  });

  it("count what has no verdict as not attempted, once the import has stopped", () => {
    const mapped = addMapped(noCounts, [{ blueprint: "service" }, { blueprint: "service" }, { blueprint: "team" }]);
    const stopped: Counts = closeCounts(addOutcomes(mapped, [outcomeOf("service", "created")]));
    expect(stopped.entities).toEqual(entities({ mapped: 3, created: 1, notAttempted: 2 }));
    expect(stopped.blueprints).toEqual({
      service: entities({ mapped: 2, created: 1, notAttempted: 1 }),
      team: entities({ mapped: 1, notAttempted: 1 }),
    });
    expect(balances(stopped)).toBe(true);
  });
});
