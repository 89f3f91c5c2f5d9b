import { describe, expect, it } from "vitest";
import { entityOf, type Session, startSession } from "./session.js";

const services = "/v1/blueprints/service/entities";
const full = {
  identifier: "api",
  title: "API",
  icon: "Service",
  properties: { tier: "gold", replicas: 3, language: "go" },
  relations: { uses: ["db"] },
};

async function withService(options?: Parameters<typeof startSession>[0]): Promise<Session> {
  const session = await startSession(options);
  await session.call("POST", services, { identifier: "db" });
  await session.call("POST", services, full);
  return session;
}

describe("writing one entity", () => {
  it("creates it, defaults filled in, and shows it", async () => {
    const { call } = await startSession();
    await call("POST", services, { identifier: "db" });
    const reply = await call("POST", services, full);
    const entity = entityOf("service", { ...full, relations: { team: null, uses: ["db"] } });
    expect([reply.status, reply.body]).toEqual([201, { ok: true, entity }]);
    const plain = "exclude_calculated_properties=true";
    expect((await call("GET", `${services}/api?${plain}`)).body).toEqual({ ok: true, entity });
    const db = entityOf("service", { identifier: "db", properties: { language: "unknown" } });
    expect((await call("GET", `${services}?${plain}`)).body).toEqual({ ok: true, entities: [db, entity] });
    expect((await call("GET", "/v1/blueprints/service/entities-count")).body).toEqual({ ok: true, count: 2 });
  });

  const merged = { tier: "gold", replicas: 5, language: "go" };
  it.each([
    ["upsert=true&merge=true", 200, { title: "API", icon: "Service", properties: merged, uses: ["db"] }],
    ["upsert=true&merge=false", 200, { title: null, icon: null, properties: { replicas: 5 }, uses: [] }],
    ["upsert=true", 200, { title: null, icon: null, properties: { replicas: 5 }, uses: [] }],
  ])("changes an entity by POST ?%s", async (flags, status, { uses, ...fields }) => {
    const { call } = await withService();
    const body = { identifier: "api", properties: { replicas: 5 } };
    const reply = await call("POST", `${services}?${flags}`, body);
    const relations = { team: null, uses };
    expect([reply.status, reply.body.entity]).toEqual([
      status,
      entityOf("service", { identifier: "api", relations, ...fields }),
    ]);
    expect((await call("POST", `${services}?${flags}`, { identifier: "new" })).status).toBe(201);
  });

  it.each(["", "?merge=true", "?upsert=false"])("refuses one that exists by POST %s", async (flags) => {
    const { call, emulator } = await withService();
    const reply = await call("POST", `${services}${flags}`, { identifier: "api" });
    expect([reply.status, reply.body.error]).toEqual([409, "identifier_taken"]);
    expect(emulator.store.writes("service", "api")).toBe(1);
  });

  it("replaces by PUT and changes by PATCH, both only what exists", async () => {
    const { call } = await withService();
    const patched = await call("PATCH", `${services}/api`, { title: null, properties: { replicas: 1 } });
    expect([patched.status, patched.body.entity.title, patched.body.entity.properties]).toEqual([
      200,
      null,
      { tier: "gold", replicas: 1, language: "go" },
    ]);
    const put = await call("PUT", `${services}/api`, { title: "B", properties: {} });
    expect([put.status, put.body.entity]).toEqual([200, entityOf("service", { identifier: "api", title: "B" })]);
    for (const method of ["PUT", "PATCH", "GET", "DELETE"]) {
      const reply = await call(method, `${services}/none`, method.startsWith("P") ? {} : undefined);
      const message = 'Entity with identifier "none" does not exist in the blueprint "service"';
      expect([reply.status, reply.body]).toMatchObject([404, { ok: false, error: "not_found", message }]);
    }
  });

  it("renames by PUT and PATCH, and relations follow", async () => {
    const { call } = await withService();
    expect((await call("PATCH", `${services}/db`, { identifier: "api" })).status).toBe(409);
    const renamed = await call("PATCH", `${services}/db`, { identifier: "store" });
    expect([renamed.status, renamed.body.entity.identifier]).toEqual([200, "store"]);
    expect((await call("GET", `${services}/db`)).status).toBe(404);
    expect((await call("GET", `${services}/api`)).body.entity.relations.uses).toEqual(["store"]);
    await call("PATCH", `${services}/store`, { relations: { uses: ["store"] } });
    const itself = await call("PATCH", `${services}/store`, { identifier: "base" });
    expect(itself.body.entity.relations.uses).toEqual(["base"]);
  });

  it("keeps null as no value: it clears under merge, satisfies no requirement, and is kept on read", async () => {
    const { call } = await withService();
    const cleared = await call("POST", `${services}?upsert=true&merge=true`, {
      identifier: "api",
      properties: { tier: null },
      relations: { uses: null },
    });
    expect(cleared.body.entity.properties).toEqual({ tier: null, replicas: 3, language: "go" });
    expect(cleared.body.entity.relations).toEqual({ team: null, uses: [] });
    const reply = await call("POST", "/v1/blueprints/team/entities", { identifier: "t", properties: { mail: null } });
    expect([reply.status, reply.body]).toEqual([
      422,
      {
        ok: false,
        error: "blueprint_schema_mismatch",
        message: `"properties" must have required property 'mail'`,
      },
    ]);
  });

  it("checks only the merged result under merge", async () => {
    const { call } = await startSession();
    const teams = "/v1/blueprints/team/entities";
    await call("POST", teams, { identifier: "t", properties: { mail: "m" } });
    expect((await call("POST", `${teams}?upsert=true&merge=true`, { identifier: "t", title: "T" })).status).toBe(200);
    expect((await call("POST", `${teams}?upsert=true`, { identifier: "t", title: "T" })).status).toBe(422);
    expect((await call("POST", `${teams}?upsert=true&merge=true`, { identifier: "u", title: "U" })).status).toBe(422);
  });

  it.each([
    [{ replicas: "3" }, '"replicas" must be number'],
    [{ replicas: -1 }, '"replicas" must be >= 0'],
    [{ live: "true" }, '"live" must be boolean'],
    [{ tier: "bronze" }, '"tier" must be equal to one of the allowed values'],
    [{ tags: ["a", 1] }, '"tags/1" must be string'],
    [{ config: { port: "80" } }, '"config/port" must be number'],
    [{ since: "2026-01-01" }, '"since" must match format "date-time"'],
    [{ home: "www.example.com" }, '"home" must match format "url"'],
    [{ owner: "nobody" }, '"owner" must match format "email"'],
    [{ address: "300.1.1.1" }, '"address" must match format "ipv4"'],
  ])("refuses the properties %j as blueprint_schema_mismatch", async (properties, message) => {
    const { call, emulator } = await startSession();
    const reply = await call("POST", services, { identifier: "a", properties });
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "blueprint_schema_mismatch", message }]);
    expect(emulator.store.count("service")).toBe(0);
  });

  it("accepts every format that Port is thought not to enforce, and intranet addresses", async () => {
    const { call } = await startSession();
    const properties = {
      notes: "# x",
      home: "http://intranet/a",
      since: "2026-01-01T10:00:00+02:00",
      address: "10.0.0.1",
    };
    expect((await call("POST", services, { identifier: "a", properties })).status).toBe(201);
  });

  it.each(["", " ", ".", "..", "a b", "a,b", "a#b", "x".repeat(1001)])(
    "refuses the identifier %j as invalid_request",
    async (identifier) => {
      const { call } = await startSession();
      const reply = await call("POST", services, { identifier });
      expect([reply.status, reply.body.error]).toEqual([422, "invalid_request"]);
    },
  );

  it.each(["a/b", "ä+ö", "服务", "a:b@c=d", "..a", "o'neil", "a\\b", "服".repeat(1000)])(
    "keeps the identifier %j through an encoded path",
    async (identifier) => {
      const { call } = await startSession();
      expect((await call("POST", services, { identifier })).status).toBe(201);
      const path = `${services}/${encodeURIComponent(identifier)}`;
      expect((await call("GET", path)).body.entity.identifier).toBe(identifier);
      expect((await call("PATCH", path, { title: "T" })).status).toBe(200);
      expect((await call("DELETE", path)).body).toEqual({ ok: true });
    },
  );

  it("makes an identifier when none is given", async () => {
    const { call } = await startSession();
    const reply = await call("POST", services, { title: "x" });
    expect(reply.status).toBe(201);
    expect(reply.body.entity.identifier).toMatch(/^e_[A-Za-z0-9]{16}$/);
  });

  it.each([
    ["POST", services, { identifier: "a", title: 7 }, '"title" must be string,null'],
    ["POST", services, { identifier: "a", icon: [] }, '"icon" must be string,null'],
    ["POST", services, { identifier: 7 }, '"identifier" must be string'],
    ["POST", services, { identifier: "a", properties: [] }, '"properties" must be object'],
    [
      "POST",
      services,
      { identifier: "a", relations: { team: "a b" } },
      '"relations/team" must match pattern "^(?!\\.{1,2}$)[\\p{L}0-9@_.+:\\\\/=\'-]+$"',
    ],
    [
      "POST",
      services,
      { identifier: { combinator: "and", rules: [{ property: "a", operator: "equals", value: 1 }] } },
      '"identifier/rules/0/operator" must be equal to one of the allowed values',
    ],
    [
      "POST",
      services,
      { identifier: "a", relations: { team: { rules: [] } } },
      `"relations/team" must have required property 'combinator'`,
    ],
    ["PUT", `${services}/api`, { title: true }, '"title" must be string,null'],
    [
      "PATCH",
      `${services}/api`,
      { blueprint: "service" },
      '"body" must NOT have additional properties, additional property: "blueprint"',
    ],
    ["POST", `${services}?upsert=maybe`, { identifier: "a" }, '"querystring/upsert" must be boolean'],
  ])("refuses %s %s %j as invalid_request", async (method, path, body, message) => {
    const { call } = await withService();
    const reply = await call(method, path, body);
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "invalid_request", message }]);
  });

  it("stores nothing under validation_only, and refuses as it would otherwise", async () => {
    const { call, emulator } = await withService();
    const flags = "?upsert=true&merge=true&validation_only=true&create_missing_related_entities=true";
    const update = await call("POST", `${services}${flags}`, {
      identifier: "api",
      title: "X",
      relations: { team: "new" },
    });
    expect([update.status, update.body.entity.title]).toEqual([200, "X"]);
    expect((await call("POST", `${services}${flags}`, { identifier: "fresh" })).status).toBe(201);
    expect((await call("POST", `${services}${flags}`, { identifier: "api", properties: { tier: 1 } })).status).toBe(
      422,
    );
    expect(emulator.store.entity("service", "api")?.title).toBe("API");
    expect([emulator.store.count("service"), emulator.store.count("team")]).toEqual([2, 0]);
  });

  it("answers 404 for an unknown blueprint, 400 for what is not JSON, 413 above 1 MiB, 403 for a protected blueprint", async () => {
    const { call } = await startSession();
    const unknown = await call("POST", "/v1/blueprints/none/entities", { identifier: "a" });
    const message = 'Blueprint with identifier "none" was not found';
    expect([unknown.status, unknown.body]).toMatchObject([404, { ok: false, error: "not_found", message }]);
    expect((await call("POST", services, '{"identifier":')).status).toBe(400);
    const large = await call("POST", services, { identifier: "a", title: "x".repeat(1024 * 1024) });
    expect([large.status, large.body]).toEqual([
      413,
      { ok: false, error: "bad_request", message: "Request body is too large (limit is 1MiB)" },
    ]);
    const ruled = await call("POST", "/v1/blueprints/_rule_result/entities", { identifier: "a" });
    expect([ruled.status, ruled.body.error]).toEqual([403, "protected_resource"]);
  });

  it("remembers the writer's User-Agent as $datasource and counts writes", async () => {
    const { call, emulator } = await withService();
    await call("PATCH", `${services}/api`, { title: "x" }, { "user-agent": "nightly/1" });
    const entity = emulator.store.entity("service", "api");
    expect([entity?.datasource, entity?.writes]).toEqual(["nightly/1", 2]);
  });

  it("moves updatedAt and keeps createdAt", async () => {
    let now = 1_000_000_000_000;
    const { call } = await startSession({ clock: () => now });
    await call("POST", services, { identifier: "a" });
    now += 1_500;
    const { entity } = (await call("PATCH", `${services}/a`, {})).body;
    expect([entity.createdAt, entity.updatedAt]).toEqual(["2001-09-09T01:46:40.000Z", "2001-09-09T01:46:41.500Z"]);
  });
});

describe("what Port's own clients send", () => {
  it("drops properties that the blueprint lacks, calculated ones included, alone and in bulk", async () => {
    const { call, emulator } = await startSession();
    const properties = { tier: "gold", other: 1, teamName: "x" };
    const one = await call("POST", services, { identifier: "a", properties });
    expect([one.status, one.body.entity.properties]).toEqual([201, { tier: "gold", language: "unknown" }]);
    const bulk = await call("POST", `${services}/bulk`, { entities: [{ identifier: "b", properties }] });
    expect([bulk.status, bulk.body.errors]).toEqual([200, []]);
    expect(emulator.store.entity("service", "b")?.properties).toEqual({ tier: "gold", language: "unknown" });
  });

  it("takes null for title, icon and team as none, and clears them by it", async () => {
    const { call } = await withService();
    const nulls = { title: null, icon: null, team: null };
    const reply = await call("POST", `${services}?upsert=true&merge=true`, { identifier: "api", ...nulls });
    expect([reply.status, reply.body.entity]).toMatchObject([200, { title: null, icon: null, team: [] }]);
    const bulk = await call("POST", `${services}/bulk`, { entities: [{ identifier: "b", ...nulls }] });
    expect([bulk.status, bulk.body.errors]).toEqual([200, []]);
    expect((await call("PUT", `${services}/b`, nulls)).status).toBe(200);
  });

  it("refuses null for title, icon and team under the other reading, but in a PATCH", async () => {
    const { call } = await withService({ readings: { nullField: "reject" } });
    for (const field of ["title", "icon"]) {
      const reply = await call("POST", services, { identifier: "b", [field]: null });
      expect([reply.status, reply.body.message]).toEqual([422, `"${field}" must be string`]);
    }
    expect((await call("POST", services, { identifier: "b", team: null })).status).toBe(422);
    expect((await call("PATCH", `${services}/api`, { title: null, icon: null, team: null })).status).toBe(200);
  });

  it("says on a 404 what was looked for", async () => {
    const { call } = await startSession();
    const relations = { team: "none" };
    const target = await call("POST", services, { identifier: "a", relations });
    const details = { resource: "Entity", byField: "identifier", withValue: "none" };
    expect([target.status, target.body.details]).toEqual([404, details]);
    const bulk = await call("POST", `${services}/bulk`, { entities: [{ identifier: "a", relations }] });
    expect(bulk.body.errors[0]).not.toHaveProperty("details");
    const blueprint = await call("GET", "/v1/blueprints/none");
    expect(blueprint.body.details).toEqual({ resource: "Blueprint", byField: "identifier", withValue: "none" });
  });

  it("takes dates with an offset without a colon", async () => {
    const { call } = await startSession();
    const since = "2026-01-02T03:04:05.678+0000";
    expect((await call("POST", services, { identifier: "a", properties: { since } })).status).toBe(201);
  });
});

describe("readings of a write", () => {
  it.each([{ other: 1 }, { teamName: "x" }])("unknownProperty: reject refuses %j", async (properties) => {
    const { call, emulator } = await startSession({ readings: { unknownProperty: "reject" } });
    const reply = await call("POST", services, { identifier: "a", properties });
    const [key] = Object.keys(properties);
    const message = `"properties" must NOT have additional properties, additional property: "${key}"`;
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "blueprint_schema_mismatch", message }]);
    expect(emulator.store.count("service")).toBe(0);
  });

  it.each([
    ["unknownProperty", "drop", { properties: { other: 1 } }, { language: "unknown" }],
    ["unknownProperty", "store", { properties: { other: 1, teamName: "x" } }, { language: "unknown", other: 1 }],
    ["nullProperty", "remove", { properties: { tier: null } }, { language: "unknown" }],
    ["formats", "off", { properties: { home: "x" } }, { language: "unknown", home: "x" }],
  ])("%s: %s", async (reading, value, body, properties) => {
    const { call } = await startSession({ readings: { [reading]: value } });
    const reply = await call("POST", services, { identifier: "a", ...body });
    expect([reply.status, reply.body.entity.properties]).toEqual([201, properties]);
  });

  it("overrideDefaults, updateStatus, validationBody, titleOmitted", async () => {
    const readings = {
      overrideDefaults: true,
      updateStatus: 201,
      validationBody: "ok",
      titleOmitted: "identifier",
    } as const;
    const { call } = await withService({ readings });
    const reply = await call("POST", `${services}?upsert=true`, { identifier: "api" });
    expect([reply.status, reply.body.entity.properties, reply.body.entity.title]).toEqual([
      201,
      { language: "unknown" },
      "api",
    ]);
    expect((await call("POST", `${services}?validation_only=true`, { identifier: "z" })).body).toEqual({ ok: true });
  });

  it("apostrophe: false refuses the identifier o'neil", async () => {
    const { call } = await startSession({ readings: { apostrophe: false } });
    expect((await call("POST", services, { identifier: "o'neil" })).status).toBe(422);
  });
});

describe("teams", () => {
  it("accepts known teams, as one or a list, where ownership is direct, and 404s others", async () => {
    const { call } = await startSession();
    const owned = "/v1/blueprints/owned/entities";
    await call("POST", "/v1/blueprints/_team/entities", { identifier: "core", title: "Core" });
    expect((await call("POST", owned, { identifier: "a", team: "core" })).body.entity.team).toEqual(["core"]);
    expect((await call("POST", owned, { identifier: "b", team: ["core"] })).body.entity.team).toEqual(["core"]);
    const query = { combinator: "and", rules: [{ property: "$title", operator: "=", value: "Core" }] };
    expect((await call("POST", owned, { identifier: "c", team: query })).body.entity.team).toEqual(["core"]);
    const reply = await call("POST", owned, { identifier: "d", team: "none" });
    const message = 'Entity with identifier "none" does not exist in the blueprint "_team"';
    expect([reply.status, reply.body]).toMatchObject([404, { ok: false, error: "not_found", message }]);
    expect((await call("PATCH", `${owned}/a`, { team: null })).body.entity.team).toEqual([]);
  });

  it("refuses a team where it is inherited, and keeps it where there is no ownership", async () => {
    const { call } = await startSession();
    const inherited = await call("POST", "/v1/blueprints/inherited/entities", { identifier: "a", team: "x" });
    expect([inherited.status, inherited.body.error]).toEqual([422, "inherited_ownership_enabled"]);
    expect((await call("POST", services, { identifier: "a", team: "x" })).body.entity.team).toEqual(["x"]);
  });

  it("takes any team, or drops it, under the other readings", async () => {
    const { call } = await startSession({ readings: { unknownTeam: "accept", teamWithoutOwnership: "ignore" } });
    expect((await call("POST", "/v1/blueprints/owned/entities", { team: "x" })).body.entity.team).toEqual(["x"]);
    expect((await call("POST", services, { team: "x" })).body.entity.team).toEqual([]);
  });
});
