import { describe, expect, it } from "vitest";
import { startSession } from "./session.js";

const services = "/v1/blueprints/service/entities";
const deployments = "/v1/blueprints/deployment/entities";
const version = { version: "1" };

describe("relations", () => {
  it("404s a target that does not exist, in the words of a live reply", async () => {
    const { call, emulator } = await startSession();
    const reply = await call("POST", services, { identifier: "a", relations: { team: "x" } });
    const message = 'Entity with identifier "x" does not exist in the blueprint "team"';
    expect([reply.status, reply.body]).toMatchObject([404, { ok: false, error: "not_found", message }]);
    expect((await call("POST", services, { identifier: "a", relations: { uses: ["a"] } })).status).toBe(404);
    expect(emulator.store.count("service")).toBe(0);
  });

  it("creates missing targets bare when asked to, but never users and teams of the system", async () => {
    const relations = { owner: { target: "_user", required: false, many: false } };
    const { call, emulator } = await startSession();
    await call("PATCH", "/v1/blueprints/service", { relations });
    const flag = "?create_missing_related_entities=true";
    const body = { identifier: "a", relations: { team: "t", uses: ["b", "c"] } };
    const reply = await call("POST", `${services}${flag}`, body);
    expect([reply.status, reply.body.entity.relations]).toEqual([201, { team: "t", uses: ["b", "c"], owner: null }]);
    expect(emulator.store.entity("team", "t")?.properties).toEqual({});
    expect(emulator.store.entities("service").map((e) => e.identifier)).toEqual(["b", "c", "a"]);
    expect(
      (await call("POST", `${services}${flag}`, { identifier: "d", relations: { owner: "u@x.org" } })).status,
    ).toBe(404);
    const faulty = { identifier: "e", properties: { tier: 1 }, relations: { team: "never" } };
    expect((await call("POST", `${services}${flag}`, faulty)).status).toBe(422);
    expect(emulator.store.entity("team", "never")).toBe(undefined);
  });

  it("creates missing targets in an own blueprint whose name begins with `_`, not in one of the system", async () => {
    const { call, emulator } = await startSession();
    await call("POST", "/v1/blueprints", { identifier: "_cost", title: "Cost", schema: { properties: {} } });
    const relations = { cost: { target: "_cost" }, card: { target: "_scorecard" } };
    expect((await call("PATCH", "/v1/blueprints/service", { relations })).status).toBe(200);
    const flag = "?create_missing_related_entities=true";
    const write = (held: object) => call("POST", `${services}${flag}`, { identifier: "a", relations: held });
    expect((await write({ card: "c" })).status).toBe(404);
    expect((await write({ cost: "c" })).status).toBe(201);
    expect([emulator.store.count("_cost"), emulator.store.count("_scorecard")]).toEqual([1, 0]);
  });

  it("404s a relation that the blueprint lacks, names of inherited members too", async () => {
    const { call } = await startSession();
    for (const key of ["other", "constructor"]) {
      const reply = await call("POST", services, { identifier: "a", relations: { [key]: null } });
      expect([reply.status, reply.body.error]).toEqual([404, "not_found"]);
    }
  });

  it("wraps one for many, takes an array of one for one, refuses several for one", async () => {
    const { call } = await startSession();
    for (const identifier of ["a", "b"]) await call("POST", services, { identifier });
    await call("POST", "/v1/blueprints/team/entities", { identifier: "t", properties: { mail: "m" } });
    const write = (relations: object) => call("POST", `${services}?upsert=true`, { identifier: "c", relations });
    expect((await write({ uses: "a" })).body.entity.relations).toEqual({ team: null, uses: ["a"] });
    expect((await write({ team: ["t"] })).body.entity.relations).toEqual({ team: "t", uses: [] });
    expect((await write({ team: [] })).body.entity.relations).toEqual({ team: null, uses: [] });
    expect((await write({ uses: ["a", "a"] })).body.entity.relations).toEqual({ team: null, uses: ["a", "a"] });
    const several = await write({ team: ["t", "u"] });
    expect([several.status, several.body.error]).toEqual([422, "relation_many_violation"]);
  });

  it("refuses each of these under the other readings", async () => {
    const readings = {
      scalarForMany: "reject",
      arrayForSingle: "reject",
      unknownRelation: 422,
      duplicateTargets: "dedupe",
      selfTarget: "exists",
    } as const;
    const { call } = await startSession({ readings });
    await call("POST", services, { identifier: "a" });
    const write = (relations: object) => call("POST", `${services}?upsert=true`, { identifier: "c", relations });
    expect((await write({ uses: "a" })).status).toBe(422);
    expect((await write({ team: ["a"] })).body.error).toBe("relation_many_violation");
    expect((await write({ other: "a" })).status).toBe(422);
    expect((await write({ uses: ["a", "a", "c"] })).body.entity.relations.uses).toEqual(["a", "c"]);
  });

  it("asks for required relations: 422 when missing, 403 when taken away", async () => {
    const { call } = await startSession();
    await call("POST", services, { identifier: "a" });
    const missing = await call("POST", deployments, { identifier: "d", properties: version });
    expect([missing.status, missing.body.error]).toEqual([422, "required_relation"]);
    const body = { identifier: "d", properties: version, relations: { service: "a" } };
    expect((await call("POST", deployments, body)).status).toBe(201);
    const merge = await call("POST", `${deployments}?upsert=true&merge=true`, { identifier: "d", title: "D" });
    expect([merge.status, merge.body.entity.relations]).toEqual([200, { service: "a" }]);
    const taken = await call("PATCH", `${deployments}/d`, { relations: { service: null } });
    expect([taken.status, taken.body.error]).toEqual([403, "required_relation"]);
    expect((await call("PUT", `${deployments}/d`, { properties: version })).status).toBe(422);
  });

  it("resolves queries in place of identifiers and relations", async () => {
    const { call } = await startSession();
    const gold = { combinator: "and", rules: [{ property: "tier", operator: "=", value: "gold" }] };
    await call("POST", services, { identifier: "a", properties: { tier: "gold" } });
    const changed = await call("POST", `${services}?upsert=true&merge=true`, { identifier: gold, title: "A" });
    expect([changed.status, changed.body.entity.identifier, changed.body.entity.title]).toEqual([200, "a", "A"]);
    const related = await call("POST", services, {
      identifier: "b",
      properties: { tier: "gold" },
      relations: { uses: gold },
    });
    expect(related.body.entity.relations.uses).toEqual(["a"]);
    expect((await call("POST", `${services}?upsert=true&merge=true`, { identifier: gold })).status).toBe(422);
    const silver = { combinator: "and", rules: [{ property: "tier", operator: "in", value: ["silver"] }] };
    expect((await call("POST", `${services}?upsert=true`, { identifier: silver })).status).toBe(404);
    const none = await call("PATCH", `${services}/b`, { relations: { team: silver, uses: silver } });
    expect(none.body.entity.relations).toEqual({ team: null, uses: [] });
    const several = await call("POST", deployments, { properties: version, relations: { service: gold } });
    expect([several.status, several.body.error]).toEqual([422, "relation_many_violation"]);
    expect((await call("POST", services, { identifier: { combinator: "and" } })).status).toBe(422);
  });

  it("attaches titles to relations and trims replies", async () => {
    const { call } = await startSession();
    await call("POST", services, { identifier: "a", title: "A" });
    await call("POST", services, { identifier: "b", relations: { uses: ["a"] }, properties: { tier: "gold" } });
    const attached = await call(
      "GET",
      `${services}/b?attach_title_to_relation=true&exclude_calculated_properties=true`,
    );
    expect(attached.body.entity.relations).toEqual({ team: null, uses: [{ identifier: "a", title: "A" }] });
  });
});
