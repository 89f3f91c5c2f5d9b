import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { startSession } from "./session.js";

describe("what is wrong before any route is met", () => {
  // startSession's calls assert X-Trace-Id.
  it.each([
    ["a path that is no UTF-8", "/v1/blueprints/%E0%A4%A", 400],
    ["a path that is too long", `/v1/blueprints/${"x".repeat(13_000)}`, 414],
  ])("%s has the envelope, X-Trace-Id and the window", async (_what, path, status) => {
    const { call, raw } = await startSession();
    const reply = await call("GET", path);
    expect([reply.status, reply.body]).toEqual([
      status,
      { ok: false, error: "bad_request", message: expect.stringContaining("path") },
    ]);
    expect(reply.headers).toMatchObject({ "x-ratelimit-limit": "15000", "x-ratelimit-remaining": "14999" });
    expect((await raw("GET", path)).status).toBe(401);
  });

  it.each([
    [
      "headers over the server's limit",
      `GET /v1/blueprints HTTP/1.1\r\nHost: a\r\nX-Big: ${"x".repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ["what is no HTTP", "nonsense\r\n\r\n", 400],
  ])("%s has the envelope and X-Trace-Id", async (_what, request, status) => {
    const { emulator } = await startSession();
    const socket = connect(Number(new URL(emulator.url).port), "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.write(request);
    await once(socket, "end");
    socket.destroy();
    const [head = "", body = ""] = Buffer.concat(chunks).toString().split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/^x-trace-id: [0-9a-f]{32}$/im);
    expect(JSON.parse(body)).toEqual({ ok: false, error: "bad_request", message: expect.any(String) });
  });

  it("a body nested too deep is a 422, and nothing is stored", async () => {
    const { call, emulator } = await startSession();
    const nested = (levels: number) =>
      `{"identifier":"deep","properties":{"config":{"a":${"[".repeat(levels)}${"]".repeat(levels)}}}}`;
    const deep = await call("POST", "/v1/blueprints/service/entities", nested(20_000));
    const message = '"body" must NOT be nested deeper than 500 levels';
    expect([deep.status, deep.body]).toEqual([422, { ok: false, error: "invalid_request", message }]);
    expect((await call("POST", "/v1/blueprints/service/entities", nested(498))).status).toBe(422);
    expect(emulator.store.count("service")).toBe(0);
    expect((await call("POST", "/v1/blueprints/service/entities", nested(497))).status).toBe(201);
    expect((await call("GET", "/v1/blueprints/service/entities/deep")).status).toBe(200);
    // Brackets inside of a text are none.
    const title = `${"[{".repeat(1000)}\\"${"[".repeat(1000)}`;
    expect((await call("POST", "/v1/blueprints/service/entities", { title })).status).toBe(201);
  });

  it.each([
    ["evil.example", 421],
    ["127.0.0.1.evil.example", 421],
    ["localhost.evil.example:4455", 421],
    ["localhost:4455", 200],
    ["app.localhost", 200],
    ["127.0.0.5:1", 200],
    ["[::1]:4455", 200],
  ])("a request by the name %s is answered with %i on a loopback address", async (host, status) => {
    const { call, emulator } = await startSession();
    const reply = await call("GET", "/v1/blueprints", undefined, { host });
    expect(reply.status).toBe(status);
    if (status === 421) expect(reply.body).toMatchObject({ ok: false, message: expect.stringContaining("--host") });
    expect(emulator.stats().families.blueprints.accepted).toBe(status === 200 ? 1 : 0);
  });

  it("a request by any name is answered where --host is not a loopback address", async () => {
    const { call } = await startSession({ host: "0.0.0.0" });
    expect((await call("GET", "/v1/blueprints", undefined, { host: "emulator.example" })).status).toBe(200);
  });

  it("a pattern that backtracks refuses the value and holds up nobody", async () => {
    const { call } = await startSession();
    const schema = { properties: { name: { type: "string", pattern: "^([a-z]+[-_.]?)+$" } } };
    await call("POST", "/v1/blueprints", { identifier: "slow", title: "Slow", schema });
    const name = `${"a".repeat(28)}!`;
    const refused = await call("POST", "/v1/blueprints/slow/entities", { identifier: "a", properties: { name } });
    expect([refused.status, refused.body.error]).toEqual([422, "blueprint_schema_mismatch"]);
    const taken = await call("POST", "/v1/blueprints/slow/entities", { identifier: "a", properties: { name: "a-b" } });
    expect(taken.status).toBe(201);
  });
});
