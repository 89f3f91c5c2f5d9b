import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { type Session, startOfTime, startSession } from "./session.js";

const dayMs = 86_400_000;
const kept: readonly Blueprint[] = [
  {
    identifier: "group",
    title: "Group",
    schema: { properties: { mail: { type: "string" } } },
    ownership: { type: "Direct" },
  },
  {
    identifier: "app",
    title: "App",
    schema: { properties: { name: { type: "string" }, first: { type: "string" } } },
    relations: {
      group: { target: "group", required: false, many: false },
      friends: { target: "group", required: false, many: true },
    },
    mirrorProperties: {
      groupMail: { path: "group.mail" },
      groupTitle: { path: "group.$title" },
      friendMails: { path: "friends.mail" },
    },
    calculationProperties: {
      url: { calculation: '"https://x.example/" + .identifier', type: "string" },
      shout: { calculation: ".properties.groupMail | ascii_upcase", type: "string" },
    },
    aggregationProperties: {
      runs: { title: "Runs", target: "run", calculationSpec: { calculationBy: "entities", func: "count" } },
      failed: {
        title: "Failed",
        target: "run",
        calculationSpec: { calculationBy: "entities", func: "count" },
        query: { combinator: "and", rules: [{ property: "ok", operator: "=", value: false }] },
      },
      perDay: {
        title: "Per day",
        target: "run",
        calculationSpec: { calculationBy: "entities", func: "average", averageOf: "day", measureTimeBy: "at" },
      },
      ...Object.fromEntries(
        ["sum", "min", "max", "median", "average"].map((func) => [
          func,
          {
            title: func,
            target: "run",
            calculationSpec: {
              calculationBy: "property",
              property: "seconds",
              func,
              ...(func === "average" ? { averageOf: "total" } : {}),
            },
            pathFilter: [{ fromBlueprint: "run", path: ["app"] }],
          },
        ]),
      ),
    },
    ownership: { type: "Inherited", path: "group" },
  },
  {
    identifier: "run",
    title: "Run",
    schema: {
      properties: { seconds: { type: "number" }, ok: { type: "boolean" }, at: { type: "string", format: "date-time" } },
    },
    relations: { app: { target: "app", required: false, many: false } },
    mirrorProperties: { mail: { path: "app.groupMail" }, far: { path: "app.group.$identifier" } },
    ownership: { type: "Inherited", path: "app.group" },
  },
];

async function filled(): Promise<Session> {
  const session = await startSession({ blueprints: kept });
  const put = async (blueprint: string, body: object) => {
    const reply = await session.call("POST", `/v1/blueprints/${blueprint}/entities`, body);
    expect(reply.status).toBe(201);
  };
  await put("_team", { identifier: "red" });
  await put("group", { identifier: "g", title: "G", team: "red", properties: { mail: "g@x.example" } });
  await put("group", { identifier: "h", properties: { mail: "h@x.example" } });
  await put("app", { identifier: "a", relations: { group: "g", friends: ["h", "g"] } });
  await put("app", { identifier: "b" });
  for (const [index, seconds] of [4, 1, 10, 2].entries()) {
    const at = new Date(startOfTime - (index + 1) * dayMs).toISOString();
    await put("run", { identifier: `r${index}`, properties: { seconds, ok: index > 0, at }, relations: { app: "a" } });
  }
  return session;
}

describe("mirror, calculation and aggregation properties", () => {
  it("appear among an entity's properties when it is read", async () => {
    const { call } = await filled();
    const properties = {
      groupMail: "g@x.example",
      groupTitle: "G",
      friendMails: ["h@x.example", "g@x.example"],
      url: "https://x.example/a",
      shout: "G@X.EXAMPLE",
      runs: 4,
      failed: 1,
      perDay: 1,
      sum: 17,
      min: 1,
      max: 10,
      median: 3,
      average: 4.25,
    };
    const { body } = await call("GET", "/v1/blueprints/app/entities/a");
    expect(body.entity.properties).toEqual(properties);
    const all = (await call("GET", "/v1/blueprints/app/entities")).body.entities as { properties: object }[];
    expect(all.map((entity) => entity.properties)).toEqual([
      properties,
      {
        groupMail: null,
        groupTitle: null,
        friendMails: [],
        url: "https://x.example/b",
        shout: null,
        runs: 0,
        failed: 0,
        perDay: 0,
        sum: 0,
        min: null,
        max: null,
        median: null,
        average: null,
      },
    ]);
    const run = await call("GET", "/v1/blueprints/run/entities/r0?include=properties.mail&include=properties.far");
    expect(run.body.entity).toEqual({ identifier: "r0", properties: { mail: "g@x.example", far: "g" }, relations: {} });
  });

  it("stay away when asked to, and from replies to writes", async () => {
    const { call } = await filled();
    const flag = "exclude_calculated_properties=true";
    expect((await call("GET", `/v1/blueprints/app/entities/a?${flag}`)).body.entity.properties).toEqual({});
    const search = { query: { combinator: "and", rules: [] } };
    const page = await call("POST", `/v1/blueprints/app/entities/search?${flag}`, search);
    expect(page.body.entities[0].properties).toEqual({});
    const written = await call("PATCH", "/v1/blueprints/app/entities/a", { properties: { name: "A" } });
    expect(written.body.entity.properties).toEqual({ name: "A" });
  });

  it("show a mirrored title with its identifier when asked to", async () => {
    const { call } = await filled();
    const flag = "attach_identifier_to_title_mirror_properties=true&include=properties.groupTitle";
    const { body } = await call("GET", `/v1/blueprints/app/entities/a?${flag}`);
    expect(body.entity.properties).toEqual({ groupTitle: { identifier: "g", title: "G" } });
  });

  it.each([
    ["groupMail", "=", "g@x.example"],
    ["friendMails", "contains", "h@x.example"],
    ["shout", "=", "G@X.EXAMPLE"],
    ["runs", ">", 3],
    ["$team", "contains", "red"],
  ])("are found by a search: %s %s %j", async (property, operator, value) => {
    const { call } = await filled();
    const body = { query: { combinator: "and", rules: [{ property, operator, value }] }, include: ["$identifier"] };
    const { entities } = (await call("POST", "/v1/blueprints/app/entities/search", body)).body;
    expect(entities.map((entity: { identifier: string }) => entity.identifier)).toEqual(["a"]);
  });

  it("are mirrored, wherever the path ends", async () => {
    const { call } = await filled();
    const mirrorProperties = {
      appUrl: { path: "app.url" },
      appRuns: { path: "app.runs" },
      appShout: { path: "app.shout" },
      appMails: { path: "app.friendMails" },
    };
    expect((await call("PATCH", "/v1/blueprints/run", { mirrorProperties })).status).toBe(200);
    const shown = { appUrl: "https://x.example/a", appRuns: 4, appShout: "G@X.EXAMPLE" };
    const { body } = await call("GET", "/v1/blueprints/run/entities/r0");
    expect(body.entity.properties).toMatchObject({ ...shown, appMails: ["h@x.example", "g@x.example"] });
    const query = { combinator: "and", rules: [{ property: "appRuns", operator: "=", value: 4 }] };
    expect((await call("POST", "/v1/blueprints/run/entities/search", { query })).body.entities.length).toBe(4);
  });

  it("show nothing where they depend on themselves", async () => {
    const { call } = await filled();
    const sum = { calculationBy: "property", func: "sum", property: "appTotal" };
    const aggregationProperties = { total: { title: "Total", target: "run", calculationSpec: sum } };
    await call("PATCH", "/v1/blueprints/run", { mirrorProperties: { appTotal: { path: "app.runs" } } });
    expect((await call("PATCH", "/v1/blueprints/app", { aggregationProperties })).status).toBe(200);
    const ask = async () => (await call("GET", "/v1/blueprints/app/entities/a")).body.entity.properties.total as number;
    expect(await ask()).toBe(16);
    await call("PATCH", "/v1/blueprints/run", { mirrorProperties: { appTotal: { path: "app.total" } } });
    expect(await ask()).toBe(0);
  });

  it("are null where an expression does not compile, and leave the others alone", async () => {
    const { call } = await filled();
    const calculationProperties = { bad: { calculation: "(", type: "string" } };
    await call("PATCH", "/v1/blueprints/app", { calculationProperties });
    const { body } = await call("GET", "/v1/blueprints/app/entities/a?include=properties.bad&include=properties.url");
    expect(body.entity.properties).toEqual({ bad: null, url: "https://x.example/a" });
  });

  it.each([
    ["group.none", 'The path "group.none" do not exists (mirror property "m")'],
    ["none.$title", 'The path "none.$title" do not exists (mirror property "m")'],
  ])("refuse a mirror of %s", async (path, message) => {
    const { call } = await filled();
    const reply = await call("PATCH", "/v1/blueprints/app", { mirrorProperties: { m: { path } } });
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "invalid_request", message }]);
  });

  it.each([
    ["identifier", { rules: [{ property: "groupMail", operator: "=", value: "x" }] }, 422],
    ["identifier", { rules: [{ combinator: "or", rules: [{ property: "url", operator: "=", value: "x" }] }] }, 422],
    ["relation", { rules: [{ property: "shout", operator: "=", value: "x" }] }, 422],
    ["relation", { rules: [{ property: "friendMails", operator: "=", value: "x" }] }, 422],
    ["relation", { rules: [{ property: "groupMail", operator: "=", value: "g@x.example" }] }, 200],
  ])("may hardly be in the query of a write: %s %j", async (where, rules, status) => {
    const { call } = await filled();
    const query = { combinator: "and", ...rules };
    const reply =
      where === "identifier"
        ? await call("POST", "/v1/blueprints/app/entities?upsert=true", { identifier: query })
        : await call("PATCH", "/v1/blueprints/run/entities/r0", { relations: { app: query } });
    expect(reply.status).toBe(status);
  });
});

describe("inherited ownership", () => {
  it("shows the teams at the end of its path", async () => {
    const { call } = await filled();
    expect((await call("GET", "/v1/blueprints/app/entities/a")).body.entity.team).toEqual(["red"]);
    expect((await call("GET", "/v1/blueprints/run/entities/r0")).body.entity.team).toEqual(["red"]);
    expect((await call("GET", "/v1/blueprints/app/entities/b")).body.entity.team).toEqual([]);
  });

  it.each(["none", "group.none", "friend"])("refuses the path %s, which leads to no owner", async (path) => {
    const { call } = await filled();
    const reply = await call("PATCH", "/v1/blueprints/app", { ownership: { type: "Inherited", path } });
    expect([reply.status, reply.body.error]).toEqual([422, "invalid_inherited_ownership_path"]);
  });
});
