import { describe, expect, it } from "vitest";
import { startSession } from "./session.js";

describe("the emulator", () => {
  it("holds every answer back for its latency without holding up the others", async () => {
    const { call } = await startSession({ latencyMs: 300 });
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 12 }, () => call("GET", "/v1/blueprints")));
    const elapsedMs = performance.now() - startedAt;
    expect(elapsedMs).toBeGreaterThanOrEqual(299);
    expect(elapsedMs).toBeLessThan(12 * 300);
  });

  it("answers 404 in the common envelope for a route it does not have", async () => {
    const { call } = await startSession();
    const reply = await call("GET", "/v1/nothing");
    const message = "Route GET /v1/nothing was not found";
    expect([reply.status, reply.body]).toEqual([404, { ok: false, error: "not_found", message }]);
  });

  it("frees its port when it closes", async () => {
    const first = await startSession();
    const { port } = new URL(first.emulator.url);
    await first.emulator.close();
    const second = await startSession({ port: Number(port) });
    expect(second.emulator.url).toBe(`http://127.0.0.1:${port}/v1`);
  });
});
