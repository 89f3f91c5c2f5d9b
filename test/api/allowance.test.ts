import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAllowance, type Ticket } from "../../src/api/allowance.js";
import { portQuotas, type Quota } from "../../src/api/call.js";
import { readLimitHeaders } from "../../src/api/reply-parts.js";
import { type LimitedServer, limitedServer } from "./limited-server.js";

const stepMs = 5;

interface Run {
  readonly server: LimitedServer;
  readonly quota: Quota;
  readonly width: number;
  readonly minutes: number;
  /** Round trip of the n-th request. */
  readonly tripMs: (n: number) => number;
  /** Requests per second of somebody else. */
  readonly others?: number;
  readonly maxPerSecond?: number;
  readonly share?: number;
  readonly startMs?: number;
}

/** Keeps `width` requests asked for or in flight, looks at the allowance every 100 ms while it waits, as pace does; refusals wait 1 s. */
function drive({ server, quota, width, minutes, tripMs, others = 0, maxPerSecond, share, startMs = 0 }: Run) {
  const allowance = createAllowance(quota, startMs, { ...(maxPerSecond && { maxPerSecond }), ...(share && { share }) });
  const due = new Map<number, (() => void)[]>();
  const at = (ms: number, what: () => void) => {
    const step = Math.max(now + stepMs, Math.round(ms / stepMs) * stepMs);
    due.set(step, [...(due.get(step) ?? []), what]);
  };
  let [now, idle, lookAt, sent, accepted, refused, foreign] = [startMs, width, startMs, 0, 0, 0, 0];
  const send = (ticket: Ticket) => {
    const trip = tripMs(sent++);
    at(now + trip / 2, () => {
      const ok = server.take(now);
      if (ok) accepted++;
      else refused++;
      const headers = server.headers(now);
      at(now + trip / 2, () => {
        allowance.learn(ticket, ok, readLimitHeaders(headers, now), now);
        if (!ok) allowance.hold(now + 1000);
        idle++;
      });
    });
  };
  for (const end = startMs + minutes * 60_000; now < end; now += stepMs) {
    for (const what of due.get(now) ?? []) what();
    due.delete(now);
    for (; foreign < (others * (now - startMs)) / 1000; foreign++) server.take(now);
    if (idle === 0 || now < lookAt) continue;
    const free = allowance.free(now);
    if (free === 0) lookAt = now + 100;
    allowance.buy(Math.min(free, idle));
    for (let ticket = allowance.hand(now); ticket !== undefined; ticket = allowance.hand(now)) {
      idle--;
      send(ticket);
    }
  }
  return { accepted, refused };
}

/** What a greedy client would get from such a server. */
function allowed(limit: number, burst: number, minutes: number): number {
  const windows = Math.floor(minutes / 5);
  return windows * limit + Math.min(limit, burst + ((minutes - windows * 5) * limit) / 5);
}

const { bulk, single, token } = portQuotas;
const steady = (ms: number) => () => ms;

describe("against Port's limits as the emulator defines them", () => {
  for (const scale of [1, 0.2]) {
    for (const ms of [20, 200, 1000]) {
      it(`at scale ${scale} and a round trip of ${ms} ms uses at least 97 % of the quota in 12 minutes and is never refused`, () => {
        const [limit, burst] = [bulk.limit * scale, bulk.limit * scale * 0.1];
        const { accepted, refused } = drive({
          server: limitedServer(limit, burst),
          quota: bulk,
          width: 200,
          minutes: 12,
          tripMs: steady(ms),
        });
        expect(refused).toBe(0);
        expect(accepted / allowed(limit, burst, 12)).toBeGreaterThan(0.97);
      });
    }
  }

  it("sends 1,530 bulk requests at a fifth of Port's limits without a refusal, burst and all", () => {
    const server = limitedServer(7000, 700);
    const { accepted, refused } = drive({ server, quota: bulk, width: 16, minutes: 0.65, tripMs: steady(20) });
    expect(refused).toBe(0);
    expect(accepted).toBeGreaterThanOrEqual(1530);
  });

  it("is not refused when round trips scatter, so that requests bunch and overtake each other", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 20, max: 900 }), { minLength: 7, maxLength: 50 }), (trips) => {
        const server = limitedServer(7000, 700);
        const { accepted, refused } = drive({
          server,
          quota: bulk,
          width: 64,
          minutes: 6,
          tripMs: (n) => trips[n % trips.length] ?? 20,
        });
        expect(refused).toBe(0);
        expect(accepted / allowed(7000, 700, 6)).toBeGreaterThan(0.94);
      }),
      { numRuns: 15 },
    );
  });

  it("is never refused on the families with a small burst", () => {
    const singles = drive({ server: limitedServer(2000, 40), quota: single, width: 8, minutes: 3, tripMs: steady(80) });
    const tokens = drive({ server: limitedServer(20, 2), quota: token, width: 1, minutes: 11, tripMs: steady(80) });
    expect([singles.refused, tokens.refused]).toEqual([0, 0]);
    expect(singles.accepted / allowed(2000, 40, 3)).toBeGreaterThan(0.97);
    expect(tokens.accepted).toBeGreaterThan(30);
  });

  it("assumes what the window's use shows when it joins late", () => {
    const server = limitedServer(7000, 700);
    for (let n = 0; n < 600; n++) server.take(0);
    const { accepted, refused } = drive({ server, quota: bulk, width: 16, minutes: 2, tripMs: steady(20) });
    expect(refused).toBe(0);
    expect(accepted).toBeGreaterThan(0.97 * (100 + 2 * 1400));
  });

  for (const ms of [20, 200, 1000]) {
    it(`gives way to another client that takes 40 %, at ${ms} ms: under 1 % refused, at least 97 % of the rest used`, () => {
      const server = limitedServer(35_000, 3500);
      const run = { server, quota: bulk, width: 200, minutes: 6, tripMs: steady(ms), others: 46 };
      const { accepted, refused } = drive(run);
      expect(refused / accepted).toBeLessThan(0.01);
      expect(accepted / (allowed(35_000, 3500, 6) - 46 * 360)).toBeGreaterThan(0.97);
    });
  }

  it("counts tokens that were bought in advance as part of the burst", () => {
    // 1,750 a minute, burst 175: a margin of 4, and tokens are bought 32 ahead while nobody sends.
    const server = limitedServer(1750, 175, 0, 60_000);
    const allowance = createAllowance({ limit: 1750, periodMs: 60_000, burstShare: 0.1 }, 0);
    const send = (now: number) => {
      const ticket = allowance.hand(now) as Ticket;
      const ok = server.take(now);
      allowance.learn(ticket, ok, readLimitHeaders(server.headers(now), now), now);
    };
    allowance.buy(1);
    send(0);
    allowance.buy(32);
    let now = 10_000;
    let sent = 1;
    for (let free = allowance.free(now); free > 0 || sent < 32; free = allowance.free(now)) {
      allowance.buy(free);
      for (let n = 0; n < free + (sent === 1 ? 32 : 0); n++) send(now);
      sent += free + 32;
      now += 1;
    }
    expect([server.accepted > 160, server.refused]).toEqual([true, 0]);
  });

  it("caps the rate at --rate, whatever the quota gives", () => {
    const server = limitedServer(35_000, 3500);
    const { accepted } = drive({ server, quota: bulk, width: 64, minutes: 2, tripMs: steady(20), maxPerSecond: 10 });
    expect(accepted).toBeGreaterThan(1180);
    expect(accepted).toBeLessThanOrEqual(1210);
  });
});

describe("a share of the quota", () => {
  for (const [share, ms] of [
    [0.5, 20],
    [0.5, 1000],
    [0.25, 200],
    [0.1, 200],
  ] as const) {
    it(`of ${share * 100} % is what it uses at ${ms} ms, within 3 %, and is never refused`, () => {
      const server = limitedServer(35_000, 3500);
      const run = { server, quota: bulk, width: 200, minutes: 12, tripMs: steady(ms), share };
      const { accepted, refused } = drive(run);
      expect(refused).toBe(0);
      expect(Math.abs(accepted / allowed(35_000, 3500, 12) / share - 1)).toBeLessThan(0.03);
    });
  }

  it("gives way to others who take more than the rest: what remains stays above their share of the time left", () => {
    const server = limitedServer(35_000, 3500);
    let lowest = Number.POSITIVE_INFINITY;
    const take = server.take.bind(server);
    const watched = {
      ...server,
      take(now: number) {
        const ok = take(now);
        const remaining = Number(server.headers(now)["x-ratelimit-remaining"]);
        lowest = Math.min(lowest, remaining - (0.5 * 35_000 * (300_000 - now)) / 300_000);
        return ok;
      },
    };
    // Others take 60 % of the rate.
    const run = { server: watched, quota: bulk, width: 100, minutes: 4.9, tripMs: steady(50), share: 0.5, others: 70 };
    const { accepted, refused } = drive(run);
    expect(refused).toBe(0);
    expect(accepted).toBeLessThan(0.5 * 35_000);
    // What others take is noticed within a second.
    expect(lowest).toBeGreaterThan(-70);
  });

  it("can be cut down while it runs", () => {
    const allowance = createAllowance(bulk, 0);
    const ticket = allowance.count(0);
    allowance.learn(ticket, true, undefined, 0);
    const all = allowance.free(0);
    allowance.limitTo(0.25);
    expect([all, allowance.free(0), allowance.free(1_000_000)]).toEqual([3429, 857, 857]);
  });
});

describe("before the first reply", () => {
  it("lets out four, then one a second", () => {
    const allowance = createAllowance(bulk, 0);
    expect(allowance.free(0)).toBe(4);
    allowance.buy(4);
    expect([allowance.free(999), allowance.free(1000), allowance.free(3000)]).toEqual([0, 1, 3]);
  });

  it("takes Port's published limits when the reply states none", () => {
    const allowance = createAllowance(bulk, 0);
    allowance.buy(1);
    const ticket = allowance.hand(0) as Ticket;
    allowance.learn(ticket, false, undefined, 10);
    expect(allowance.free(10)).toBe(3);
    allowance.learn(ticket, true, undefined, 20);
    expect(allowance.free(20)).toBe(3429);
    expect(allowance.used()).toBeUndefined();
  });
});

it("gives nothing during a hold, then starts from a second's worth", () => {
  const allowance = createAllowance(bulk, 0);
  allowance.buy(2);
  const ticket = allowance.hand(0) as Ticket;
  allowance.learn(ticket, true, undefined, 0);
  allowance.hold(5000);
  expect(allowance.hand(1)).toBeUndefined();
  expect([allowance.free(4999), allowance.free(5000), allowance.free(6000)]).toEqual([0, 116, 233]);
});

it("reports the share of the window that all clients have used", () => {
  const allowance = createAllowance(bulk, 0);
  allowance.buy(1);
  const ticket = allowance.hand(0) as Ticket;
  allowance.learn(ticket, true, { limit: 35_000, periodMs: 300_000, remaining: 7000, resetAtMs: 100_000 }, 10);
  expect(allowance.used()).toBe(0.8);
});
