import { describe, expect, it } from "vitest";
import type { Entity } from "../../../src/entity.js";
import { openControl } from "../../../src/recipes/run/control.js";
import type { LedgerHooks } from "../../../src/recipes/run/ledger.js";
import { openWhereabouts } from "../../../src/recipes/run/working.js";
import { deferRelations } from "../../../src/recipes/stages/before-first-write.js";
import type { StepJob } from "../../../src/recipes/stages/entities.js";
import { runSteps } from "../../../src/recipes/stages/steps.js";
import { createKeySet } from "../../../src/settle/keys.js";
import { blueprintOf } from "../../support/catalog.js";
import { entity, iterate } from "../../support/entities.js";
import { memoryLedger, targetOf } from "../../support/run.js";

const service = blueprintOf("service", { relations: { parent: { target: "service" }, owner: { target: "team" } } });
const rules = { blueprints: new Map([["service", service]]), deferrable: () => ["parent"] };

/** A job of two steps into a target of the test, whose ledger knows the entities as mapped. */
async function jobOf(entities: readonly Entity[], given: Parameters<typeof targetOf>[0] = {}, ...hooks: LedgerHooks[]) {
  const { ledger, lines, reasons } = memoryLedger(...hooks);
  const { target, sent } = targetOf({ ...given, rules: { ...rules, ...given.rules } });
  const keys = createKeySet();
  for (const { key, at } of entities) keys.add(key, at, 0);
  const tally = { read: entities.length, mapped: entities.length, skipped: 0, rejected: 0 };
  await ledger.takeChunk({ items: entities, rejects: [], warnings: [], tally });
  const job: StepJob = {
    steps: [{ index: 0 }, { index: 1 }],
    target,
    ledger,
    control: openControl({ concurrency: 4 }),
    keys,
    whereabouts: await openWhereabouts(2, []),
  };
  return { job, sent, lines, reasons };
}

describe("runSteps", () => {
  it("takes each step through its stages in their order, one step after the other", async () => {
    const entities = [entity("a"), entity("b", { position: 2 })];
    const { job, sent, lines } = await jobOf(entities);
    const passed: string[] = [];
    const stage = (name: string) =>
      async function* (chunks: AsyncIterable<readonly Entity[]>) {
        for await (const chunk of chunks) {
          passed.push(`${name} ${chunk.map(({ key }) => key.identifier)}`);
          yield chunk;
        }
      };
    await runSteps(job, ({ index }) => [
      iterate([entities.slice(index, index + 1)]),
      stage("first"),
      stage("second"),
      deferRelations(job.target, job.ledger, job.keys),
    ]);
    expect(passed).toEqual(["first a", "second a", "first b", "second b"]);
    expect(sent.map((items) => items.map((item) => JSON.parse(item).identifier))).toEqual([["a"], ["b"]]);
    expect(job.ledger.counts.entities).toMatchObject({ mapped: 2, created: 2 });
    expect(lines).toMatchObject([
      { line: "wrote", created: ["a"], updated: [] },
      { line: "reply" },
      { line: "wrote", created: ["b"], updated: [] },
      { line: "reply" },
    ]);
  });

  it("writes relations that had to wait once all steps are done", async () => {
    const entities = [entity("a", { relations: { parent: "b" } }), entity("b", { position: 2 })];
    const { job, sent } = await jobOf(entities);
    await runSteps(job, ({ index }) => [
      iterate([entities.slice(index, index + 1)]),
      deferRelations(job.target, job.ledger, job.keys),
    ]);
    expect(sent.flat().map((item) => JSON.parse(item).relations)).toEqual([{}, {}, { parent: "b" }]);
    expect(job.ledger.counts.entities).toMatchObject({ mapped: 2, created: 2 });
  });

  it("rejects an entity whose target exists nowhere, and writes the rest of it", async () => {
    const entities = [entity("a", { relations: { parent: "nowhere" } })];
    const { job, sent, reasons } = await jobOf(entities);
    await runSteps(job, ({ index }) => [
      iterate(index === 0 ? [entities] : []),
      deferRelations(job.target, job.ledger, job.keys),
    ]);
    expect(sent.flat().map((item) => JSON.parse(item).relations)).toEqual([{}]);
    expect(reasons).toMatchObject([{ code: "relation_target_missing", path: "relations.parent", value: "nowhere" }]);
    expect(job.ledger.counts.entities).toMatchObject({ mapped: 1, created: 0, rejected: 1 });
  });

  it("counts an entity that is known to lack something as rejected, in the mode that it says itself", async () => {
    const rejected = { code: "relation_target_missing", message: "owner is gone" } as const;
    const entities = [entity("a").with({ mode: "merge", rejected })];
    const modes: string[] = [];
    const { job, reasons } = await jobOf(entities, {
      rules: { mode: "override" },
      async upsert(_, items, { mode }) {
        modes.push(mode);
        return { is: "done", status: 200, body: items.map(() => ({ is: "updated" })) };
      },
    });
    await runSteps(job, ({ index }) => [
      iterate(index === 0 ? [entities] : []),
      deferRelations(job.target, job.ledger, job.keys),
    ]);
    expect([modes, reasons]).toMatchObject([["merge"], [{ ...rejected, identifier: "a", stage: "write" }]]);
    expect(job.ledger.counts.entities).toMatchObject({ updated: 0, rejected: 1 });
  });

  it("notes what the catalog held before it is changed, and mode create before it is sent", async () => {
    const before = { identifier: "a", properties: { size: 1 }, relations: {} };
    const { job, lines } = await jobOf([entity("a")], { rules: { mode: "create" }, serverNow: () => 17 });
    await runSteps(job, ({ index }) => [
      iterate(index === 0 ? [[entity("a").with({ before })]] : []),
      deferRelations(job.target, job.ledger, job.keys),
    ]);
    expect(lines).toMatchObject([
      { line: "sent", atMs: 17, entities: [[0, 1, 0, 0]] },
      { line: "before", entities: [{ blueprint: "service", before }] },
      { line: "reply", settled: [{ is: "created" }] },
    ]);
  });

  it("begins no further step once it is stopped, nor what waits", async () => {
    const entities = [entity("a", { relations: { parent: "b" } }), entity("b", { position: 2 })];
    const { job, sent } = await jobOf(entities, {}, { onOutcomes: () => undefined });
    await runSteps(job, ({ index }) => {
      if (index === 0) job.control.stop.because("overBudget");
      return [iterate([entities.slice(index, index + 1)]), deferRelations(job.target, job.ledger, job.keys)];
    });
    expect(sent).toEqual([]);
    expect(job.ledger.close(true).entities).toMatchObject({ mapped: 2, notAttempted: 2 });
  });

  it("stops and fails with what the target throws", async () => {
    const { job } = await jobOf([entity("a")], {
      upsert: async () => {
        throw new Error("the blueprint is gone");
      },
    });
    const run = runSteps(job, () => [iterate([[entity("a")]]), deferRelations(job.target, job.ledger, job.keys)]);
    await expect(run).rejects.toThrow("the blueprint is gone");
    expect(job.control.stop.reason).toBe("failed");
  });
});
