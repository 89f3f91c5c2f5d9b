import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../src/outcome.js";
import type { Run } from "../../../src/recipes/run/run.js";
import { compareWithCatalog } from "../../../src/recipes/sync/compare-catalog.js";
import { createKeySet } from "../../../src/settle/keys.js";
import { blueprintOf } from "../../support/catalog.js";
import { collect, entity, iterate } from "../../support/entities.js";

const service = blueprintOf("service", {
  schema: { properties: { size: { type: "number" } } },
  relations: { owner: { target: "team" } },
});

/** A run as far as the comparison looks at it, whose catalog answers as told. */
function runWith(answer: (identifiers: readonly string[], include?: readonly string[]) => readonly object[]) {
  const asked: [number, readonly string[] | undefined][] = [];
  const outcomes: Outcome[] = [];
  const run = {
    mode: "merge",
    catalog: new Map([["service", service]]),
    keys: createKeySet(),
    inventory: { resources: [{ blueprint: "service", properties: ["size"], relations: ["owner"], entity: {} }] },
    accounts: { takeOutcomes: async (more: readonly Outcome[]) => void outcomes.push(...more) },
    client: {
      lookUp: async (_blueprint: string, identifiers: readonly string[], include?: readonly string[]) => {
        asked.push([identifiers.length, include]);
        return new Map(
          answer(identifiers, include).map((found) => [(found as { identifier: string }).identifier, found]),
        );
      },
    },
  } as unknown as Run;
  return { run, asked, outcomes };
}

const services = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) =>
    entity(`s${from + i}`, { properties: { size: 1 }, relations: { owner: "t" }, position: from + i + 1 }),
  );

describe("the comparison with the catalog", () => {
  it("asks for a thousand at a time whatever the chunks, and keeps the order", async () => {
    const { run, asked, outcomes } = runWith(() => []);
    const chunks = [services(0, 700), services(700, 1400), services(1400, 2300)];
    const dues = (await collect(compareWithCatalog(run, iterate(chunks)))).flat();
    expect(asked.map(([count]) => count)).toEqual([1000, 1000, 300]);
    expect(dues.map((due) => due.entity.key.identifier)).toEqual(Array.from({ length: 2300 }, (_, i) => `s${i}`));
    expect(outcomes).toEqual([]);
  });

  it("asks for whole entities once a server leaves out the relations that it was asked to include", async () => {
    const { run, asked, outcomes } = runWith((identifiers, include) =>
      identifiers.map((identifier) => ({
        identifier,
        properties: { size: 1 },
        ...(include === undefined && { relations: { owner: "t" } }),
      })),
    );
    await collect(compareWithCatalog(run, iterate([services(0, 1000)])));
    await collect(compareWithCatalog(run, iterate([services(1000, 1001)])));
    expect(asked.slice(0, 2)).toEqual([
      [1000, ["$identifier", "size", "owner"]],
      [1000, undefined],
    ]);
    expect(outcomes.map(({ is }) => is)).toEqual(Array.from({ length: 1001 }, () => "unchanged"));
  });

  it("always lets through what a search names", async () => {
    const { run, asked } = runWith(() => []);
    const found = entity("{}", { identifier: { combinator: "and", rules: [] }, properties: { size: 1 } });
    const dues = (await collect(compareWithCatalog(run, iterate([[found]])))).flat();
    expect([dues, asked]).toEqual([[{ entity: found }], []]);
  });

  it("ends with the failure of a look-up, in its turn", async () => {
    const { run } = runWith(() => {
      throw new Error("gone");
    });
    await expect(collect(compareWithCatalog(run, iterate([services(0, 5000)])))).rejects.toThrow("gone");
  });
});
