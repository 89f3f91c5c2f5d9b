import { describe, expect, it } from "vitest";
import { type Session, startOfTime, startSession } from "./session.js";

const at = new Date(startOfTime).toISOString();
const services = "/v1/blueprints/service/entities";

describe("entities of a program", () => {
  const path = "/v1/blueprints/entities/datasource-entities";
  const ofOcean = { datasource_prefix: "port-ocean/jira/", datasource_suffix: "/my-jira/exporter" };

  it("are those that it wrote last, by pages and in order of creation", async () => {
    const { call } = await startSession();
    const ocean = { "user-agent": "port-ocean/jira/0.1/my-jira/exporter" };
    for (const identifier of ["a", "b", "c"]) await call("POST", services, { identifier }, ocean);
    await call("POST", "/v1/blueprints/team/entities", { identifier: "t", properties: { mail: "m" } }, ocean);
    await call("POST", services, { identifier: "other" });
    await call("PATCH", `${services}/b`, { title: "mine now" });
    const first = await call("POST", path, { ...ofOcean, limit: 2 });
    expect([first.status, first.body.entities]).toEqual([
      200,
      [
        { identifier: "a", blueprint: "service" },
        { identifier: "c", blueprint: "service" },
      ],
    ]);
    const second = await call("POST", path, { ...ofOcean, limit: 2, from: first.body.next });
    expect([second.body.entities, second.body.next]).toEqual([[{ identifier: "t", blueprint: "team" }], undefined]);
  });

  it("leave out those written since `before`", async () => {
    let now = startOfTime;
    const { call } = await startSession({ clock: () => now });
    const ocean = { "user-agent": "port-ocean/jira/0.1/my-jira/exporter" };
    await call("POST", services, { identifier: "old" }, ocean);
    now += 1000;
    await call("POST", services, { identifier: "new" }, ocean);
    const reply = await call("POST", path, { ...ofOcean, before: new Date(now).toISOString() });
    expect(reply.body.entities).toEqual([{ identifier: "old", blueprint: "service" }]);
    expect((await call("POST", path, { ...ofOcean, before: "then" })).status).toBe(422);
    expect((await call("POST", path, { ...ofOcean, from: "?" })).status).toBe(422);
    expect((await call("POST", path, { ...ofOcean, limit: 5001 })).status).toBe(422);
  });
});

it("the retired bulk deletion does as its successor", async () => {
  const { call, emulator } = await startSession();
  for (const identifier of ["a", "b"]) await call("POST", services, { identifier });
  const reply = await call("DELETE", "/v1/blueprints/service/bulk/entities", { entities: ["a", "none"] });
  expect([reply.status, reply.body.deletedEntities]).toEqual([200, ["a"]]);
  expect(emulator.store.count("service")).toBe(1);
});

describe("teams and users", () => {
  async function withPeople(): Promise<Session> {
    const session = await startSession();
    for (const [identifier, title] of [
      ["ann@example.com", "Ann Fox"],
      ["bo@example.com", "Bo Lin"],
    ]) {
      await session.call("POST", "/v1/blueprints/_user/entities", {
        identifier,
        title,
        properties: { status: "Active" },
      });
    }
    return session;
  }

  it("are the entities of _team and _user", async () => {
    const { call, emulator } = await withPeople();
    const made = await call("POST", "/v1/teams", { name: "Rivers", users: ["ann@example.com"], description: "Water" });
    const ann = { email: "ann@example.com", firstName: "Ann", lastName: "Fox", status: "Active" };
    expect([made.status, made.body.team]).toEqual([
      200,
      {
        id: expect.any(String),
        name: "Rivers",
        description: "Water",
        provider: "port",
        createdAt: at,
        updatedAt: at,
        users: [ann],
      },
    ]);
    expect(emulator.store.entity("_team", "Rivers")?.properties).toEqual({ description: "Water" });
    expect(emulator.store.entity("_user", "ann@example.com")?.team).toEqual(["Rivers"]);
    expect((await call("GET", "/v1/users/ann@example.com")).body.user).toMatchObject({ ...ann, teams: ["Rivers"] });
    const { users: _, ...team } = made.body.team;
    expect((await call("GET", "/v1/teams")).body.teams).toEqual([team]);
    const asked = await call("GET", "/v1/teams/Rivers?fields=name&fields=users.email");
    expect(asked.body.team).toEqual({ name: "Rivers", users: [{ email: "ann@example.com" }] });
    expect((await call("GET", "/v1/users")).body.users).toHaveLength(2);
  });

  it.each([
    ["POST", "/v1/teams", { name: ".." }],
    ["POST", "/v1/teams", { name: "" }],
    ["PATCH", "/v1/teams/Rivers", { name: "a?b" }],
    ["PUT", "/v1/teams/Rivers", { name: "x".repeat(1001) }],
    ["POST", "/v1/users/invite", { invitee: { email: "no one" } }],
  ])("have no name that no path can have: %s %s", async (method, path, body) => {
    const { call, emulator } = await withPeople();
    await call("POST", "/v1/teams", { name: "Rivers" });
    const reply = await call(method, path, body);
    expect([reply.status, reply.body.error]).toEqual([422, "invalid_request"]);
    expect([emulator.store.count("_team"), emulator.store.count("_user")]).toEqual([1, 2]);
  });

  it("a team's name may hold spaces, and owns by it", async () => {
    const { call } = await withPeople();
    expect((await call("POST", "/v1/teams", { name: "Team BE", users: ["ann@example.com"] })).status).toBe(200);
    expect((await call("GET", "/v1/teams/Team%20BE")).body.team).toMatchObject({ name: "Team BE" });
    expect((await call("GET", "/v1/blueprints/_team/entities")).body.entities[0].identifier).toBe("Team BE");
    const owned = await call("POST", "/v1/blueprints/owned/entities", { identifier: "o", team: ["Team BE"] });
    expect([owned.status, owned.body.entity.team]).toEqual([201, ["Team BE"]]);
    const refused = await call("POST", "/v1/blueprints/_team/entities", { identifier: "Team FE" });
    expect([refused.status, refused.body.error]).toEqual([422, "invalid_request"]);
  });

  it("are changed part by part by PATCH, as a whole by PUT, and a renamed team keeps its users", async () => {
    const { call, emulator } = await withPeople();
    await call("POST", "/v1/teams", { name: "Rivers", users: ["ann@example.com"], description: "Water" });
    const patched = await call("PATCH", "/v1/teams/Rivers", {
      name: "Lakes",
      users: ["ann@example.com", "bo@example.com"],
    });
    expect(patched.body.team).toMatchObject({ name: "Lakes", description: "Water" });
    expect(emulator.store.entity("_user", "bo@example.com")?.team).toEqual(["Lakes"]);
    const put = await call("PUT", "/v1/teams/Lakes", { name: "Lakes" });
    expect(put.body.team).toMatchObject({ name: "Lakes", description: null, users: [] });
    expect((await call("DELETE", "/v1/teams/Lakes")).status).toBe(200);
    expect((await call("GET", "/v1/teams/Lakes")).body.message).toBe('Team with name "Lakes" was not found');
  });

  it("come by invitation, with role and teams", async () => {
    const { call, emulator } = await withPeople();
    await call("POST", "/v1/teams", { name: "Hills" });
    const invitee = { email: "cy@example.com", roles: ["Admin"], teams: ["Hills"] };
    expect((await call("POST", "/v1/users/invite", { invitee })).status).toBe(200);
    expect(emulator.store.entity("_user", "cy@example.com")).toMatchObject({
      team: ["Hills"],
      properties: { status: "Invited", port_role: "Admin", port_type: "Standard" },
    });
    expect((await call("POST", "/v1/users/invite", { invitee })).status).toBe(409);
    const changed = await call("PATCH", "/v1/users/cy@example.com", { roles: ["Member"], teams: [] });
    expect(changed.body).toMatchObject({ ok: true, teams: [], roles: [{ name: "Member" }] });
    expect((await call("DELETE", "/v1/users/cy@example.com")).status).toBe(200);
    expect((await call("GET", "/v1/users/cy@example.com")).status).toBe(404);
  });

  it.each([
    ["POST", "/v1/teams", { name: "Tarn", users: ["none"] }, 404],
    ["POST", "/v1/teams", { users: [] }, 422],
    ["POST", "/v1/teams", { name: "Tarn", description: null }, 422],
    ["PATCH", "/v1/teams/none", { name: "Tarn" }, 404],
    ["POST", "/v1/users/invite", { invitee: { email: "a@example.com", teams: ["none"] } }, 404],
    ["PATCH", "/v1/users/ann@example.com", { name: "A" }, 422],
  ])("%s %s %j is refused with %i", async (method, path, body, status) => {
    const { call, emulator } = await withPeople();
    expect((await call(method, path, body)).status).toBe(status);
    expect([emulator.store.count("_team"), emulator.store.count("_user")]).toEqual([0, 2]);
  });
});

describe("the organization and permissions", () => {
  it("has an id and flags, and keeps what is set", async () => {
    const { call } = await startSession();
    const { organization } = (await call("GET", "/v1/organization")).body;
    expect(organization).toEqual({ id: "org_emulator", featureFlags: [], name: "portload emulator" });
    await call("PATCH", "/v1/organization", { settings: { hiddenBlueprints: ["team"] } });
    expect((await call("GET", "/v1/organization")).body.organization).toEqual({
      ...organization,
      settings: { hiddenBlueprints: ["team"] },
    });
    await call("PUT", "/v1/organization", { name: "Mine" });
    expect((await call("GET", "/v1/organization")).body.organization).toEqual({ ...organization, name: "Mine" });
    expect((await call("PUT", "/v1/organization", {})).status).toBe(422);
  });

  it("of a blueprint name its properties and relations, and no others", async () => {
    const { call } = await startSession();
    const path = "/v1/blueprints/deployment/permissions";
    const { entities } = (await call("GET", path)).body.permissions;
    expect(Object.keys(entities)).toEqual([
      "read",
      "register",
      "update",
      "unregister",
      "updateProperties",
      "updateRelations",
    ]);
    expect(entities.register.roles).toEqual(["Admin", "deployment-moderator"]);
    expect(entities.updateRelations).toEqual({ service: entities.register });
    const changed = await call("PATCH", path, { entities: { register: { roles: ["Member"] } } });
    expect(changed.body.permissions.entities.register).toEqual({ ...entities.register, roles: ["Member"] });
    expect((await call("GET", path)).body).toEqual(changed.body);
    const unknown = await call("PATCH", path, { entities: { updateRelations: { _none: {} } } });
    expect([unknown.status, unknown.body]).toEqual([
      422,
      {
        ok: false,
        error: "invalid_permissions",
        message: "You cannot update permissions on unknown fields",
        details: { invalidProperties: [], invalidRelations: ["_none"] },
      },
    ]);
  });
});

describe("scorecards", () => {
  const rule = (identifier: string, level: string, ...conditions: object[]) => ({
    identifier,
    title: identifier,
    level,
    query: { combinator: "and", conditions },
  });
  const readiness = {
    identifier: "readiness",
    title: "Readiness",
    filter: { combinator: "and", conditions: [{ property: "tier", operator: "isNotEmpty" }] },
    rules: [
      rule("owned", "Bronze", { property: "owner", operator: "isNotEmpty" }),
      rule("many", "Silver", { property: "replicas", operator: ">", value: 1 }),
      rule("live", "Gold", { not: true, property: "live", operator: "isEmpty" }),
    ],
  };
  const path = "/v1/blueprints/service/scorecards";

  it("are kept and given back, with the levels of the guide unless they name others", async () => {
    const { call } = await startSession();
    const made = await call("POST", path, readiness);
    expect(made.status).toBe(201);
    expect(made.body.scorecard).toMatchObject({ ...readiness, blueprint: "service", createdAt: at });
    expect(made.body.scorecard.levels.map(({ title }: { title: string }) => title)).toEqual([
      "Basic",
      "Bronze",
      "Silver",
      "Gold",
    ]);
    for (const [list, key] of [
      ["/v1/scorecards", "scorecards"],
      [path, "scorecards"],
      [`${path}/readiness`, "scorecard"],
    ] as const) {
      expect([(await call("GET", list)).body[key]].flat()).toEqual([made.body.scorecard]);
    }
    expect((await call("POST", path, readiness)).status).toBe(409);
    const renamed = await call("PUT", `${path}/readiness`, { ...readiness, identifier: "ready" });
    expect(renamed.body.scorecard).toMatchObject({ id: made.body.scorecard.id, identifier: "ready" });
    const all = await call("PUT", path, [readiness, { ...readiness, identifier: "other" }]);
    expect(all.body.scorecards.map((one: { identifier: string }) => one.identifier)).toEqual(["readiness", "other"]);
    expect((await call("GET", `${path}/ready`)).status).toBe(404);
    expect((await call("DELETE", `${path}/other`)).status).toBe(200);
    expect((await call("GET", path)).body.scorecards).toHaveLength(1);
    const stray = { ...readiness, identifier: "s", rules: [rule("a", "Platinum")] };
    expect((await call("POST", path, stray)).body.message).toContain("Basic, Bronze, Silver, Gold");
  });

  it.each([
    [{ tier: "gold" }, "Basic", ["FAILURE", "FAILURE", "FAILURE"]],
    [{ tier: "gold", owner: "a@b.example" }, "Bronze", ["SUCCESS", "FAILURE", "FAILURE"]],
    [{ tier: "gold", replicas: 2, live: true }, "Basic", ["FAILURE", "SUCCESS", "SUCCESS"]],
    [{ tier: "gold", owner: "a@b.example", replicas: 2, live: true }, "Gold", ["SUCCESS", "SUCCESS", "SUCCESS"]],
  ])("give an entity with %j the level %s", async (properties, level, results) => {
    const { call } = await startSession();
    await call("POST", path, readiness);
    await call("POST", services, { identifier: "a", properties });
    const { readiness: score } = (await call("GET", `${services}/a`)).body.entity.scorecards;
    expect([score.level, score.rules.map(({ status }: { status: string }) => status)]).toEqual([level, results]);
    const search = { query: { combinator: "and", rules: [] } };
    const found = (await call("POST", `${services}/search`, search)).body.entities;
    expect(found[0].scorecards.readiness).toEqual(score);
    const [trimmed] = (await call("GET", `${services}?include=$title`)).body.entities;
    expect(trimmed).not.toHaveProperty("scorecards");
  });

  it("say nothing of an entity that their filter leaves out", async () => {
    const { call } = await startSession();
    await call("POST", path, readiness);
    await call("POST", services, { identifier: "a" });
    expect((await call("GET", `${services}/a`)).body.entity.scorecards).toEqual({});
  });
});

describe("an integration", () => {
  const path = "/v1/integration/my-jira";
  const made = { installationId: "my-jira", installationAppType: "jira", version: "1.0", config: {} };

  it("is made, keeps its mapping and its state, logs, and goes", async () => {
    const { call, raw } = await startSession();
    expect((await call("GET", path)).status).toBe(404);
    expect((await call("POST", "/v1/integration", made)).status).toBe(201);
    expect((await call("POST", "/v1/integration", made)).status).toBe(409);
    const config = { resources: [{ kind: "issue" }] };
    await call("PATCH", `${path}/config`, { config });
    await call("PATCH", `${path}/resync-state`, { status: "running" });
    await call("PATCH", path, { version: "1.1", installationAppType: "jira-server" });
    const { integration } = (await call("GET", path)).body;
    expect(integration).toMatchObject({
      identifier: "my-jira",
      integrationType: "jira-server",
      version: "1.1",
      config,
      resyncState: { status: "running" },
    });
    const { pathname } = new URL(integration.logAttributes.ingestUrl);
    expect((await raw("POST", pathname, { logs: [{ message: "hello" }] })).status).toBe(202);
    expect((await call("GET", `${path}/logs`)).body.data).toEqual([{ message: "hello" }]);
    const metrics = new URL(integration.metricAttributes.ingestUrl).pathname;
    expect((await raw("POST", `${metrics}/heartbeat`, { eventId: "e" })).status).toBe(200);
    expect((await call("GET", "/v1/integration")).body.integrations).toHaveLength(1);
    expect((await call("POST", `${path}/kinds/issue/examples`, { examples: [{ key: "A-1" }] })).status).toBe(200);
    expect((await call("DELETE", path)).status).toBe(200);
    expect((await call("GET", path)).status).toBe(404);
  });

  it("keeps a cursor for each kind", async () => {
    const { call } = await startSession();
    await call("POST", "/v1/integration", made);
    const cursor = `${path}/cursor?kind=issue&index=0`;
    expect((await call("GET", cursor)).body.cursor).toBeNull();
    expect((await call("PUT", cursor, { primary: at })).status).toBe(404);
    expect((await call("POST", cursor, { primary: at })).status).toBe(200);
    expect((await call("GET", cursor)).body.cursor).toEqual({ primary: at });
    expect((await call("GET", `${path}/cursor?kind=user&index=0`)).body.cursor).toBeNull();
  });
});

it("pages and folders are kept and given back", async () => {
  const { call } = await startSession();
  const page = { identifier: "home", title: "Home", widgets: [] };
  expect((await call("POST", "/v1/pages", page)).status).toBe(201);
  expect((await call("POST", "/v1/pages", page)).status).toBe(409);
  expect((await call("PATCH", "/v1/pages/home", { identifier: "start" })).body.identifier).toBe("start");
  expect((await call("GET", "/v1/pages")).body.pages).toMatchObject([{ ...page, identifier: "start" }]);
  expect((await call("GET", "/v1/pages/start/permissions")).body.permissions.read.roles).toEqual(["Member", "Admin"]);
  expect((await call("DELETE", "/v1/pages/start")).status).toBe(200);
  expect((await call("GET", "/v1/pages/start")).status).toBe(404);
  const folder = { identifier: "f", title: "F" };
  expect((await call("POST", "/v1/sidebars/catalog/folders", folder)).status).toBe(201);
  expect((await call("POST", "/v1/sidebars/catalog/folders", folder)).status).toBe(409);
  expect((await call("GET", "/v1/sidebars/catalog")).body.sidebar.items).toMatchObject([{ identifier: "f" }]);
});

describe("aggregates", () => {
  async function withServices(): Promise<Session> {
    const session = await startSession();
    for (const [identifier, replicas, tier, since] of [
      ["a", 1, "gold", "2026-01-01T01:00:00Z"],
      ["b", 3, "gold", "2026-01-01T02:00:00Z"],
      ["c", 8, "silver", "2025-12-31T02:00:00Z"],
    ]) {
      await session.call("POST", services, { identifier, properties: { replicas, tier, since } });
    }
    return session;
  }
  const query = { combinator: "and", rules: [{ property: "$blueprint", operator: "=", value: "service" }] };

  it.each([
    [{ func: "count" }, 3],
    [{ func: "sum", property: "replicas" }, 12],
    [{ func: "median", property: "replicas" }, 3],
    [{ func: "max", property: "none" }, null],
    [
      { func: "countValues", property: "tier" },
      { gold: 2, silver: 1 },
    ],
    [{ func: "countValues", relation: "team" }, { null: 3 }],
  ])("of %j are %j", async (body, result) => {
    const { call } = await withServices();
    const reply = await call("POST", "/v1/entities/aggregate", { ...body, query });
    expect([reply.status, reply.body]).toEqual([200, { ok: true, result }]);
  });

  it("of a blueprint are groups, the largest first", async () => {
    const { call } = await withServices();
    const ask = (property: string, path = `${services}/group`) => call("POST", path, { query, groupBy: { property } });
    expect((await ask("$blueprint")).body).toEqual({
      ok: true,
      groups: [{ value: "service", count: 3 }],
      hasMoreGroups: false,
    });
    const groups = [
      { value: "gold", count: 2 },
      { value: "silver", count: 1 },
    ];
    expect((await ask("tier")).body.groups).toEqual(groups);
    expect((await ask("tier", "/v1/blueprints/none/entities/group")).status).toBe(404);
    expect((await call("POST", `${services}/group`, { query })).status).toBe(422);
  });

  it("over time have a row for each interval", async () => {
    const { call } = await withServices();
    const body = { blueprint: "service", query, measureTimeBy: "since", timeRange: { preset: "lastWeek" } };
    const sums = await call("POST", "/v1/entities/aggregate-over-time", {
      ...body,
      timeInterval: "day",
      aggregationType: "aggregatePropertiesValues",
      func: "sum",
      properties: ["replicas"],
    });
    expect(sums.body.result.data).toEqual([
      { date: Date.UTC(2025, 11, 31), replicas: 8 },
      { date: Date.UTC(2026, 0, 1), replicas: 4 },
    ]);
    const counts = await call("POST", "/v1/entities/aggregate-over-time", {
      ...body,
      timeInterval: "quarter",
      aggregationType: "countEntities",
      func: "count",
    });
    expect(counts.body.result.data).toEqual([
      { date: Date.UTC(2025, 9, 1), count: 1 },
      { date: Date.UTC(2026, 0, 1), count: 2 },
    ]);
  });

  it("have the present value for a history", async () => {
    const { call } = await withServices();
    const body = { blueprintIdentifier: "service", entityIdentifier: "a", propertyNames: ["replicas", "teamName"] };
    const reply = await call("POST", "/v1/entities/properties-history", body);
    expect(reply.body.result).toEqual({
      minDate: startOfTime,
      maxDate: startOfTime,
      data: [{ date: startOfTime, replicas: 1, teamName: null }],
    });
    const unknown = await call("POST", "/v1/entities/properties-history", { ...body, propertyNames: ["none"] });
    expect([unknown.status, unknown.body.message]).toEqual([404, 'Property with identifier "none" was not found']);
  });
});

describe("one request of each further status", () => {
  const bp = "/v1/blueprints/service";
  const rule = { identifier: "x", title: "X", rules: [] };
  const query = { combinator: "and", rules: [] };
  async function fill({ call }: Session): Promise<void> {
    const needs = (target: string) => ({ [target]: { target: `_${target}`, required: true, many: false } });
    const relations = { ...needs("team"), ...needs("user") };
    await call("POST", "/v1/blueprints", { identifier: "needy", title: "N", schema: { properties: {} }, relations });
    for (const name of ["one", "two"]) {
      await call("POST", "/v1/teams", { name });
      await call("POST", "/v1/blueprints/_user/entities", { identifier: `${name}@example.com` });
      await call("POST", "/v1/pages", { identifier: name });
      await call("POST", `${bp}/scorecards`, { ...rule, identifier: name });
    }
    await call("POST", "/v1/blueprints/needy/entities", { relations: { team: "one", user: "one@example.com" } });
    await call("POST", services, { identifier: "s" });
    const deployment = { identifier: "d", properties: { version: "1" }, relations: { service: "s" } };
    await call("POST", "/v1/blueprints/deployment/entities", deployment);
    await call("POST", "/v1/actions", { identifier: "act", trigger: {}, invocationMethod: {} });
    await call("POST", "/v1/integration", { installationId: "i" });
    await call("POST", "/v1/integration/i/cursor?kind=k&index=0", { primary: at });
  }

  it.each<[string, string, object | undefined, number]>([
    ["DELETE", `${bp}/bulk/entities`, { entities: ["s"] }, 403],
    ["DELETE", "/v1/blueprints/none/bulk/entities", { entities: ["s"] }, 404],
    ["GET", `${bp}/actions`, undefined, 200],
    ["GET", "/v1/blueprints/none/actions", undefined, 404],
    ["GET", "/v1/actions/act/permissions", undefined, 200],
    ["PATCH", "/v1/actions/act/permissions", { execute: { roles: ["Admin"] } }, 200],
    ["PATCH", "/v1/pages/one/permissions", { read: { roles: ["Admin"] } }, 200],
    ["PUT", "/v1/teams/none", { name: "Tarn" }, 404],
    ["PUT", "/v1/teams/one", { name: "two" }, 409],
    ["PATCH", "/v1/teams/one", { name: "two" }, 409],
    ["DELETE", "/v1/teams/one", undefined, 403],
    ["DELETE", "/v1/users/one@example.com", undefined, 403],
    ["POST", "/v1/blueprints/none/scorecards", rule, 404],
    ["PUT", `${bp}/scorecards/one`, { ...rule, identifier: "two" }, 409],
    ["GET", "/v1/integration/i/resync-request", undefined, 200],
    ["PUT", "/v1/integration/i/cursor?kind=k&index=0", { primary: at }, 200],
    ["GET", "/v1/pages/one", undefined, 200],
    ["PATCH", "/v1/pages/one", { identifier: "two" }, 409],
    [
      "POST",
      "/v1/entities/aggregate-over-time",
      {
        blueprint: "none",
        query,
        measureTimeBy: "$createdAt",
        timeRange: { preset: "today" },
        timeInterval: "day",
        aggregationType: "countEntities",
      },
      404,
    ],
  ])("%s %s %j answers %i", async (method, path, body, status) => {
    const session = await startSession();
    await fill(session);
    const reply = await session.call(method, path, body);
    expect([reply.status, reply.body.ok]).toEqual([status, status < 300]);
  });
});
