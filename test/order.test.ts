import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Blueprint, Relation } from "../src/blueprint.js";
import { BlueprintError, InternalError } from "../src/errors.js";
import { planSteps, type StepInput, type StepOptions, type StepPlan } from "../src/order.js";

type Links = Record<string, Record<string, string>>;

/** A catalog from `{ service: { owner: "team!" } }`; `!` marks a required relation. */
function catalogOf(links: Links): ReadonlyMap<string, Blueprint> {
  return new Map(
    Object.entries(links).map(([identifier, targets]) => {
      const relations: Record<string, Relation> = {};
      for (const [key, target] of Object.entries(targets)) {
        relations[key] = { target: target.replace("!", ""), required: target.endsWith("!") };
      }
      return [identifier, { identifier, schema: { properties: {} }, relations }];
    }),
  );
}

function plan(links: Links, options: Partial<StepOptions & StepInput> = {}): StepPlan {
  const { blueprints = Object.keys(links), dynamic = false, ...rest } = options;
  return planSteps({ blueprints, dynamic }, catalogOf(links), { createMissing: false, ...rest });
}

const orderOf = (of: StepPlan) => of.steps.map((step) => step.blueprint);

describe("planSteps", () => {
  it("puts relation targets first", () => {
    const of = plan({ service: { owner: "team", domain: "domain" }, domain: { lead: "team" }, team: {} });
    expect(of.steps).toEqual([
      { index: 0, blueprint: "team" },
      { index: 1, blueprint: "domain" },
      { index: 2, blueprint: "service" },
    ]);
    expect(["service", "domain", "team"].map(of.stepOf)).toEqual([2, 1, 0]);
    expect(["service", "domain", "team"].flatMap(of.deferrable)).toEqual([]);
  });

  it("keeps the order of appearance where nothing else decides", () => {
    expect(orderOf(plan({ c: {}, a: {}, b: {} }))).toEqual(["c", "a", "b"]);
    expect(orderOf(plan({ c: {}, a: {}, b: {} }, { blueprints: ["b", "c", "b", "a"] }))).toEqual(["b", "c", "a"]);
  });

  it("defers self relations that are not required", () => {
    const of = plan({ service: { dependsOn: "service", owner: "team" }, team: {} });
    expect(of.deferrable("service")).toEqual(["dependsOn"]);
  });

  it("orders a cycle so that required relations point backwards, and defers the others that do not", () => {
    const of = plan({ service: { owner: "team!", twin: "service" }, team: { main: "service", part: "org" }, org: {} });
    expect(orderOf(of)).toEqual(["org", "team", "service"]);
    expect([of.deferrable("team"), of.deferrable("service")]).toEqual([["main"], ["twin"]]);
  });

  it("starts a cycle with the blueprint that has the fewest targets in it", () => {
    const of = plan({ a: { b: "b", c: "c" }, b: { a: "a" }, c: { a: "a", b: "b" } });
    expect(orderOf(of)).toEqual(["b", "a", "c"]);
  });

  it("refuses a cycle of required relations and names it", () => {
    const links = { a: { toB: "b!" }, b: { toC: "c!" }, c: { toB: "b!", toA: "a" } };
    expect(() => plan(links)).toThrow(BlueprintError);
    expect(() => plan(links)).toThrow(/: b\.toC → c, c\.toB → b$/);
  });

  it("refuses a required relation of a blueprint to itself", () => {
    expect(() => plan({ a: { parent: "a!" } })).toThrow(/: a\.parent → a$/);
  });

  it("orders a required cycle when missing entities are created, and defers nothing required", () => {
    const of = plan({ a: { b: "b!", self: "a!" }, b: { a: "a!", twin: "b" } }, { createMissing: true });
    expect(orderOf(of)).toEqual(["a", "b"]);
    expect([of.deferrable("a"), of.deferrable("b")]).toEqual([[], ["twin"]]);
  });

  it("looks only at relations that the mapping writes", () => {
    const links = { a: { b: "b!", c: "c" }, b: { a: "a!" }, c: {} };
    const of = plan(links, { mapped: new Map([["a", ["c"]]]) });
    expect(orderOf(of)).toEqual(["c", "a", "b"]);
    expect(["a", "b", "c"].flatMap(of.deferrable)).toEqual([]);
  });

  it("does not mind targets outside the import", () => {
    const of = plan({ a: { user: "_user!", other: "b" }, b: { a: "a" } }, { blueprints: ["a"] });
    expect([orderOf(of), of.deferrable("a")]).toEqual([["a"], []]);
    expect(() => of.stepOf("b")).toThrow(InternalError);
  });

  it("gives resources with an expression as blueprint one last step, in which any target may come", () => {
    const links = { a: { b: "b", c: "c!", d: "d" }, b: { a: "a", b: "b!" }, c: {}, d: {} };
    const of = plan(links, { blueprints: ["a", "c"], dynamic: true, mappedDynamic: ["a", "d"] });
    expect(of.steps).toEqual([{ index: 0, blueprint: "c" }, { index: 1, blueprint: "a" }, { index: 2 }]);
    expect([of.stepOf("a"), of.stepOf("b"), of.stepOfResource({ blueprint: "a" }), of.stepOfResource({})]).toEqual([
      1, 2, 1, 2,
    ]);
    expect([of.deferrable("a"), of.deferrable("b")]).toEqual([["b", "d"], ["a"]]);
    // Required targets may come in the last step as well.
    expect(of.awaited("a")).toEqual(["b", "c", "d"]);
  });

  it("plans an import of dynamic resources alone", () => {
    const of = plan({ a: { a: "a" } }, { blueprints: [], dynamic: true });
    expect([of.steps, of.stepOf("a"), of.deferrable("a")]).toEqual([[{ index: 0 }], 0, ["a"]]);
  });
});

describe("planSteps, for all graphs", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  const name = fc.constantFrom(...names);
  const arrow = fc.record({ from: name, to: name, isRequired: fc.boolean() });
  const graph = fc.record({
    arrows: fc.array(arrow, { maxLength: 16 }),
    blueprints: fc.shuffledSubarray(names, { minLength: 1 }),
    createMissing: fc.boolean(),
  });
  const linksOf = (arrows: readonly { from: string; to: string; isRequired: boolean }[]): Links => {
    const links: Links = Object.fromEntries(names.map((key) => [key, {}]));
    for (const [index, { from, to, isRequired }] of arrows.entries()) {
      Object.assign(links[from] ?? {}, { [`r${index}`]: isRequired ? `${to}!` : to });
    }
    return links;
  };

  it("points every relation that cannot wait to an earlier step, defers nothing required, and repeats itself", () => {
    fc.assert(
      fc.property(graph, ({ arrows, blueprints, createMissing }) => {
        const links = linksOf(arrows);
        const inside = arrows.filter(({ from, to }) => blueprints.includes(from) && blueprints.includes(to));
        const attempt = () => plan(links, { blueprints, createMissing });
        if (!createMissing && hasCycle(inside.filter((one) => one.isRequired))) {
          expect(attempt).toThrow(BlueprintError);
          return;
        }
        const of = attempt();
        expect(orderOf(of).toSorted()).toEqual(blueprints.toSorted());
        for (const [index, { from, to, isRequired }] of arrows.entries()) {
          if (!inside.some((one) => one.from === from && one.to === to)) continue;
          const isDeferrable = of.deferrable(from).includes(`r${index}`);
          const pointsBack = of.stepOf(to) < of.stepOf(from);
          if (isRequired) expect([isDeferrable, pointsBack || createMissing]).toEqual([false, true]);
          else expect(isDeferrable).toBe(!pointsBack);
          // what is on no cycle never waits
          if (!reaches(inside, to, from)) expect(pointsBack).toBe(true);
        }
        expect(orderOf(attempt())).toEqual(orderOf(of));
      }),
      { numRuns: 500 },
    );
  });
});

function reaches(arrows: readonly { from: string; to: string }[], start: string, end: string): boolean {
  const seen = new Set([start]);
  for (const node of seen) for (const { from, to } of arrows) if (from === node) seen.add(to);
  return seen.has(end);
}

function hasCycle(arrows: readonly { from: string; to: string }[]): boolean {
  return arrows.some(({ from, to }) => reaches(arrows, to, from));
}
