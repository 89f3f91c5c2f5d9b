import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { firstWrite, relationsToDefer, secondWrite } from "../../src/settle/deferral.js";
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
    expect(firstWrite(self, "override", [])).toEqual({ entity: self, mode: "override", pass: "only" });
  });

  it("leaves out what waits, and merges in override mode so that nothing is unset", () => {
    const write = firstWrite(self, "override", ["parent"]);
    expect(write).toMatchObject({ mode: "merge", pass: "first" });
    expect(write.entity.body).toEqual({ identifier: "a", properties: { tier: 1 }, relations: { owner: "t" } });
    expect(JSON.parse(write.entity.json)).toEqual(write.entity.body);
    expect(write.entity.bytes).toBe(write.entity.json.length);
    expect(firstWrite(self, "create", ["parent"]).mode).toBe("create");
  });
});

describe("secondWrite", () => {
  const whole = entity("a", { title: "A", relations: { parent: "b", uses: ["c", "d"], owner: "t" } });
  const all = known("service/b", "service/c", "service/d", "team/t");

  it.each(["merge", "create"] as const)("merges identifier and waiting relations in %s", (mode) => {
    const { write, missing } = secondWrite(
      { entity: whole, mode, first: "created", waiting: ["parent", "uses"] },
      blueprint,
      all,
    );
    expect(missing).toEqual([]);
    expect(write).toMatchObject({ mode: "merge", pass: "second" });
    expect(write?.entity.body).toEqual({
      identifier: "a",
      properties: {},
      relations: { parent: "b", uses: ["c", "d"] },
    });
  });

  it("overrides the whole entity in override", () => {
    const { write } = secondWrite(
      { entity: whole, mode: "override", first: "updated", waiting: ["parent"] },
      blueprint,
      all,
    );
    expect(write).toEqual({ entity: whole, mode: "override", pass: "second" });
  });

  it("never overrides where a target is missing", () => {
    const { write, missing } = secondWrite(
      { entity: whole, mode: "override", first: "updated", waiting: ["parent", "uses"] },
      blueprint,
      known("service/c", "team/t"),
    );
    expect(write?.mode).toBe("merge");
    expect(write?.entity.body.relations).toEqual({ uses: ["c"] });
    expect(missing).toEqual([
      { relation: "parent", target: "service", identifier: "b" },
      { relation: "uses", target: "service", identifier: "d" },
    ]);
  });

  it("writes nothing where no waiting relation has a target", () => {
    const { write, missing } = secondWrite(
      { entity: entity("a", { relations: { parent: "x" } }), mode: "merge", first: "created", waiting: ["parent"] },
      blueprint,
      known(),
    );
    expect(write).toBeUndefined();
    expect(missing).toHaveLength(1);
  });

  it("sends an entity that was refused again, whole but for what is missing, in its mode", () => {
    const refused = { entity: whole, mode: "create" as const, waiting: [] };
    const { write, missing } = secondWrite(refused, blueprint, known("service/b", "service/c", "service/d"));
    expect(write).toMatchObject({ mode: "create", pass: "second" });
    expect(write?.entity.body).toEqual({ ...whole.body, relations: { parent: "b", uses: ["c", "d"] } });
    expect(missing).toEqual([{ relation: "owner", target: "team", identifier: "t" }]);
  });

  it("gives up where a required relation's target is missing", () => {
    const needs = entity("a", { relations: { home: "t" } });
    expect(secondWrite({ entity: needs, mode: "merge", waiting: [] }, blueprint, known())).toEqual({
      missing: [{ relation: "home", target: "team", identifier: "t" }],
    });
  });
});
