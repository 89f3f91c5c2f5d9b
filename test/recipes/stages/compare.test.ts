import { describe, expect, it } from "vitest";
import type { FoundEntity } from "../../../src/entity.js";
import { compareWithCatalog } from "../../../src/recipes/stages/compare.js";
import { createKeySet } from "../../../src/settle/keys.js";
import { blueprintOf } from "../../support/catalog.js";
import { collect, entity, iterate } from "../../support/entities.js";
import { memoryLedger, targetOf } from "../../support/run.js";

const service = blueprintOf("service", {
  schema: { properties: { size: { type: "number" } } },
  relations: { owner: { target: "team" } },
});

/** The comparison with a catalog that answers as given. */
function comparisonWith(
  answer: (identifiers: readonly string[], include?: readonly string[]) => readonly FoundEntity[],
) {
  const asked: [number, readonly string[] | undefined][] = [];
  const { ledger } = memoryLedger();
  const { target } = targetOf({
    rules: {
      blueprints: new Map([["service", service]]),
      fieldsOf: () => ({ head: [], properties: ["size"], relations: ["owner"] }),
    },
    async lookUp(_blueprint, identifiers, include) {
      asked.push([identifiers.length, include]);
      return new Map(answer(identifiers, include).map((found) => [found.identifier, found]));
    },
  });
  return { compare: compareWithCatalog(target, ledger, createKeySet()), asked, ledger };
}

const services = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) =>
    entity(`s${from + i}`, { properties: { size: 1 }, relations: { owner: "t" }, position: from + i + 1 }),
  );

describe("the comparison with the catalog", () => {
  it("asks for a thousand at a time whatever the chunks, and keeps the order", async () => {
    const { compare, asked, ledger } = comparisonWith(() => []);
    const chunks = [services(0, 700), services(700, 1400), services(1400, 2300)];
    const through = (await collect(compare(iterate(chunks)))).flat();
    expect(asked.map(([count]) => count)).toEqual([1000, 1000, 300]);
    expect(through.map(({ key }) => key.identifier)).toEqual(Array.from({ length: 2300 }, (_, i) => `s${i}`));
    expect(ledger.counts.entities).toMatchObject({ unchanged: 0, rejected: 0 });
  });

  it("asks for whole entities once a server leaves out the relations that it was asked to include", async () => {
    const { compare, asked, ledger } = comparisonWith((identifiers, include) =>
      identifiers.map((identifier) => ({
        identifier,
        properties: { size: 1 },
        ...(include === undefined && { relations: { owner: "t" } }),
      })),
    );
    await collect(compare(iterate([services(0, 1000)])));
    await collect(compare(iterate([services(1000, 1001)])));
    expect(asked.slice(0, 2)).toEqual([
      [1000, ["$identifier", "size", "owner"]],
      [1000, undefined],
    ]);
    expect(ledger.counts.entities).toMatchObject({ unchanged: 1001, rejected: 0 });
  });

  it("always lets through what a search names", async () => {
    const { compare, asked } = comparisonWith(() => []);
    const found = entity("{}", { identifier: { combinator: "and", rules: [] }, properties: { size: 1 } });
    const through = (await collect(compare(iterate([[found]])))).flat();
    expect([through, asked]).toEqual([[found], []]);
  });

  it("ends with the failure of a look-up, in its turn", async () => {
    const { compare } = comparisonWith(() => {
      throw new Error("gone");
    });
    await expect(collect(compare(iterate([services(0, 5000)])))).rejects.toThrow("gone");
  });
});
