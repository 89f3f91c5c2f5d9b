import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Entity } from "../../src/entity.js";
import { type Outcome, placeOf } from "../../src/outcome.js";
import { openPlanWriter, type PlanFacts } from "../../src/recipes/plan-writer.js";
import { planLines, plannedEntities } from "../../src/recipes/read-plan.js";
import { openWhereabouts } from "../../src/recipes/run/working.js";
import type { Finding, RejectCode } from "../../src/reject.js";
import { createKeySet } from "../../src/settle/keys.js";
import { blueprintOf, makeFolder } from "../support/catalog.js";
import { collect, entity } from "../support/entities.js";
import { memoryLedger, targetOf } from "../support/run.js";

const service = blueprintOf("service", {
  schema: { properties: { size: { type: "number" } } },
  relations: { owner: { target: "team" }, home: { target: "team", required: true } },
});

/** The ops of a plan over entities with such outcomes, and what an apply makes of them. */
async function planOf(
  differences: readonly Entity[],
  outcomes: readonly Outcome[] = [],
  mode: "merge" | "override" = "merge",
) {
  const folder = await makeFolder();
  const file = join(folder, "plan.ndjson");
  const { target } = targetOf({ rules: { blueprints: new Map([["service", service]]), mode } });
  const { ledger } = memoryLedger();
  const facts: PlanFacts = {
    header: {
      startedAt: "2026-01-01T00:00:00Z",
      fingerprints: { mapping: "m", target: "http://port/v1", sources: [] },
    },
    mapping: { file: "mapping.yaml" },
    policies: [{}],
    sources: [],
    rules: target.rules,
    ledger,
  };
  const writer = await openPlanWriter(folder);
  for (const one of differences) await writer.onDifference({ entity: one, changes: [] });
  writer.onOutcomes(outcomes);
  await writer.finish(facts, file);
  const lines = await collect(planLines(file));
  const applied = memoryLedger().ledger;
  const job = { ledger: applied, keys: createKeySet(), whereabouts: await openWhereabouts(1, []) };
  const entities = (await collect(plannedEntities(file, job))).flat();
  return { ops: lines.flatMap((line) => ("op" in line ? [line] : [])), end: lines.at(-1), entities, applied };
}

const rejected = (of: Entity, code: RejectCode, path: string, value: string, stage: "write" | "check" = "write") =>
  ({
    ...placeOf(of),
    is: "rejected",
    reject: { code, stage, path, value, message: `${value} is missing`, at: of.at, resource: 0, item: 0 },
  }) as const;

describe("a plan", () => {
  it("creates what the catalog lacks and updates what differs, and an apply gets the same entities", async () => {
    const before = { identifier: "b", properties: { size: 1 }, relations: {} };
    const a = entity("a", { properties: { size: 1 } });
    const b = entity("b", { properties: { size: 2 }, position: 2 }).with({ before, clears: ["title"] });
    const { ops, end, entities, applied } = await planOf([a, b]);
    expect(ops).toMatchObject([
      { op: "create", blueprint: "service", entity: { identifier: "a" } },
      { op: "update", before, clears: ["title"], entity: { identifier: "b" } },
    ]);
    expect(end).toMatchObject({ line: "end", create: 1, update: 1, delete: 0 });
    expect(entities.map(({ json, before, clears }) => ({ json, before, clears }))).toEqual([
      { json: a.json, before: null, clears: undefined },
      { json: b.json, before, clears: ["title"] },
    ]);
    expect(applied.counts.records).toMatchObject({ read: 2, mapped: 2 });
  });

  it("matches an op and its reject by place: another record of the same entity may be rejected", async () => {
    const a = entity("a");
    const later = entity("a", { properties: { size: 1 }, position: 3 });
    const { ops } = await planOf([a], [rejected(later, "duplicate_differs", "", "a", "check")]);
    expect(ops).toMatchObject([{ op: "create", entity: { identifier: "a" } }]);
  });

  it("leaves a missing target out of an entity that counts as rejected; an apply merges it", async () => {
    const a = entity("a", { properties: { size: 1 }, relations: { owner: "x" } });
    const { ops, entities } = await planOf(
      [a],
      [rejected(a, "relation_target_missing", "relations.owner", "x")],
      "override",
    );
    expect(ops).toMatchObject([
      { entity: { relations: {} }, rejected: { message: "x is missing", path: "relations.owner" } },
    ]);
    expect(entities).toMatchObject([{ mode: "merge", rejected: { code: "relation_target_missing" } }]);
  });

  it("has no op for an entity that would not change without its missing target", async () => {
    const before = { identifier: "a", properties: { size: 1 }, relations: { owner: null } };
    const a = entity("a", { properties: { size: 1 }, relations: { owner: "x" } }).with({ before });
    expect((await planOf([a], [rejected(a, "relation_target_missing", "relations.owner", "x")])).ops).toEqual([]);
  });

  it("has no op for an entity that is not written: without a required target, or refused for anything else", async () => {
    const [a, b] = [entity("a", { relations: { home: "x" } }), entity("b", { position: 2 })];
    const outcomes = [
      rejected(a, "relation_target_missing", "relations.home", "x"),
      rejected(b, "refused_by_api", "", ""),
    ];
    expect((await planOf([a, b], outcomes)).ops).toEqual([]);
  });

  it("shows what is left of an entity that may be without a target, and has no op where nothing is", async () => {
    const before = { identifier: "a", properties: { size: 1 }, relations: { owner: null } };
    const omitted: Finding[] = [{ code: "relation_target_missing", message: "", path: "relations.owner", value: "x" }];
    const bigger = entity("a", { properties: { size: 2 }, relations: { owner: "x" } }).with({ before });
    const same = entity("b", { properties: { size: 1 }, relations: { owner: "x" }, position: 2 }).with({ before });
    const { ops } = await planOf(
      [bigger, same],
      [
        { ...placeOf(bigger), is: "updated", omitted },
        { ...placeOf(same), is: "unchanged", omitted },
      ],
    );
    expect(ops).toMatchObject([
      {
        entity: { identifier: "a", relations: { owner: "x" } },
        changes: [{ path: "properties.size", before: 1, after: 2 }],
      },
    ]);
  });
});
