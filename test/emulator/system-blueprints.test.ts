import { describe, expect, it } from "vitest";
import { startSession } from "./session.js";

const system = ["_team", "_user", "_scorecard", "_rule", "_rule_result"];
type Body = Record<string, unknown> & {
  schema: { properties: Record<string, object> };
  relations: Record<string, object>;
};

describe("blueprints of the system", () => {
  it.each(system)("%s is there and cannot be deleted or renamed", async (identifier) => {
    const { call, emulator } = await startSession();
    const path = `/v1/blueprints/${identifier}`;
    const { blueprint } = (await call("GET", path)).body as { blueprint: Body };
    expect(blueprint.identifier).toBe(identifier);
    const violation = {
      ok: false,
      error: "protected_blueprint_violation",
      message: expect.stringContaining(identifier),
    };
    for (const deletion of [path, `${path}/all-entities?delete_blueprint=true`]) {
      const reply = await call("DELETE", deletion);
      expect([reply.status, reply.body]).toEqual([403, violation]);
    }
    for (const method of ["PUT", "PATCH"]) {
      const reply = await call(method, path, { ...blueprint, identifier: "other" });
      expect([reply.status, reply.body]).toEqual([422, violation]);
    }
    expect(emulator.store.blueprints().map((b) => b.identifier)).toContain(identifier);
    const strict = await startSession({ readings: { protectedStatus: 422 } });
    expect((await strict.call("DELETE", path)).status).toBe(422);
  });

  it("keep what they come with", async () => {
    const { call } = await startSession();
    const path = "/v1/blueprints/_rule";
    const { blueprint } = (await call("GET", path)).body as { blueprint: Body };
    const changes: [method: string, path: string, body: object][] = [
      ["PUT", path, { ...blueprint, schema: { properties: {} } }],
      ["PUT", path, { ...blueprint, relations: {} }],
      ["PUT", path, { ...blueprint, relations: { scorecard: { target: "_scorecard" } } }],
      ["PATCH", path, { relations: { scorecard: { target: "service" } } }],
      ["PATCH", path, { schema: { properties: { level: { type: "string", title: "Other" } } } }],
      ["PATCH", `${path}/properties/level/rename`, { newPropertyName: "other" }],
      ["PATCH", `${path}/relations/scorecard/rename`, { newRelationIdentifier: "other" }],
    ];
    for (const [method, where, body] of changes) {
      const reply = await call(method, where, body);
      expect([reply.status, reply.body.error]).toEqual([422, "protected_blueprint_violation"]);
    }
    expect((await call("GET", path)).body.blueprint).toEqual(blueprint);
  });

  it("can be extended, and what was added can go again", async () => {
    const { call } = await startSession();
    const path = "/v1/blueprints/_rule_result";
    const { blueprint } = (await call("GET", path)).body as { blueprint: Body };
    const cost = { type: "number", title: "Cost" };
    const put = await call("PUT", path, {
      ...blueprint,
      schema: { properties: { ...blueprint.schema.properties, cost } },
    });
    expect([put.status, Object.keys(put.body.blueprint.schema.properties)]).toEqual([
      200,
      ["result", "entity", "cost"],
    ]);
    const patched = await call("PATCH", path, { relations: { service: { target: "service" } } });
    expect([patched.status, Object.keys(patched.body.blueprint.relations)]).toEqual([200, ["rule", "service"]]);
    expect((await call("PATCH", `${path}/properties/cost/rename`, { newPropertyName: "price" })).status).toBe(200);
    expect((await call("PUT", path, blueprint)).body.blueprint.schema).toEqual(blueprint.schema);
  });

  it("of scorecards and rules take entities, of results none", async () => {
    const { call } = await startSession();
    const card = { identifier: "s", properties: { blueprint: "service", levels: [{ title: "Gold", color: "gold" }] } };
    expect((await call("POST", "/v1/blueprints/_scorecard/entities", card)).status).toBe(201);
    const rule = { identifier: "r", properties: { level: "Gold", query: {} }, relations: { scorecard: "s" } };
    expect((await call("POST", "/v1/blueprints/_rule/entities", rule)).status).toBe(201);
    const result = { identifier: "x", relations: { rule: "r" } };
    const refused = await call("POST", "/v1/blueprints/_rule_result/entities", result);
    expect([refused.status, refused.body.error]).toEqual([403, "protected_resource"]);
  });
});

describe("teams as owners", () => {
  const owned = "/v1/blueprints/owned/entities";
  async function withTeams(options?: Parameters<typeof startSession>[0]) {
    const session = await startSession(options);
    for (const identifier of ["red", "blue"])
      await session.call("POST", "/v1/blueprints/_team/entities", { identifier });
    await session.call("POST", owned, { identifier: "a", team: ["red", "blue"] });
    await session.call("POST", "/v1/blueprints/inherited/entities", { identifier: "i", relations: { owned: "a" } });
    const teams = async (path: string) => (await session.call("GET", path)).body.entity.team;
    return { ...session, teams };
  }

  it("keep what they own when they are renamed, and leave it when they are deleted", async () => {
    const { call, teams } = await withTeams();
    expect((await call("PATCH", "/v1/blueprints/_team/entities/red", { identifier: "green" })).status).toBe(200);
    expect(await teams(`${owned}/a`)).toEqual(["green", "blue"]);
    expect(await teams("/v1/blueprints/inherited/entities/i")).toEqual(["green", "blue"]);
    expect((await call("DELETE", "/v1/blueprints/_team/entities/blue?delete_dependents=true")).status).toBe(200);
    expect(await teams(`${owned}/a`)).toEqual(["green"]);
  });

  it("stay named as owners under the reading deletedTarget: dangling", async () => {
    const { call, teams } = await withTeams({ readings: { deletedTarget: "dangling" } });
    await call("DELETE", "/v1/blueprints/_team/entities/blue");
    expect(await teams(`${owned}/a`)).toEqual(["red", "blue"]);
  });
});
