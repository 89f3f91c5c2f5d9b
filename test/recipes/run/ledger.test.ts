import { describe, expect, it } from "vitest";
import { placeOf } from "../../../src/outcome.js";
import type { Reject } from "../../../src/reject.js";
import { balances } from "../../../src/report/counts.js";
import { entity } from "../../support/entities.js";
import { memoryLedger } from "../../support/run.js";

const reject = (stage: Reject["stage"], position: number, identifier?: string): Reject => ({
  ...{ code: "wrong_type", message: "is no number", stage, at: { source: 0, position } },
  ...(identifier !== undefined && { blueprint: "service", identifier, resource: 0, item: 0 }),
});

/** Three records: one that gives two entities, of which one is refused; one that is skipped; one that could not be read. */
const chunk = {
  items: [entity("a", { position: 1 })],
  rejects: [reject("check", 1, "b"), reject("read", 3)],
  warnings: [],
  tally: { read: 3, mapped: 1, skipped: 1, rejected: 1 },
};

describe("the ledger", () => {
  it("counts records and entities, and balances once each entity has its outcome", async () => {
    const { ledger } = memoryLedger();
    await ledger.takeChunk(chunk);
    expect(ledger.counts.records).toEqual({ read: 3, mapped: 1, skipped: 1, rejected: 1 });
    expect(ledger.counts.entities).toMatchObject({ mapped: 2, rejected: 1 });
    expect(ledger.rejected).toBe(2);
    expect(balances(ledger.counts)).toBe(false);
    await ledger.takeOutcomes([{ ...placeOf(entity("a")), is: "created" }]);
    expect(balances(ledger.counts)).toBe(true);
    expect(ledger.counts.blueprints.service).toMatchObject({ mapped: 2, created: 1, rejected: 1 });
  });

  it("counts what has no outcome as not attempted where an import stopped, and only there", async () => {
    const { ledger } = memoryLedger();
    await ledger.takeChunk(chunk);
    expect(ledger.close(true).entities).toMatchObject({ mapped: 2, rejected: 1, notAttempted: 1 });
    expect(ledger.close(false).entities.notAttempted).toBe(0);
  });

  it("keeps each reject's reason and groups them by cause, whichever stage they are of", async () => {
    const { ledger, reasons } = memoryLedger();
    await ledger.takeChunk(chunk);
    const refused = reject("write", 1, "a");
    await ledger.takeOutcomes([{ ...placeOf(entity("a")), is: "rejected", reject: refused }]);
    expect(reasons).toEqual([...chunk.rejects, refused]);
    expect(
      ledger
        .rejectGroups()
        .map(({ stage }) => stage)
        .sort(),
    ).toEqual(["check", "read", "write"]);
  });

  it("knows where an entity was rejected first", async () => {
    const { ledger } = memoryLedger();
    await ledger.takeChunk(chunk);
    expect(ledger.rejectedAt({ blueprint: "service", identifier: "b" })).toEqual({ source: 0, position: 1 });
    expect(ledger.rejectedAt({ blueprint: "service", identifier: "a" })).toBeUndefined();
    expect(ledger.describe({ source: 0, position: 1 })).toBe("nodes.csv record 1");
    expect(ledger.describe({ source: 0, position: 1, line: 2 })).toBe("nodes.csv:2");
  });

  it("takes what was settled before an import stopped: counts and records, but no second reason", async () => {
    const { ledger, reasons, noted } = memoryLedger();
    await ledger.takeChunk({ ...chunk, items: [entity("a"), entity("c", { position: 2 })], rejects: [] });
    ledger.takeSettled([
      { entity: entity("a"), is: "updated" },
      { entity: entity("c", { position: 2 }), is: "rejected" },
    ]);
    expect(ledger.counts.entities).toMatchObject({ updated: 1, rejected: 1 });
    expect([reasons, noted]).toEqual([[], [{ source: 0, position: 2 }]]);
    expect(ledger.rejectedAt({ blueprint: "service", identifier: "c" })).toEqual({ source: 0, position: 2 });
  });

  it("calls its hooks: rejects of every stage, outcomes, and the sums after each", async () => {
    const seen: unknown[] = [];
    const { ledger } = memoryLedger({
      onRejects: (rejects) => seen.push(["rejects", rejects.length]),
      onOutcomes: (outcomes) => seen.push(["outcomes", outcomes.length]),
      onCounts: (counts) => seen.push(counts),
    });
    await ledger.takeChunk(chunk);
    await ledger.takeOutcomes([{ ...placeOf(entity("a")), is: "rejected", reject: reject("write", 1, "a") }]);
    expect(seen).toEqual([
      ["rejects", 2],
      { rejected: 2, read: 3 },
      ["outcomes", 1],
      ["rejects", 1],
      { rejected: 3, read: 3 },
    ]);
  });

  it("keeps what is deleted outside the balance", async () => {
    const { ledger } = memoryLedger();
    ledger.takeDeleted("service", 3);
    expect(ledger.counts.entities.deleted).toBe(3);
    expect(balances(ledger.counts)).toBe(true);
  });
});
