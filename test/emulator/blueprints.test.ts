import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { startEmulator } from "../../src/emulator/emulator.js";
import { blueprints, startOfTime, startSession } from "./session.js";

const plain = { identifier: "plain", title: "Plain", schema: { properties: { a: { type: "string" } } } };
const at = new Date(startOfTime).toISOString();
const stored = {
  ...plain,
  schema: { ...plain.schema, required: [] },
  relations: {},
  mirrorProperties: {},
  calculationProperties: {},
  aggregationProperties: {},
  createdAt: at,
  createdBy: "portload",
  updatedAt: at,
  updatedBy: "portload",
};

describe("blueprints", () => {
  it("creates one with its defaults and shows it", async () => {
    const { call } = await startSession();
    const created = await call("POST", "/v1/blueprints?create_catalog_page=false", plain);
    expect([created.status, created.body]).toEqual([201, { ok: true, blueprint: stored }]);
    expect((await call("GET", "/v1/blueprints/plain")).body).toEqual({ ok: true, blueprint: stored });
    const listed = (await call("GET", "/v1/blueprints")).body.blueprints as Blueprint[];
    const names = [
      "_team",
      "_user",
      "_scorecard",
      "_rule",
      "_rule_result",
      ...blueprints.map((b) => b.identifier),
      "plain",
    ];
    expect(listed.map((b) => b.identifier)).toEqual(names);
  });

  it("refuses one that exists with 409, and 404s one that does not", async () => {
    const { call } = await startSession();
    const taken = await call("POST", "/v1/blueprints", { ...plain, identifier: "service" });
    expect([taken.status, taken.body.error]).toEqual([409, "identifier_taken"]);
    for (const method of ["GET", "DELETE"]) {
      const reply = await call(method, "/v1/blueprints/none");
      expect([reply.status, reply.body]).toMatchObject([
        404,
        { ok: false, error: "not_found", message: 'Blueprint with identifier "none" was not found' },
      ]);
    }
  });

  const oneRelation = (relation: object) => ({ ...plain, relations: { r: relation } });
  it.each([
    ["without a title", { identifier: "x", schema: { properties: {} } }, 422, "invalid_request"],
    ["with a space in its identifier", { ...plain, identifier: "a b" }, 422, "invalid_request"],
    [
      "with a dot in a property's key",
      { ...plain, schema: { properties: { "a.b": { type: "string" } } } },
      422,
      "invalid_request",
    ],
    ["with a property without type", { ...plain, schema: { properties: { a: {} } } }, 422, "invalid_request"],
    [
      "with an unknown format",
      { ...plain, schema: { properties: { a: { type: "string", format: "uuid" } } } },
      422,
      "invalid_request",
    ],
    [
      "with a pattern that does not compile",
      { ...plain, schema: { properties: { a: { type: "string", pattern: "(" } } } },
      422,
      "invalid_request",
    ],
    [
      "that requires a property it lacks",
      { ...plain, schema: { properties: {}, required: ["a"] } },
      422,
      "invalid_request",
    ],
    ["with a relation to nowhere", oneRelation({ target: "none", required: false, many: false }), 404, "not_found"],
    [
      "with a relation both many and required",
      oneRelation({ target: "plain", required: true, many: true }),
      422,
      "invalid_request",
    ],
  ])("refuses one %s", async (_what, body, status, error) => {
    const { call } = await startSession();
    const reply = await call("POST", "/v1/blueprints", body);
    expect([reply.status, reply.body.error]).toEqual([status, error]);
    expect((await call("GET", "/v1/blueprints/plain")).status).toBe(404);
  });

  it("accepts a relation to itself and one without its flags", async () => {
    const { call } = await startSession();
    const reply = await call("POST", "/v1/blueprints", oneRelation({ target: "plain" }));
    expect([reply.status, reply.body.blueprint.relations]).toEqual([
      201,
      { r: { target: "plain", required: false, many: false } },
    ]);
  });

  it("replaces all of it by PUT and takes lost properties from the entities", async () => {
    const { call, emulator } = await startSession();
    await call("POST", "/v1/blueprints", { ...plain, description: "old" });
    await call("POST", "/v1/blueprints/plain/entities", { identifier: "e", properties: { a: "x" } });
    const body = { title: "New", schema: { properties: { b: { type: "number" } } } };
    const reply = await call("PUT", "/v1/blueprints/plain", body);
    expect([reply.status, reply.body.blueprint]).toEqual([
      200,
      { ...stored, title: "New", schema: { properties: { b: { type: "number" } }, required: [] } },
    ]);
    expect(emulator.store.entity("plain", "e")?.properties).toEqual({});
    expect((await call("PUT", "/v1/blueprints/plain", { schema: { properties: {} } })).status).toBe(422);
  });

  it("adds to it by PATCH", async () => {
    const { call } = await startSession();
    await call("POST", "/v1/blueprints", plain);
    const relations = { r: { target: "team", required: false, many: true } };
    const reply = await call("PATCH", "/v1/blueprints/plain", {
      schema: { properties: { b: { type: "number" } } },
      relations,
    });
    expect([reply.status, reply.body.blueprint]).toEqual([
      200,
      {
        ...stored,
        schema: { properties: { a: { type: "string" }, b: { type: "number" } }, required: [] },
        relations,
      },
    ]);
  });

  it("refuses to change a property's type, and many to one while an entity holds several", async () => {
    const { call } = await startSession();
    const type = await call("PATCH", "/v1/blueprints/service", {
      schema: { properties: { tier: { type: "number" } } },
    });
    expect([type.status, type.body.message]).toEqual([
      422,
      '"schema/properties/tier" must NOT change its type from string to number',
    ]);
    const one = { relations: { uses: { target: "service", required: false, many: false } } };
    for (const identifier of ["a", "b"]) await call("POST", "/v1/blueprints/service/entities", { identifier });
    await call("POST", "/v1/blueprints/service/entities", { identifier: "c", relations: { uses: ["a", "b"] } });
    expect((await call("PATCH", "/v1/blueprints/service", one)).status).toBe(422);
    await call("PATCH", "/v1/blueprints/service/entities/c", { relations: { uses: ["b"] } });
    expect((await call("PATCH", "/v1/blueprints/service", one)).status).toBe(200);
    expect((await call("GET", "/v1/blueprints/service/entities/c")).body.entity.relations.uses).toBe("b");
  });

  it("renames it and every relation that points at it", async () => {
    const { call } = await startSession();
    const reply = await call("PATCH", "/v1/blueprints/team", { identifier: "squad" });
    expect([reply.status, reply.body.blueprint.identifier]).toEqual([200, "squad"]);
    expect((await call("GET", "/v1/blueprints/service")).body.blueprint.relations.team.target).toBe("squad");
    expect((await call("GET", "/v1/blueprints/team")).status).toBe(404);
    expect((await call("PATCH", "/v1/blueprints/squad", { identifier: "service" })).status).toBe(409);
  });

  it("refuses to delete one with entities or with blueprints that relate to it", async () => {
    const { call } = await startSession();
    const related = await call("DELETE", "/v1/blueprints/service");
    expect([related.status, related.body.error]).toEqual([403, "has_dependents"]);
    await call("POST", "/v1/blueprints", plain);
    await call("POST", "/v1/blueprints/plain/entities", { identifier: "e" });
    const filled = await call("DELETE", "/v1/blueprints/plain");
    expect([filled.status, filled.body.error]).toEqual([403, "has_dependents"]);
    await call("DELETE", "/v1/blueprints/plain/entities/e");
    expect((await call("DELETE", "/v1/blueprints/plain?delete_actions=true")).body).toEqual({ ok: true });
    expect((await call("GET", "/v1/blueprints/plain")).status).toBe(404);
  });

  it("starts with blueprints that relate to each other in a circle, and refuses a faulty one at the start", async () => {
    const circle = (identifier: string, target: string): Blueprint => ({
      identifier,
      title: identifier,
      schema: { properties: {} },
      relations: { next: { target } },
    });
    const { emulator } = await startSession({ blueprints: [circle("a", "b"), circle("b", "a")] });
    expect(
      emulator.store
        .blueprints()
        .map((b) => b.identifier)
        .slice(5),
    ).toEqual(["a", "b"]);
    await expect(startEmulator({ blueprints: [circle("a", "none")] })).rejects.toThrow(
      'blueprint "a" cannot be loaded: Blueprint with identifier "none" was not found',
    );
  });

  it("starts with a blueprint saved from a reply, nulls and dates and all", async () => {
    const saved = { identifier: "a", title: "A", icon: null, description: null, schema: { properties: {} } };
    const dates = { createdAt: "2026-01-01T00:00:00.000Z", updatedBy: "x" };
    const { emulator } = await startSession({ blueprints: [{ ...saved, ...dates } as unknown as Blueprint] });
    expect(emulator.store.blueprints().map((b) => b.identifier)).toContain("a");
  });
});
