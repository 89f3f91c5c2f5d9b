import { describe, expect, it } from "vitest";
import type { FoundEntity } from "../../../src/entity.js";
import { passOver } from "../../../src/recipes/resume/pass-over.js";
import { createKeySet } from "../../../src/settle/keys.js";
import { collectSettled, placeName } from "../../../src/state/journal.js";
import type { Settled } from "../../../src/state/journal-lines.js";
import { blueprintOf } from "../../support/catalog.js";
import { collect, entity, iterate } from "../../support/entities.js";
import { memoryLedger, targetOf } from "../../support/run.js";

const service = blueprintOf("service", {
  relations: { parent: { target: "service" }, owner: { target: "team", required: true } },
});
const at = (position: number) => ({ at: { source: 0, position }, resource: 0, item: 0 });

/** What an import that is resumed lets through of entities a, b, …, after a journal that says so much. */
async function resumed(journal: readonly Settled[], sent: readonly number[] = [], found: readonly FoundEntity[] = []) {
  const relations = { parent: "z", owner: "t" };
  const entities = ["a", "b", "c", "d", "e"].map((name, index) => entity(name, { position: index + 1, relations }));
  const settled = collectSettled();
  for (const each of journal) {
    settled.note(each);
    settled.noteReason(each);
  }
  const inDoubt = new Map(sent.map((position) => [placeName(at(position)), 1000]));
  const { ledger, lines, reasons } = memoryLedger();
  const { target } = targetOf({
    rules: { mode: "create", blueprints: new Map([["service", service]]) },
    lookUp: async () => new Map(found.map((one) => [one.identifier, one])),
    serverNow: () => 5000,
  });
  const keys = createKeySet();
  for (const { key, at } of entities) keys.add(key, at, 0);
  const open = await collect(passOver({ settled, inDoubt }, target, ledger, keys)(iterate([entities])));
  const waiting = await collect(ledger.waiting(0).drain(0));
  const isThere = (identifier: string) => keys.isAcknowledged(keys.find({ blueprint: "service", identifier }));
  return {
    open: open.flat().map(({ key }) => key.identifier),
    waiting: waiting.flat(),
    ledger,
    lines,
    reasons,
    isThere,
  };
}

describe("a resume", () => {
  it("lets through what the journal says nothing of", async () => {
    const { open, ledger } = await resumed([]);
    expect(open).toEqual(["a", "b", "c", "d", "e"]);
    expect(ledger.counts.entities).toMatchObject({ created: 0, updated: 0, rejected: 0 });
  });

  it("passes over what has its outcome, and counts it again", async () => {
    const { open, ledger, reasons, isThere } = await resumed([
      { ...at(1), is: "created" },
      { ...at(2), is: "updated" },
      { ...at(3), is: "rejected" },
    ]);
    expect(open).toEqual(["d", "e"]);
    expect(ledger.counts.entities).toMatchObject({ created: 1, updated: 1, rejected: 1 });
    // The reason is on disk already.
    expect(reasons).toEqual([]);
    expect(["a", "b", "c"].map(isThere)).toEqual([true, true, false]);
    expect(ledger.rejectedAt({ blueprint: "service", identifier: "c" })).toEqual({ source: 0, position: 3 });
  });

  it("lets what waited wait again: with every relation that may, or as a whole", async () => {
    const { open, waiting, isThere } = await resumed([
      { ...at(1), is: "deferred", first: "created" },
      { ...at(2), is: "deferred" },
    ]);
    expect(open).toEqual(["c", "d", "e"]);
    expect(waiting.map(({ entity, first, waiting }) => [entity.key.identifier, first, waiting])).toEqual([
      ["a", "created", ["parent"]],
      ["b", undefined, []],
    ]);
    expect([isThere("a"), isThere("b")]).toEqual([true, false]);
  });

  it("reads back what was sent in mode create without a reply: ours is created, an older one refused, an absent one sent", async () => {
    const dates = (ms: number) => ({ createdAt: new Date(ms).toISOString(), updatedAt: new Date(ms).toISOString() });
    const { open, waiting, ledger, lines, reasons } = await resumed(
      [],
      [1, 2, 3],
      [
        { identifier: "a", ...dates(2000) },
        { identifier: "b", ...dates(500) },
      ],
    );
    expect(open).toEqual(["d", "e", "c"]);
    expect(waiting.map(({ entity, first }) => [entity.key.identifier, first])).toEqual([["a", "created"]]);
    expect(reasons).toMatchObject([{ code: "already_exists", identifier: "b" }]);
    expect(ledger.counts.entities).toMatchObject({ rejected: 1 });
    expect(lines).toMatchObject([{ line: "reply", settled: [{ ...at(2), is: "rejected" }] }]);
  });
});
