import { setMaxListeners } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { Ticket } from "../../src/api/allowance.js";
import { realClock } from "../../src/api/clock.js";
import { createPace, type Pace, type Rate } from "../../src/api/pace.js";
import { manualClock } from "../support/manual-clock.js";
import { limitedServer } from "./limited-server.js";

const life: AbortController[] = [];
afterEach(() => {
  for (const controller of life.splice(0)) controller.abort(new Error("over"));
});

function pace(rate: Rate = "auto", clock = realClock): Pace {
  const controller = new AbortController();
  // As the client does: everybody who waits listens to it.
  setMaxListeners(0, controller.signal);
  life.push(controller);
  return createPace({ rate, clock, signal: controller.signal });
}

describe("createPace", () => {
  it("in real time is never refused and uses the quota, burst and all", async () => {
    // 10 s of Port's bulk limits at scale 1: 1,167 requests a period, 117 at once, 117 a second.
    const start = Date.now();
    const server = limitedServer(1167, 117, start, 10_000);
    const lane = pace();
    const worker = async () => {
      while (Date.now() - start < 1500) {
        const ticket = await lane.acquire("bulk");
        const accepted = server.take(Date.now());
        lane.learn("bulk", ticket, accepted ? 200 : 429, server.headers(Date.now()));
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(server.refused).toBe(0);
    expect(server.accepted / (117 + (1167 * 1.5) / 10)).toBeGreaterThan(0.8);
  });

  it("passes a burst far faster than Bottleneck passes jobs", async () => {
    const lane = pace();
    const first = await lane.acquire("bulk");
    lane.learn("bulk", first, 200, {});
    // The processor's time: another program's is not ours.
    const start = process.cpuUsage();
    for (let n = 0; n < 3000; n++) await lane.acquire("bulk");
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(2000);
  });

  it("holds everybody once after a 429 and lets them come back at the rate", async () => {
    const clock = manualClock({ auto: true });
    const lane = pace("auto", clock);
    const ticket = await lane.acquire("bulk");
    lane.learn("bulk", ticket, 200, {});
    const start = clock.now();
    expect(lane.hold("bulk", 5000)).toBe(true);
    const tickets = await Promise.all(Array.from({ length: 30 }, () => lane.acquire("bulk")));
    const waits = tickets.map((t: Ticket) => t.atMs - start);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(5000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5500);
  });

  it("keeps families apart", async () => {
    const clock = manualClock({ auto: true });
    const lane = pace("auto", clock);
    lane.hold("bulk", 60_000);
    const ticket = await lane.acquire("search");
    expect(ticket.atMs).toBe(Date.UTC(2026, 0, 1));
  });

  it("never waits with rate off", () => {
    const lane = pace("off");
    for (let n = 0; n < 10_000; n++) expect(lane.acquire("bulk")).not.toBeInstanceOf(Promise);
    expect(lane.hold("bulk", 1000)).toBe(false);
  });

  it("ends all waits when its signal is aborted", async () => {
    const lane = pace();
    lane.hold("bulk", 60_000);
    const waits = [lane.acquire("bulk"), lane.acquire("bulk")];
    life[0]?.abort(new Error("stop"));
    const ends = await Promise.allSettled(waits);
    expect(ends.map((end) => end.status === "rejected" && end.reason.message)).toEqual(["stop", "stop"]);
  });
});
