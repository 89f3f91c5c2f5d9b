import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openTimeline } from "../../src/report/timeline.js";

describe("a timeline", () => {
  it("counts by the second since it was opened", () => {
    let nowMs = 5000;
    const timeline = openTimeline(() => nowMs);
    timeline.exchange(false);
    nowMs = 5999;
    timeline.settled(Array.from({ length: 20 }));
    nowMs = 7000;
    timeline.exchange(true);
    expect(timeline.points()).toEqual([
      { second: 0, requests: 1, entities: 20, refused: 0 },
      { second: 1, requests: 0, entities: 0, refused: 0 },
      { second: 2, requests: 1, entities: 0, refused: 1 },
    ]);
  });

  it("counts waits that overlap as one, by the second in which they were", () => {
    let nowMs = 0;
    const timeline = openTimeline(() => nowMs);
    nowMs = 1500;
    timeline.waited(1000);
    timeline.waited(900);
    nowMs = 1700;
    timeline.waited(400);
    expect(timeline.points()).toEqual([
      { second: 0, requests: 0, entities: 0, refused: 0, waitedMs: 500 },
      { second: 1, requests: 0, entities: 0, refused: 0, waitedMs: 700 },
    ]);
  });

  it("counts a wait across seconds that fractions of milliseconds round off", () => {
    let nowMs = 461.124999;
    const timeline = openTimeline(() => nowMs);
    nowMs = 5037.744569;
    timeline.waited(2979.3984375);
    expect(timeline.points().map(({ waitedMs }) => waitedMs)).toEqual([undefined, 403, 1000, 1000, 577]);
  });

  it("counts each millisecond of waiting once, whatever overlaps", () => {
    const waits = fc.array(
      fc.tuple(fc.double({ min: 0, max: 5e4, noNaN: true }), fc.double({ min: 0, max: 9e4, noNaN: true })),
      {
        minLength: 1,
      },
    );
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), waits, (startMs, all) => {
        let nowMs = startMs;
        const timeline = openTimeline(() => nowMs);
        let waited = 0;
        let until = startMs;
        for (const [passed, ms] of all) {
          nowMs += passed;
          timeline.waited(ms);
          waited += Math.max(0, nowMs - Math.max(nowMs - ms, until));
          until = nowMs;
        }
        const counted = timeline.points().reduce((sum, each) => sum + (each.waitedMs ?? 0), 0);
        expect(Math.abs(counted - waited)).toBeLessThanOrEqual(timeline.points().length);
      }),
    );
  });

  it("keeps every count, in at most 600 points of one width, however long it takes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30_000_000), { minLength: 1, maxLength: 200 }), (times) => {
        let nowMs = 0;
        const timeline = openTimeline(() => nowMs);
        for (const ms of times.toSorted((a, b) => a - b)) {
          nowMs = ms;
          timeline.exchange(ms % 2 === 0);
          timeline.settled([1, 2, 3]);
        }
        const points = timeline.points();
        const sum = (name: "requests" | "entities" | "refused") => points.reduce((all, each) => all + each[name], 0);
        expect([sum("requests"), sum("entities"), sum("refused")]).toEqual([
          times.length,
          times.length * 3,
          times.filter((ms) => ms % 2 === 0).length,
        ]);
        expect(points.length).toBeLessThanOrEqual(600);
        const width = (points[1]?.second ?? 1) - (points[0]?.second ?? 0);
        expect(points.map(({ second }) => second)).toEqual(points.map((_, index) => index * width));
      }),
    );
  });
});
