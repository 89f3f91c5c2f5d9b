import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { firstWrite, relationsToDefer, secondStep } from "../../src/settle/deferral.js";
import { entity } from "../support/entities.js";

const blueprint: Blueprint = {
  identifier: "service",
  schema: { properties: {} },
  relations: {
    parent: { target: "service" },
    uses: { target: "service", many: true },
    owner: { target: "team" },
    home: { target: "team", required: true },
  },
};
const known =
  (...keys: string[]) =>
  (of: string, identifier: string) =>
    keys.includes(`${of}/${identifier}`);

describe("relationsToDefer", () => {
  const self = entity("a", { relations: { parent: "b", uses: ["a", "c"], owner: "t" } });

  it("defers what names an unknown target, and only deferrable relations", () => {
    expect(relationsToDefer(self, ["parent", "uses"], blueprint, known())).toEqual(["parent", "uses"]);
    expect(relationsToDefer(self, ["parent", "uses"], blueprint, known("service/b"))).toEqual(["uses"]);
    expect(relationsToDefer(self, ["parent", "uses"], blueprint, known("service/a", "service/b", "service/c"))).toEqual(
      [],
    );
  });

  it("has nothing to defer for null, absent and searched targets", () => {
    const none = entity("a", { relations: { parent: null, uses: { combinator: "and", rules: [] } } });
    expect(relationsToDefer(none, ["parent", "uses"], blueprint, known())).toEqual([]);
  });
});

describe("firstWrite", () => {
  const self = entity("a", { properties: { tier: 1 }, relations: { parent: "b", owner: "t" } });

  it("is the only write where nothing waits", () => {
    expect(firstWrite(self, "override", [])).toEqual({ entity: self, mode: "override" });
  });

  it("leaves out what waits, and merges in override mode so that nothing is unset", () => {
    const write = firstWrite(self, "override", ["parent"]);
    expect(write).toMatchObject({ mode: "merge" });
    expect(write.entity.body).toEqual({ identifier: "a", properties: { tier: 1 }, relations: { owner: "t" } });
    expect(JSON.parse(write.entity.json)).toEqual(write.entity.body);
    expect(write.entity.bytes).toBe(write.entity.json.length);
    expect(firstWrite(self, "create", ["parent"]).mode).toBe("create");
  });
});

describe("secondStep", () => {
  const whole = entity("a", { title: "A", relations: { parent: "b", uses: ["c", "d"], owner: "t" } });
  const knowing = (...keys: string[]) => ({ isKnown: known(...keys), isPending: known() });
  const all = knowing("service/b", "service/c", "service/d", "team/t");

  it.each(["merge", "create", "override"] as const)(
    "merges identifier and waiting relations of what it created in %s",
    (mode) => {
      const step = secondStep(
        { is: "deferred", entity: whole, first: "created", waiting: ["parent", "uses"] },
        mode,
        blueprint,
        all,
      );
      expect(step).toMatchObject({ is: "write", missing: [], write: { mode: "merge" } });
      expect(step.is === "write" && step.write.entity.body).toEqual({
        identifier: "a",
        properties: {},
        relations: { parent: "b", uses: ["c", "d"] },
      });
    },
  );

  it("overrides the whole entity in override where it was there before", () => {
    const deferred = { is: "deferred" as const, entity: whole, first: "updated" as const, waiting: ["parent"] };
    expect(secondStep(deferred, "override", blueprint, all)).toEqual({
      is: "write",
      missing: [],
      write: { entity: whole, mode: "override" },
    });
  });

  it("never overrides where a target is missing", () => {
    const deferred = {
      is: "deferred" as const,
      entity: whole,
      first: "updated" as const,
      waiting: ["parent", "uses"],
    };
    const step = secondStep(deferred, "override", blueprint, knowing("service/c", "team/t"));
    expect(step).toMatchObject({ is: "write", write: { mode: "merge" } });
    expect(step.is === "write" && step.write.entity.body.relations).toEqual({ uses: ["c"] });
    expect(step.missing).toEqual([
      { relation: "parent", target: "service", identifier: "b" },
      { relation: "uses", target: "service", identifier: "d" },
    ]);
  });

  it("leaves an entity as it is where no waiting relation has a target", () => {
    const orphan = entity("a", { relations: { parent: "x" } });
    const deferred = { is: "deferred" as const, entity: orphan, first: "created" as const, waiting: ["parent"] };
    expect(secondStep(deferred, "merge", blueprint, knowing())).toEqual({
      is: "done",
      missing: [{ relation: "parent", target: "service", identifier: "x" }],
    });
  });

  it("sends an entity that was refused again, whole except for what is missing, in its mode", () => {
    const refused = { is: "deferred" as const, entity: whole, waiting: [] };
    const step = secondStep(refused, "create", blueprint, knowing("service/b", "service/c", "service/d"));
    expect(step).toMatchObject({ is: "write", write: { mode: "create" } });
    expect(step.is === "write" && step.write.entity.body).toEqual({
      ...whole.body,
      relations: { parent: "b", uses: ["c", "d"] },
    });
    expect(step.missing).toEqual([{ relation: "owner", target: "team", identifier: "t" }]);
  });

  it("leaves out a relation whose target is itself pending, and lets it wait once more", () => {
    const refused = { is: "deferred" as const, entity: whole, waiting: [] };
    const step = secondStep(refused, "override", blueprint, {
      isKnown: known("service/c", "service/d", "team/t"),
      isPending: known("service/b"),
    });
    expect(step).toMatchObject({
      is: "write",
      missing: [],
      write: { mode: "merge", deferred: { entity: whole, waiting: ["parent"] } },
    });
  });

  it("postpones relations of a written entity whose target is pending, so that none is lost unsaid", () => {
    const written = {
      is: "deferred" as const,
      entity: entity("a", { relations: { uses: ["b"] } }),
      waiting: ["uses"],
      first: "created" as const,
    };
    const pending = { isKnown: known(), isPending: known("service/b") };
    for (const mode of ["merge", "override"] as const)
      expect(secondStep(written, mode, blueprint, pending)).toEqual({ is: "postponed", missing: [] });
  });

  it("postpones an entity whose required target is pending, and gives up where it is missing", () => {
    const needs = { is: "deferred" as const, entity: entity("a", { relations: { home: "t" } }), waiting: [] };
    expect(secondStep(needs, "merge", blueprint, { isKnown: known(), isPending: known("team/t") }).is).toBe(
      "postponed",
    );
    expect(secondStep(needs, "merge", blueprint, knowing())).toEqual({
      is: "impossible",
      missing: [{ relation: "home", target: "team", identifier: "t" }],
    });
  });
});
