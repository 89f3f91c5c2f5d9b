import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowedSince, createLimiter } from "../../src/emulator/limits.js";
import { startOfTime, startSession } from "./session.js";

describe("limits", () => {
  it("needs a token of the bucket and a place in the window", () => {
    let now = 0;
    // 100 per 10 s, burst 10: unauthenticated at scale 30 over a thirtieth of the period.
    const limiter = createLimiter({ limits: 30, periodMs: 10_000, clock: () => now });
    const burst = () => {
      let accepted = 0;
      while (limiter.take("unauthenticated").accepted) accepted += 1;
      return accepted;
    };
    expect(burst()).toBe(10);
    now = 1_000;
    expect(burst()).toBe(10);
    now = 1_100;
    expect(burst()).toBe(1);
    for (now = 1_200; now < 10_000; now += 100) burst();
    expect(limiter.stats().unauthenticated.accepted).toBe(100);
    now = 10_000;
    expect(burst()).toBe(10);
  });

  it("scales limits and bursts, and shortens the period in proportion", () => {
    const at = (limits: "port" | number, periodMs: number) => {
      const { limit, burst } = createLimiter({ limits, periodMs, clock: () => 0 }).stats().bulk;
      return [limit, burst];
    };
    expect(at("port", 300_000)).toEqual([35_000, 3_500]);
    expect(at(0.2, 300_000)).toEqual([7_000, 700]);
    expect(at("port", 3_000)).toEqual([350, 35]);
    expect(at(0.000_01, 3_000)).toEqual([1, 1]);
  });

  it("counts as allowed what a client that always has a request waiting gets through", () => {
    fc.assert(
      fc.property(
        fc.record({
          scale: fc.double({ min: 0.01, max: 2, noNaN: true }),
          elapsedMs: fc.integer({ min: 0, max: 25_000 }),
        }),
        ({ scale, elapsedMs }) => {
          let now = 0;
          const limiter = createLimiter({ limits: scale, periodMs: 10_000, clock: () => now });
          const { limit, burst } = limiter.stats().unauthenticated as { limit: number; burst: number };
          for (; now <= elapsedMs; now += 1) {
            while (limiter.take("unauthenticated").accepted);
          }
          now = elapsedMs;
          // Time moves in steps of a millisecond here, so a fraction of a token may wait.
          const allowed = allowedSince(elapsedMs, { limit, burst, periodMs: 10_000 });
          expect(Math.abs(limiter.stats().unauthenticated.accepted - allowed)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("reports the window of the family on every reply, 401 and 404 included", async () => {
    let now = startOfTime;
    const { call, raw } = await startSession({ clock: () => now, readings: { resetUnit: "seconds" } });
    now += 1_500;
    const headers = (reply: { headers: Record<string, unknown> }) =>
      ["limit", "period", "remaining", "reset"].map((name) => Number(reply.headers[`x-ratelimit-${name}`]));
    expect(headers(await call("GET", "/v1/blueprints"))).toEqual([15_000, 300, 14_999, 299]);
    expect(headers(await call("GET", "/v1/blueprints/none"))).toEqual([15_000, 300, 14_998, 299]);
    expect(headers(await call("GET", "/v1/blueprints/service/entities"))).toEqual([35_000, 300, 34_999, 299]);
    expect(headers(await call("POST", "/v1/blueprints/service/entities", {}))).toEqual([10_000, 300, 9_999, 299]);
    expect(headers(await call("GET", "/v1/nothing"))).toEqual([15_000, 300, 14_999, 299]);
    expect(headers(await raw("GET", "/v1/blueprints"))).toEqual([100, 300, 98, 299]);
  });

  it("refuses with 429 and reports the reset as epoch or seconds, with Retry-After when that is the reading", async () => {
    const readings = { retryAfter: true } as const;
    const { raw, emulator } = await startSession({ limits: 0.01, readings });
    const reply = await raw("GET", "/v1/blueprints");
    expect([reply.status, reply.body]).toEqual([
      429,
      { ok: false, error: "too_many_requests", message: "The rate limit was exceeded" },
    ]);
    expect(reply.headers["retry-after"]).toBe("300");
    expect(Number(reply.headers["x-ratelimit-reset"])).toBe(Math.ceil((startOfTime + 300_000) / 1000));
    expect(emulator.stats().families.unauthenticated).toEqual({
      limit: 1,
      burst: 1,
      periodMs: 300_000,
      accepted: 1,
      refused: 1,
      used: 1,
      allowed: 1,
    });
  });

  it("says in Retry-After when the bucket has its next token, or else when the window ends", async () => {
    let now = startOfTime;
    // A window of 100 in 100 s, so a token each second, and a bucket of 10.
    const options = {
      limits: 3,
      limitPeriodMs: 100_000,
      readings: { retryAfter: true, resetUnit: "seconds" },
    } as const;
    const { raw } = await startSession({ ...options, clock: () => now });
    const refused = async () => {
      for (;;) {
        const { status, headers } = await raw("GET", "/v1/blueprints");
        if (status !== 429) continue;
        return ["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"].map((name) => Number(headers[name]));
      }
    };
    expect(await refused()).toEqual([1, 90, 100]);
    now += 400;
    expect(await refused()).toEqual([1, 90, 100]);
    for (; now < startOfTime + 90_400; now += 10_000) await refused();
    const [retryAfter, remaining, reset] = await refused();
    expect([retryAfter, remaining]).toEqual([reset, 0]);
  });

  it("shows the same figures under /__emulator/stats, without a token and without counting itself", async () => {
    const { raw, emulator } = await startSession();
    const reply = await raw("GET", "/__emulator/stats");
    expect(reply.body).toEqual({ ok: true, ...emulator.stats() });
    expect(Object.keys(reply.body.families)).toEqual([
      "unauthenticated",
      "entities",
      "blueprints",
      "search",
      "single",
      "bulk",
      "other",
    ]);
    expect(reply.body.families.unauthenticated.accepted).toBe(1);
  });

  it("sends no limit headers and counts on with limits off", async () => {
    const { call, emulator } = await startSession({ limits: "off" });
    const reply = await call("GET", "/v1/blueprints");
    expect(Object.keys(reply.headers).filter((name) => name.startsWith("x-ratelimit"))).toEqual([]);
    const none = { limit: null, burst: null, periodMs: null, refused: 0, used: null, allowed: null };
    expect(emulator.stats().families.blueprints).toEqual({ ...none, accepted: 1 });
  });
});
