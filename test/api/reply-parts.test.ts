import { expect, it } from "vitest";
import { readLimitHeaders } from "../../src/api/reply-parts.js";

const nowMs = Date.UTC(2026, 0, 1);
const headers = { "x-ratelimit-limit": "35000", "x-ratelimit-period": "300", "x-ratelimit-remaining": "34999" };
const read = { limit: 35_000, periodMs: 300_000, remaining: 34_999 };

it("reads a reset in seconds", () => {
  const news = readLimitHeaders({ ...headers, "x-ratelimit-reset": "250" }, nowMs);
  expect(news).toEqual({ ...read, resetAtMs: nowMs + 250_000 });
});

it("reads a reset that is an epoch, and adds the second that it may be cut by", () => {
  const news = readLimitHeaders({ ...headers, "x-ratelimit-reset": String(nowMs / 1000 + 250) }, nowMs);
  expect(news).toEqual({ ...read, resetAtMs: nowMs + 251_000 });
});

it("reads a period stated in milliseconds", () => {
  expect(readLimitHeaders({ "x-ratelimit-limit": "5", "x-ratelimit-period": "300000" }, nowMs)).toEqual({
    limit: 5,
    periodMs: 300_000,
  });
});

it.each([{}, { "x-ratelimit-limit": "many" }, { "x-ratelimit-limit": "0" }])("reports nothing for %j", (headers) => {
  expect(readLimitHeaders(headers, nowMs)).toBeUndefined();
});
