import { describe, expect, it } from "vitest";
import { behaviours } from "../support/behaviours.js";
import { type Session, startSession } from "./session.js";

/** A path of each route that exists in the catalog of `startSession` once `fill` has run. */
const pathOf = (route: string): string =>
  (route.split(" ")[1] ?? "")
    .replace("{blueprint_identifier}", "team")
    .replace("{identifier}", "team")
    .replace("{entity_identifier}", "a")
    .replace(/\{[^}]+\}/g, "none");
const methodOf = (route: string): string => route.split(" ")[0] ?? "";
const routesWith = (status: number): string[] => [
  ...new Set(behaviours.filter((b) => b.status === status).map((b) => b.route)),
];
const token = "POST /v1/auth/access_token";
const tooLarge = `{"entities":["${"x".repeat(1024 * 1024)}"]}`;

async function fill({ call }: Session): Promise<void> {
  await call("POST", "/v1/blueprints/team/entities", { identifier: "a", properties: { mail: "a@b.example" } });
}

describe("whatever the route", () => {
  it.each(routesWith(401).filter((route) => route !== token))("%s wants a token", async (route) => {
    const { raw } = await startSession();
    const message = "The access token is missing, unknown or no longer valid";
    for (const headers of [{}, { authorization: "Bearer no" }] as Record<string, string>[]) {
      const reply = await raw(methodOf(route), pathOf(route), undefined, headers);
      expect([reply.status, reply.body]).toEqual([401, { ok: false, error: "unauthorized", message }]);
    }
  });

  it.each(routesWith(413))("%s refuses a body over 1 MiB and does nothing", async (route) => {
    const session = await startSession();
    await fill(session);
    const reply = await session.call(methodOf(route), pathOf(route), tooLarge);
    const message = "Request body is too large (limit is 1MiB)";
    expect([reply.status, reply.body]).toEqual([413, { ok: false, error: "bad_request", message }]);
    expect(session.emulator.store.count("team")).toBe(1);
  });

  it.each(routesWith(413))("%s refuses a body that is nested too deep", async (route) => {
    const { call } = await startSession();
    const reply = await call(methodOf(route), pathOf(route), `${"[".repeat(501)}${"]".repeat(501)}`);
    const message = '"body" must NOT be nested deeper than 500 levels';
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "invalid_request", message }]);
  });

  it.each(routesWith(400))("%s refuses a body that is not JSON", async (route) => {
    const session = await startSession();
    await fill(session);
    const reply = await session.call(methodOf(route), pathOf(route), "{");
    expect([reply.status, reply.body]).toEqual([
      400,
      { ok: false, error: "bad_request", message: "The request body is not valid JSON" },
    ]);
    expect(session.emulator.store.count("team")).toBe(1);
  });

  it.each(routesWith(429))("%s is refused over its limit, with the window in the headers", async (route) => {
    const { raw, call } = await startSession({ limits: 0.000_001 });
    const ask = route === token ? raw : call;
    const replies = [await ask(methodOf(route), pathOf(route)), await ask(methodOf(route), pathOf(route))];
    const last = replies.at(-1);
    expect([last?.status, last?.body.error]).toEqual([429, "too_many_requests"]);
    expect(last?.headers).toMatchObject({ "x-ratelimit-limit": "1", "x-ratelimit-remaining": "0" });
  });
});

/** Requests that meet one status of one route each: method, path, status, code, body. */
const requests: [method: string, path: string, status: number, code: string, body: object | undefined][] = [
  ["GET", "/v1/blueprints/none/entities", 404, "not_found", undefined],
  ["GET", "/v1/blueprints/none/entities-count", 404, "not_found", undefined],
  ["POST", "/v1/blueprints/none/entities", 404, "not_found", { identifier: "a" }],
  ["POST", "/v1/blueprints/none/entities/bulk", 404, "not_found", { entities: [{ identifier: "a" }] }],
  ["POST", "/v1/blueprints/none/entities/search", 404, "not_found", { query: { combinator: "and", rules: [] } }],
  ["POST", "/v1/blueprints/none/bulk/entities/delete", 404, "not_found", { entities: ["a"] }],
  ["DELETE", "/v1/blueprints/none/all-entities", 404, "not_found", undefined],
  ["GET", "/v1/blueprints/team/entities/none", 404, "not_found", undefined],
  ["PUT", "/v1/blueprints/team/entities/none", 404, "not_found", {}],
  ["PATCH", "/v1/blueprints/team/entities/none", 404, "not_found", {}],
  ["DELETE", "/v1/blueprints/team/entities/none", 404, "not_found", undefined],
  ["GET", "/v1/blueprints/none", 404, "not_found", undefined],
  ["PUT", "/v1/blueprints/none", 404, "not_found", { title: "T", schema: { properties: {} } }],
  ["PATCH", "/v1/blueprints/none", 404, "not_found", { title: "T" }],
  ["DELETE", "/v1/blueprints/none", 404, "not_found", undefined],
  ["GET", "/v1/migrations/none", 404, "not_found", undefined],
  ["PATCH", "/v1/blueprints/none/permissions", 404, "not_found", {}],
  ["GET", "/v1/blueprints/none/scorecards", 404, "not_found", undefined],
  ["PUT", "/v1/blueprints/none/scorecards", 404, "not_found", []],
  ["PATCH", "/v1/users/none@b.example", 404, "not_found", {}],
  ["PUT", "/v1/blueprints/none/scorecards/none", 404, "not_found", { identifier: "s", title: "S", rules: [] }],
  ["PATCH", "/v1/integration/none", 404, "not_found", {}],
  ["POST", "/v1/integration/none/cursor", 404, "not_found", {}],
  [
    "PUT",
    "/v1/blueprints/team",
    409,
    "identifier_taken",
    { identifier: "owned", title: "T", schema: { properties: {} } },
  ],
  ["PATCH", "/v1/blueprints/team", 409, "identifier_taken", { identifier: "owned" }],
  ["PUT", "/v1/blueprints/team/entities/a", 409, "identifier_taken", { identifier: "b", properties: { mail: "m" } }],
  ["PATCH", "/v1/blueprints/team/entities/a", 409, "identifier_taken", { identifier: "b" }],
  [
    "PUT",
    "/v1/blueprints/deployment/entities/d",
    403,
    "required_relation",
    { properties: { version: "1" }, relations: { service: null } },
  ],
  ["PATCH", "/v1/blueprints/deployment/entities/d", 403, "required_relation", { relations: { service: null } }],
  ["POST", "/v1/blueprints/_rule_result/entities", 403, "protected_resource", { identifier: "a" }],
  ["DELETE", "/v1/blueprints/service/entities/s", 403, "has_dependents", undefined],
  ["DELETE", "/v1/blueprints/service", 403, "has_dependents", undefined],
  ["DELETE", "/v1/blueprints/service/all-entities", 403, "has_dependents", undefined],
  ["POST", "/v1/blueprints/service/bulk/entities/delete", 403, "has_dependents", { entities: ["s"] }],
  ["GET", "/v1/blueprints/team/entities?attach_title_to_relation=1", 422, "invalid_request", undefined],
  ["GET", "/v1/blueprints/team/entities/a?allow_partial_results=no", 422, "invalid_request", undefined],
  ["DELETE", "/v1/blueprints/team?delete_actions=yes", 422, "invalid_request", undefined],
  ["DELETE", "/v1/blueprints/team/entities/a?delete_dependents=yes", 422, "invalid_request", undefined],
  ["DELETE", "/v1/blueprints/team/all-entities?delete_blueprint=yes", 422, "invalid_request", undefined],
  ["PUT", "/v1/blueprints/team/entities/a", 422, "blueprint_schema_mismatch", { properties: {} }],
  ["PATCH", "/v1/blueprints/team/entities/a", 422, "invalid_request", { other: 1 }],
];

describe("a request that a route refuses", () => {
  it.each([...requests])("%s %s answers %i %s", async (method, path, status, code, body) => {
    const session = await startSession();
    await fill(session);
    const { call, emulator } = session;
    await call("POST", "/v1/blueprints/team/entities", { identifier: "b", properties: { mail: "m" } });
    await call("POST", "/v1/blueprints/service/entities", { identifier: "s" });
    const deployment = { identifier: "d", properties: { version: "1" }, relations: { service: "s" } };
    await call("POST", "/v1/blueprints/deployment/entities", deployment);
    const before = JSON.stringify(emulator.store.blueprints().map((b) => [b, emulator.store.entities(b.identifier)]));
    const reply = await call(method, path, body);
    expect([reply.status, reply.body.error]).toEqual([status, code]);
    expect(JSON.stringify(emulator.store.blueprints().map((b) => [b, emulator.store.entities(b.identifier)]))).toBe(
      before,
    );
  });
});
