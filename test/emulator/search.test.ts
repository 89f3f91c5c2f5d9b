import { describe, expect, it } from "vitest";
import { entityOf, type Session, startOfTime, startSession } from "./session.js";

const services = "/v1/blueprints/service/entities";
const search = `${services}/search`;

async function withServices(): Promise<Session> {
  const session = await startSession();
  const { call } = session;
  const team = { identifier: "core", properties: { description: "gamma" } };
  await call("POST", "/v1/blueprints/_team/entities", team);
  const user = {
    identifier: "portload",
    title: "Alpha",
    team: "core",
    properties: { status: "Active", port_role: "beta", port_type: "team" },
  };
  await call("POST", "/v1/blueprints/_user/entities", user);
  await call("POST", "/v1/blueprints/team/entities", { identifier: "t", title: "Tea", properties: { mail: "m" } });
  const write = (identifier: string, fields: object) => call("POST", services, { identifier, ...fields });
  await write("alpha", {
    title: "Alpha",
    team: "core",
    properties: { tier: "gold", replicas: 1, tags: ["x", "y"], since: "2026-01-01T00:00:00Z" },
  });
  await write("beta", {
    title: "Beta",
    icon: "I",
    properties: { tier: "silver", replicas: 2, live: true },
    relations: { team: "t", uses: ["alpha"] },
  });
  await write("gamma", {
    properties: { replicas: 3, tags: [], since: "2025-06-01T00:00:00+02:00" },
    relations: { uses: ["beta"] },
  });
  return session;
}

describe("searching a blueprint", () => {
  const rule = (property: string, operator: string, value?: unknown) =>
    value === undefined ? { property, operator } : { property, operator, value };
  it.each([
    [rule("tier", "=", "gold"), ["alpha"]],
    [rule("tier", "=", null), ["gamma"]],
    [rule("tier", "!=", "gold"), ["beta", "gamma"]],
    [rule("tier", "in", ["gold", "silver"]), ["alpha", "beta"]],
    [rule("tier", "notIn", ["gold"]), ["beta", "gamma"]],
    [rule("tags", "contains", "x"), ["alpha"]],
    [rule("tags", "containsAny", ["q", "y"]), ["alpha"]],
    [rule("$title", "contains", "et"), ["beta"]],
    [rule("$identifier", "doesNotContains", "a"), []],
    [rule("$identifier", "doesNotContains", "m"), ["alpha", "beta"]],
    [rule("$identifier", "beginsWith", "al"), ["alpha"]],
    [rule("$identifier", "doesNotBeginsWith", "al"), ["beta", "gamma"]],
    [rule("$identifier", "endsWith", "ta"), ["beta"]],
    [rule("$identifier", "doesNotEndsWith", "ta"), ["alpha", "gamma"]],
    [rule("$identifier", "in", ["gamma", "none", "alpha"]), ["alpha", "gamma"]],
    [rule("$identifier", "=", "beta"), ["beta"]],
    [rule("$team", "containsAny", ["core"]), ["alpha"]],
    [rule("$icon", "isNotEmpty"), ["beta"]],
    [rule("$datasource", "=", "session"), ["alpha", "beta", "gamma"]],
    [rule("$blueprint", "=", "service"), ["alpha", "beta", "gamma"]],
    [rule("$createdAt", "<=", new Date(startOfTime).toISOString()), ["alpha", "beta", "gamma"]],
    [rule("$updatedAt", "<", new Date(startOfTime).toISOString()), []],
    [rule("$createdAt", "between", { preset: "today" }), ["alpha", "beta", "gamma"]],
    [rule("$createdAt", "between", { preset: "yesterday" }), []],
    [rule("since", "between", { from: "2025-12-31T00:00:00Z", to: "2026-01-02T00:00:00Z" }), ["alpha"]],
    [rule("since", "=", { preset: "lastMonth" }), ["alpha"]],
    [rule("since", "notBetween", { preset: "last12Months" }), ["beta"]],
    [rule("since", "isExpired"), ["alpha", "gamma"]],
    [rule("tags", "isEmpty"), ["beta", "gamma"]],
    [rule("tags", "isNotEmpty"), ["alpha"]],
    [rule("replicas", ">", 2), ["gamma"]],
    [rule("replicas", ">=", 2), ["beta", "gamma"]],
    [rule("replicas", "<", 2), ["alpha"]],
    [rule("live", "=", true), ["beta"]],
    [rule("tags", "matchAny", ["y", "z"]), ["alpha"]],
    [rule("constructor", "isEmpty"), ["alpha", "beta", "gamma"]],
    [{ relation: "team", operator: "=", value: "t" }, ["beta"]],
    [{ relation: "team", targetProperty: "$title", operator: "=", value: "Tea" }, ["beta"]],
    [{ relation: "uses", operator: "isEmpty" }, ["alpha"]],
    [{ propertySchema: { type: "string" }, operator: "contains", value: "gold" }, ["alpha"]],
    [rule("tier", "in", "gold"), ["alpha"]],
    [{ propertySchema: { type: "string", format: "markdown" }, operator: "=", value: "gold" }, []],
    [{ propertySchema: { type: "string" }, operator: "=", value: "gold" }, ["alpha"]],
    [{ propertySchema: { type: "boolean" }, operator: "=" }, ["alpha", "gamma"]],
    [{ propertySchema: { type: "array", items: { type: "number" } }, operator: "contains", value: "x" }, []],
    [{ propertySchema: { type: "array", items: { type: "string" } }, operator: "contains", value: "x" }, ["alpha"]],
    [
      { propertySchema: { type: "array", items: { type: "string", format: "url" } }, operator: "contains", value: "x" },
      [],
    ],
    [{ scorecard: "s", scorecardRule: "r", operator: "=", value: "Gold" }, []],
    [{ scorecard: "s", operator: "isEmpty" }, ["alpha", "beta", "gamma"]],
    [{ property: { path: ["team"] }, operator: "matchAny", value: ["t"] }, ["beta"]],
    [
      { property: { path: [{ relation: "uses", maxHops: 2 }] }, operator: "matchAny", value: ["alpha"] },
      ["beta", "gamma"],
    ],
    [{ property: { path: [{}] }, operator: "matchAny", value: ["alpha", "t"] }, ["beta"]],
    [{ property: { path: ["uses"], fromBlueprint: "service" }, operator: "matchAny", value: ["gamma"] }, ["beta"]],
    [rule("$title", "=", { property: "$title", context: "user" }), ["alpha"]],
    [rule("$identifier", "in", { property: "description", context: "userTeams" }), ["gamma"]],
    [rule("$identifier", "=", { property: "port_role", context: "user" }), ["beta"]],
    [rule("$identifier", "=", { property: "description", context: "userTeams" }), ["gamma"]],
    [rule("$identifier", "!=", { property: "description", context: "userTeams" }), ["alpha", "beta"]],
    [rule("$blueprint", "=", { property: "port_type", context: "user" }), []],
    [rule("$team", "=", { property: "$identifier", context: "userTeams" }), ["alpha"]],
    [rule("tags", "contains", ["q", "y"]), ["alpha"]],
    [rule("$identifier", "contains", ["lph", "amm"]), ["alpha", "gamma"]],
    [rule("$identifier", "doesNotContains", ["lph", "amm"]), ["beta"]],
    [rule("$identifier", "beginsWith", ["al", "be"]), ["alpha", "beta"]],
    [rule("$identifier", "doesNotEndsWith", ["ta", "ha"]), ["gamma"]],
    [rule("replicas", "<", "2026-01-01T00:00:00Z"), []],
    [rule("since", ">", "2025-12-31T23:59:60Z"), ["alpha"]],
    [rule("$identifier", "<", "2026-01-01T00:00:00Z"), []],
    [{ property: { property: "status", context: "user" }, operator: "=", value: "Active" }, ["alpha", "beta", "gamma"]],
    [{ operator: "relatedTo", blueprint: "service", value: "alpha" }, ["beta", "gamma"]],
    [{ operator: "relatedTo", blueprint: "service", value: ["gamma"], direction: "downstream" }, ["alpha", "beta"]],
    [{ operator: "relatedTo", blueprint: "service", value: "alpha", required: true }, []],
  ])("matches %j", async (one, expected) => {
    const { call } = await withServices();
    const reply = await call("POST", search, { query: { combinator: "and", rules: [one] } });
    expect([reply.status, reply.body.entities.map((e: { identifier: string }) => e.identifier)]).toEqual([
      200,
      expected,
    ]);
  });

  it("nests and/or, and matches all with no rules", async () => {
    const { call } = await withServices();
    const run = async (query: object) =>
      (await call("POST", search, { query })).body.entities.map((e: { identifier: string }) => e.identifier);
    const either = { combinator: "or", rules: [rule("tier", "=", "gold"), rule("replicas", "=", 3)] };
    expect(await run(either)).toEqual(["alpha", "gamma"]);
    expect(await run({ combinator: "and", rules: [either, rule("tags", "isEmpty")] })).toEqual(["gamma"]);
    expect(await run({ combinator: "or", rules: [] })).toEqual(["alpha", "beta", "gamma"]);
  });

  it.each([
    [{}, `"query" must have required property 'combinator'`],
    [{ query: {} }, `"query" must have required property 'combinator'`],
    [{ query: { combinator: "and" } }, `"query" must have required property 'rules'`],
    [{ query: { combinator: "xor", rules: [] } }, '"query/combinator" must be equal to one of the allowed values'],
    [{ combinator: "and", rules: [] }, '"body" must NOT have additional properties, additional property: "combinator"'],
    [{ query: { combinator: "and", rules: [] }, limit: 1001 }, '"limit" must be <= 1000'],
    [{ query: { combinator: "and", rules: [] }, limit: 0 }, '"limit" must be >= 1'],
    [{ query: { combinator: "and", rules: [] }, from: "garbage" }, '"from" is no cursor of a search'],
  ])("refuses %j", async (body, message) => {
    const { call } = await startSession();
    const reply = await call("POST", search, body);
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "invalid_request", message }]);
  });

  it("trims entities by include and exclude", async () => {
    const { call } = await withServices();
    const run = async (body: object) => {
      const query = { combinator: "and", rules: [rule("$identifier", "=", "beta")] };
      return (await call("POST", search, { query, ...body })).body.entities[0] as object;
    };
    expect(await run({ include: ["$identifier", "$title", "tier"] })).toEqual({
      identifier: "beta",
      title: "Beta",
      properties: { tier: "silver" },
      relations: {},
    });
    expect(await run({ exclude: ["properties", "relations.uses", "$updatedBy"] })).toEqual({
      ...entityOf("service", { identifier: "beta", title: "Beta", icon: "I", relations: { team: "t" } }),
      updatedBy: undefined,
    });
    const path = `${services}/beta?include=title,properties.live&include=relations.team`;
    expect((await call("GET", path)).body.entity).toEqual({
      identifier: "beta",
      title: "Beta",
      properties: { live: true },
      relations: { team: "t" },
    });
  });

  it("shows every entity once over pages while others come, go and are renamed", async () => {
    const { call } = await startSession();
    const write = (identifier: string) => call("POST", services, { identifier });
    for (let i = 0; i < 10; i++) await write(`e${i}`);
    const query = { combinator: "and", rules: [] };
    const seen: string[] = [];
    let from: string | undefined;
    let page = 0;
    do {
      const reply = await call("POST", search, { query, limit: 3, ...(from === undefined ? {} : { from }) });
      seen.push(...reply.body.entities.map((e: { identifier: string }) => e.identifier));
      from = reply.body.next as string | undefined;
      page += 1;
      if (page === 1) {
        await call("DELETE", `${services}/e1`);
        await call("PATCH", `${services}/e0`, { identifier: "z" });
        await call("PATCH", `${services}/e5`, { identifier: "a5" });
        await call("DELETE", `${services}/e7`);
        await write("late");
      }
    } while (from !== undefined);
    expect([page, seen]).toEqual([4, ["e0", "e1", "e2", "e3", "e4", "a5", "e6", "e8", "e9", "late"]]);
  });

  it("leaves next out on a last page that is full, and gives 200 by default", async () => {
    const { call } = await startSession();
    for (let i = 0; i < 201; i += 20) {
      const entities = Array.from({ length: Math.min(20, 201 - i) }, (_, k) => ({ identifier: `e${i + k}` }));
      await call("POST", `${services}/bulk`, { entities });
    }
    const query = { combinator: "and", rules: [] };
    const first = await call("POST", search, { query });
    expect(first.body.entities.length).toBe(200);
    const last = await call("POST", search, { query, limit: 1, from: first.body.next });
    expect([last.body.entities.length, "next" in last.body]).toEqual([1, false]);
  });
});

describe("a query in place of a relation", () => {
  it("finds what contains any text of a list", async () => {
    const { call } = await withServices();
    const rules = [{ property: "$identifier", operator: "contains", value: ["lph", "amm"] }];
    const relations = { uses: { combinator: "and", rules } };
    const reply = await call("PATCH", `${services}/beta`, { relations });
    expect([reply.status, reply.body.entity.relations.uses]).toEqual([200, ["alpha", "gamma"]]);
  });
});

describe("searching the catalog", () => {
  it("finds entities of all blueprints and names those that matched", async () => {
    const { call } = await withServices();
    const rules = [{ property: "$title", operator: "contains", value: "e" }];
    const reply = await call("POST", "/v1/entities/search?include=identifier", { combinator: "and", rules });
    expect([reply.status, reply.body]).toEqual([
      200,
      {
        ok: true,
        matchingBlueprints: ["service", "team"],
        entities: [
          { identifier: "beta", properties: {}, relations: {} },
          { identifier: "t", properties: {}, relations: {} },
        ],
      },
    ]);
    const named = [...rules, { property: "$blueprint", operator: "=", value: "team" }];
    expect(
      (await call("POST", "/v1/entities/search", { combinator: "and", rules: named })).body.matchingBlueprints,
    ).toEqual(["team"]);
  });

  it.each([
    [{ combinator: "and" }, `"body" must have required property 'rules'`],
    [
      { combinator: "and", rules: [], limit: 1 },
      '"body" must NOT have additional properties, additional property: "limit"',
    ],
    // Only the search of one blueprint knows rules on relations.
    [
      { combinator: "and", rules: [{ relation: "team", operator: "isEmpty" }] },
      `"body/rules/0" must have required property 'property'`,
    ],
  ])("refuses %j", async (body, message) => {
    const { call } = await startSession();
    const reply = await call("POST", "/v1/entities/search", body);
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "invalid_request", message }]);
  });
});
