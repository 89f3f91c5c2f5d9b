import { describe, expect, it } from "vitest";
import type { Chunk } from "../../../src/chunk.js";
import type { Entity } from "../../../src/entity.js";
import { leaveOut, type Retried } from "../../../src/recipes/resume/leave-out.js";
import type { Reject } from "../../../src/reject.js";
import { createKeySet } from "../../../src/settle/keys.js";
import { collectSettled } from "../../../src/state/journal.js";
import { entity } from "../../support/entities.js";

/** An import of nodes.csv that wrote record 1 and rejected record 2. */
function past(kindOfReject?: number): Retried {
  const settled = collectSettled();
  settled.note({ at: { source: 0, position: 1 }, resource: 0, item: 0, is: "created" });
  settled.note({ at: { source: 0, position: 2 }, resource: 0, item: 0, is: "rejected" });
  const reject = { position: 2, ...(kindOfReject !== undefined && { resource: kindOfReject }) };
  return {
    importId: "one",
    settled,
    rejected: new Map([["nodes.csv", [reject]]]),
    sources: new Map([
      ["node=nodes.csv", 0],
      ["other=nodes.csv", 0],
    ]),
    names: ["nodes.csv"],
  };
}

const resources = [{ kind: "node" }, { kind: "other" }];
const source = (kind: string, name = "nodes.csv") => ({ index: 0, kind, path: name, name });
const reject = (position: number): Reject => ({
  ...{ code: "wrong_type", message: "is no number", stage: "check", at: { source: 0, position } },
});
const chunk: Chunk<Entity> = {
  items: [entity("a", { position: 1 }), entity("c", { position: 3 })],
  rejects: [reject(2)],
  warnings: [],
  tally: { read: 4, mapped: 3, skipped: 1, rejected: 0 },
};

describe("a retry", () => {
  it("leaves out of a source what was written, and whole records of which anything was rejected", () => {
    const keys = createKeySet();
    const left = leaveOut(past(), resources, keys)(source("node"))(chunk);
    expect(left.items.map(({ key }) => key.identifier)).toEqual(["c"]);
    expect([left.rejects, left.tally]).toEqual([[], { read: 2, mapped: 1, skipped: 1, rejected: 0 }]);
    // What was written stays taken, and relations to it need not wait.
    const entry = keys.find(entity("a").key);
    expect([entry, keys.isAcknowledged(entry)]).toEqual([0, true]);
  });

  it("takes all of a source that the import did not read, such as its rejects file", () => {
    expect(leaveOut(past(), resources, createKeySet())(source("node", "rejects/nodes.csv"))(chunk)).toBe(chunk);
  });

  it("keeps the rejects of one kind apart from those of another of the same file", () => {
    const left = leaveOut(past(1), resources, createKeySet())(source("node"))(chunk);
    expect(left.rejects).toEqual(chunk.rejects);
    const other = leaveOut(past(1), resources, createKeySet())(source("other"))(chunk);
    expect(other.rejects).toEqual([]);
  });
});
