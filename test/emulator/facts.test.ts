import { request } from "undici";
import { describe, expect, it } from "vitest";
import { startSession } from "./session.js";

const services = "/v1/blueprints/service/entities";
const all = { query: { combinator: "and", rules: [] } };

/** What Port's own clients and documents show beyond its API description; docs/emulator.md says where each is taken from. Each fact by its name, at its likeliest reading. */
const facts: Readonly<Record<string, () => Promise<void>>> = {
  "a property that the blueprint lacks is accepted and not stored, alone and in bulk": async () => {
    const { call } = await startSession();
    const properties = { tier: "gold", nowhere: 1 };
    expect((await call("POST", services, { identifier: "a", properties })).status).toBe(201);
    expect(
      (await call("POST", `${services}/bulk`, { entities: [{ identifier: "b", properties }] })).body.errors,
    ).toEqual([]);
    for (const one of ["a", "b"])
      expect((await call("GET", `${services}/${one}`)).body.entity.properties).not.toHaveProperty("nowhere");
  },
  "a relation that the blueprint lacks stays an error": async () => {
    const { call } = await startSession();
    expect((await call("POST", services, { identifier: "a", relations: { nowhere: "x" } })).status).toBe(404);
  },
  "a mirror property that is written is tolerated and dropped": async () => {
    const { call } = await startSession();
    const reply = await call("POST", services, { identifier: "a", properties: { teamName: "mine" } });
    expect([reply.status, (await call("GET", `${services}/a`)).body.entity.properties.teamName]).toEqual([201, null]);
  },
  "a null title, icon and team are a clear": async () => {
    const { call } = await startSession();
    await call("POST", services, { identifier: "a", title: "A", icon: "Box" });
    const cleared = await call("POST", `${services}?upsert=true&merge=true`, {
      identifier: "a",
      title: null,
      icon: null,
      team: null,
    });
    expect([cleared.status, cleared.body.entity]).toMatchObject([200, { title: null, icon: null, team: [] }]);
  },
  "what is unset is null in a reply: icon, single relations, and [] for teams and relations to many; a null property is kept":
    async () => {
      const { call } = await startSession();
      await call("POST", services, { identifier: "a", properties: { tier: null } });
      expect((await call("GET", `${services}/a`)).body.entity).toMatchObject({
        icon: null,
        team: [],
        properties: { tier: null },
        relations: { team: null, uses: [] },
      });
    },
  "a new relation of a blueprint may not begin with _, with details": async () => {
    const { call } = await startSession();
    const relations = { _owner: { target: "team", required: false, many: false } };
    const reply = await call("POST", "/v1/blueprints", {
      identifier: "x",
      title: "X",
      schema: { properties: {} },
      relations,
    });
    expect([reply.status, reply.body]).toMatchObject([
      422,
      { error: "system_identifier_error", message: 'Relation identifiers cannot start with "_"', details: {} },
    ]);
  },
  "a 404 says in details which resource, by which field, with which value": async () => {
    const { call } = await startSession();
    expect((await call("GET", `${services}/none`)).body.details).toEqual({
      resource: "Entity",
      byField: "identifier",
      withValue: "none",
    });
  },
  "a protected blueprint refuses entities with 403": async () => {
    const { call } = await startSession();
    expect((await call("POST", "/v1/blueprints/_rule_result/entities", { identifier: "a" })).status).toBe(403);
  },
  "a date-time may have +0000 as its offset": async () => {
    const { call } = await startSession();
    const properties = { since: "2026-01-01T00:00:00.000+0000" };
    expect((await call("POST", services, { identifier: "a", properties })).status).toBe(201);
  },
  "replies of both searches are packed for those who take it": async () => {
    const { call, emulator } = await startSession();
    const { accessToken } = (
      await call("POST", "/v1/auth/access_token", { clientId: "portload", clientSecret: "portload" })
    ).body;
    for (const [path, body] of [
      [`${services}/search`, all],
      ["/v1/entities/search", all.query],
    ] as const) {
      const headers = {
        authorization: accessToken as string,
        "content-type": "application/json",
        "accept-encoding": "gzip",
      };
      const reply = await request(new URL(path, emulator.url), { method: "POST", headers, body: JSON.stringify(body) });
      await reply.body.dump();
      expect(reply.headers["content-encoding"]).toBe("gzip");
    }
  },
  "a property type beyond the five is refused where it is made, and listed where the catalog has it": async () => {
    const blueprint = { identifier: "x", title: "X", schema: { properties: { n: { type: "integer" } } } };
    const strict = await startSession();
    expect((await strict.call("POST", "/v1/blueprints", blueprint)).status).toBe(422);
    const loose = await startSession({ readings: { unlistedType: "accept" } });
    expect((await loose.call("POST", "/v1/blueprints", blueprint)).status).toBe(201);
    expect((await loose.call("GET", "/v1/blueprints/x")).body.blueprint.schema.properties.n.type).toBe("integer");
  },
  "the reset header is in seconds since 1970": async () => {
    const { call } = await startSession({ limits: "port" });
    const reset = Number((await call("GET", "/v1/blueprints")).headers["x-ratelimit-reset"]);
    expect(reset).toBeGreaterThan(1_700_000_000);
    expect(reset).toBeLessThan(10_000_000_000);
  },
  "several writes of one entity merge": async () => {
    const { call } = await startSession();
    await call("POST", `${services}?upsert=true&merge=true`, { identifier: "a", properties: { tier: "gold" } });
    await call("POST", `${services}?upsert=true&merge=true`, { identifier: "a", properties: { replicas: 2 } });
    expect((await call("GET", `${services}/a`)).body.entity.properties).toMatchObject({ tier: "gold", replicas: 2 });
  },
};

/** Routes that Port's own clients call, beside those of entities and blueprints. */
const routes: readonly [method: string, path: string, body?: object][] = [
  ["POST", "/v1/blueprints/entities/datasource-entities", { datasource_prefix: "s", datasource_suffix: "n" }],
  ["GET", "/v1/integration"],
  ["GET", "/v1/organization"],
  ["DELETE", "/v1/blueprints/service/bulk/entities", { entities: [] }],
  ["POST", "/v1/entities/aggregate", { func: "count", ...all }],
  ["POST", "/v1/entities/aggregate-over-time", {}],
  ["POST", "/v1/entities/properties-history", {}],
  ["GET", "/v1/blueprints/service/permissions"],
  ["GET", "/v1/users"],
  ["GET", "/v1/teams"],
  ["GET", "/v1/scorecards"],
];

describe("what Port's own clients show", () => {
  it.each(Object.entries(facts))("%s", async (_, fact) => {
    await fact();
  });

  it.each(routes)("%s %s is there", async (method, path, body) => {
    const { call } = await startSession();
    const { status, body: reply } = await call(method, path, body);
    expect([200, 422], JSON.stringify(reply)).toContain(status);
  });
});
