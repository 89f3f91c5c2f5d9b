import { describe, expect, it, onTestFinished } from "vitest";
import { type Caps, createAllowance } from "../../src/api/allowance.js";
import { portQuotas } from "../../src/api/call.js";
import { startSharedLane } from "../../src/api/lane.js";
import type { WindowNews } from "../../src/api/reply-parts.js";
import { manualClock } from "../support/manual-clock.js";

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A lane on a limiter whose turns are given by hand. */
function start({ caps = {}, aloneShare }: { caps?: Caps; aloneShare?: number } = {}) {
  const clock = manualClock();
  const life = new AbortController();
  onTestFinished(() => life.abort(new Error("over")));
  const turns: { resolve: () => void; reject: (reason: unknown) => void }[] = [];
  const gaps: number[] = [];
  const losses: unknown[] = [];
  const allowance = createAllowance(portQuotas.bulk, clock.now(), caps);
  const lane = startSharedLane({
    clock,
    signal: life.signal,
    quota: portQuotas.bulk,
    caps,
    allowance,
    limiter: Promise.resolve({
      turn: () => new Promise<void>((resolve, reject) => void turns.push({ resolve, reject })),
      setGap: async (gapMs: number) => void gaps.push(Math.round(gapMs * 1000) / 1000),
    }),
    onLost(error) {
      losses.push(error);
      if (aloneShare !== undefined) allowance.limitTo(aloneShare);
      return aloneShare !== undefined;
    },
  });
  const waits: Promise<unknown>[] = [];
  let out = 0;
  const ask = (count: number) => {
    for (let n = 0; n < count; n++) {
      const wait = Promise.resolve(lane.acquire());
      waits.push(wait);
      wait.then(
        () => out++,
        () => undefined,
      );
    }
  };
  const give = async (count: number) => {
    await settle();
    for (let n = 0; n < count; n++) {
      turns.shift()?.resolve();
      await settle();
    }
  };
  const learn = (news: Partial<WindowNews> = {}) =>
    lane.learn({ ordinal: 1, atMs: clock.now() }, true, { limit: 35_000, periodMs: 300_000, ...news });
  return { clock, life, lane, turns, gaps, losses, ask, give, learn, waits, out: () => out };
}

describe("startSharedLane", () => {
  it("lets one request out at each turn, and asks for turns 300 ms ahead", async () => {
    const { ask, give, learn, turns, out } = start();
    learn();
    ask(100);
    await settle();
    expect([turns.length, out()]).toEqual([35, 0]);
    await give(10);
    expect([turns.length, out()]).toEqual([35, 10]);
  });

  it("asks for four turns before the first reply, then for one a second", async () => {
    const { ask, give, turns, clock, out } = start();
    ask(10);
    await give(4);
    expect([turns.length, out()]).toEqual([0, 4]);
    clock.advance(1000);
    await give(1);
    expect([turns.length, out()]).toEqual([0, 5]);
  });

  it("sets the gap by the first word of limits, half a percent wide, and again only when they change", async () => {
    const { learn, gaps } = start();
    learn();
    learn();
    learn({ limit: 7000 });
    await settle();
    expect(gaps).toEqual([8.614, 43.071]);
  });

  it("takes share and rate into the gap", async () => {
    const half = start({ caps: { share: 0.5 } });
    half.learn();
    const ten = start({ caps: { maxPerSecond: 10 } });
    ten.learn();
    await settle();
    expect([half.gaps, ten.gaps]).toEqual([[17.229], [100.5]]);
  });

  it("lets several out at a turn where the quota is more than a limiter passes", async () => {
    const { ask, give, learn, gaps, out } = start();
    learn({ limit: 350_000 });
    ask(20);
    await give(1);
    expect([gaps, out()]).toEqual([[5.169], 6]);
  });

  it("widens the gap when others use the window up, and narrows it in the next one", async () => {
    const { learn, gaps, clock } = start();
    const resetAtMs = clock.now() + 101_000;
    learn({ remaining: 35_000, resetAtMs });
    learn({ remaining: 5000, resetAtMs });
    learn({ remaining: 35_000, resetAtMs: resetAtMs + 300_000 });
    await settle();
    expect(gaps).toEqual([8.614, 20.1, 8.614]);
  });

  it("lets nobody out during a hold", async () => {
    const { ask, give, learn, lane, clock, turns, out } = start();
    learn();
    ask(3);
    await settle();
    lane.hold(clock.now() + 5000);
    await give(3);
    expect([turns.length, out()]).toEqual([0, 0]);
    clock.advance(4999);
    await give(3);
    expect(out()).toBe(0);
    clock.advance(1);
    await give(3);
    expect(out()).toBe(3);
  });

  it("gives the error to all who wait and come later when the limiter is lost", async () => {
    const { ask, learn, turns, waits, losses, lane } = start();
    learn();
    ask(3);
    await settle();
    const error = new Error("gone");
    turns.shift()?.reject(error);
    turns.shift()?.reject(new Error("again"));
    const ends = await Promise.allSettled(waits);
    expect(ends.map((end) => end.status === "rejected" && end.reason)).toEqual([error, error, error]);
    await expect(lane.acquire()).rejects.toBe(error);
    expect(losses).toEqual([error]);
  });

  it("continues alone with its share where that was said", async () => {
    const { ask, learn, turns, waits, lane } = start({ aloneShare: 0.25 });
    learn();
    ask(3);
    await settle();
    turns.shift()?.reject(new Error("gone"));
    await Promise.all(waits);
    // A quarter of the burst less its margin.
    for (let n = 0; n < 854; n++) await lane.acquire();
    let more = false;
    Promise.resolve(lane.acquire()).then(
      () => {
        more = true;
      },
      () => undefined,
    );
    await settle();
    expect(more).toBe(false);
  });

  it("ends all waits when its signal is aborted", async () => {
    const { ask, waits, life, lane, learn } = start();
    learn();
    ask(2);
    life.abort(new Error("stop"));
    const ends = await Promise.allSettled([...waits, lane.acquire()]);
    expect(ends.map((end) => end.status === "rejected" && end.reason.message)).toEqual(["stop", "stop", "stop"]);
  });
});
