import { afterEach, expect, it, vi } from "vitest";
import { realClock } from "../../src/api/clock.js";
import { readLimitHeaders } from "../../src/api/reply-parts.js";
import { retryDelayMs } from "../../src/api/retry.js";
import { stub } from "./stub-server.js";

afterEach(() => void vi.restoreAllMocks());

it("continues at its pace while the wall clock is set back by an hour", async () => {
  const { client, seen } = await stub(() => ({ body: { ok: true, entities: [{ index: 0, created: true }] } }), {
    clock: realClock,
    rate: 50,
  });
  const flags = { mode: "merge", createMissing: false } as const;
  await client.upsertBulk("b", ["{}"], flags);
  const now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now - 3_600_000);
  const start = performance.now();
  await Promise.all(Array.from({ length: 30 }, () => client.upsertBulk("b", ["{}"], flags)));
  expect(seen.length).toBe(31);
  expect(performance.now() - start).toBeLessThan(10_000);
});

it("reads times of day against the server's own clock, so that ours need not be right", () => {
  const ours = Date.UTC(2026, 0, 1);
  const theirs = Date.UTC(2016, 0, 1);
  const headers = {
    date: new Date(theirs).toUTCString(),
    "x-ratelimit-limit": "10",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(theirs / 1000 + 30),
  };
  expect(readLimitHeaders(headers, ours)?.resetAtMs).toBe(ours + 31_000);
  expect(retryDelayMs(headers, 1, { nowMs: ours, random: () => 0 })).toBe(30_000);
  const later = { date: headers.date, "retry-after": new Date(theirs + 7000).toUTCString() };
  expect(retryDelayMs(later, 1, { nowMs: ours, random: () => 0 })).toBe(7000);
});
