import { describe, expect, it } from "vitest";
import type { ReplyHeaders } from "../../src/api/reply-parts.js";
import { type AttemptFacts, attemptTimeout, decideRetry, retryDelayMs, unreadableReply } from "../../src/api/retry.js";

const first: AttemptFacts = {
  idempotent: true,
  attempt: 1,
  maxAttempts: 5,
  delayMs: 1000,
  leftMs: 60_000,
  renewed: false,
};

describe("decideRetry, for a request that may be sent twice", () => {
  const rows: [Partial<AttemptFacts>, boolean, string][] = [
    [{ status: 401 }, true, "token"],
    [{ status: 401, renewed: true }, false, "answered"],
    [{ status: 408 }, true, "server"],
    [{ status: 429 }, true, "throttled"],
    ...[500, 502, 503, 504, 520, 521, 522, 523, 524].map((status): [Partial<AttemptFacts>, boolean, string] => [
      { status },
      true,
      "server",
    ]),
    ...[301, 400, 403, 404, 409, 413, 422, 501, 505].map((status): [Partial<AttemptFacts>, boolean, string] => [
      { status },
      false,
      "answered",
    ]),
    ...[
      attemptTimeout,
      unreadableReply,
      "EAI_AGAIN",
      "ECONNABORTED",
      "ECONNREFUSED",
      "ECONNRESET",
      "EHOSTDOWN",
      "EHOSTUNREACH",
      "ENETDOWN",
      "ENETUNREACH",
      "ENOTFOUND",
      "EPIPE",
      "ETIMEDOUT",
      "HPE_INVALID_CONSTANT",
      "UND_ERR_ABORTED",
      "UND_ERR_BODY_TIMEOUT",
      "UND_ERR_CONNECT_TIMEOUT",
      "UND_ERR_HEADERS_TIMEOUT",
      "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
      "UND_ERR_SOCKET",
    ].map((code): [Partial<AttemptFacts>, boolean, string] => [{ code }, true, "network"]),
    [{ code: "PROXY_503" }, true, "network"],
    [{ code: "PROXY_407" }, false, "fatal"],
    [{ code: "PROXY_403" }, false, "fatal"],
    [{ code: "REPLY_TOO_LARGE" }, false, "fatal"],
    [{ code: "NOT_THE_API" }, true, "network"],
    [{ code: "CERT_HAS_EXPIRED" }, false, "fatal"],
    [{ code: "UND_ERR_INVALID_ARG" }, false, "fatal"],
    [{}, false, "fatal"],
    [{ status: 503, attempt: 5 }, false, "spent"],
    [{ status: 429, attempt: 5 }, false, "spent"],
    [{ code: "ECONNRESET", attempt: 4 }, true, "network"],
    [{ code: "ECONNRESET", attempt: 5 }, false, "spent"],
    [{ status: 503, delayMs: 59_999 }, true, "server"],
    [{ status: 503, delayMs: 60_000 }, false, "spent"],
    [{ status: 429, leftMs: 0 }, false, "spent"],
    [{ status: 422, leftMs: 0 }, false, "answered"],
  ];
  it.each(rows)("%j → retry %s, %s", (facts, retry, why) => {
    expect(decideRetry({ ...first, ...facts })).toEqual({ retry, why });
  });
});

describe("decideRetry, for a request that must not be done twice", () => {
  const rows: [Partial<AttemptFacts>, boolean, string][] = [
    [{ status: 401 }, true, "token"],
    [{ status: 429 }, true, "throttled"],
    [{ status: 409 }, false, "answered"],
    [{ status: 408 }, false, "ambiguous"],
    [{ status: 500 }, false, "ambiguous"],
    [{ status: 501 }, false, "ambiguous"],
    [{ status: 503 }, false, "ambiguous"],
    [{ code: "ECONNREFUSED" }, true, "network"],
    [{ code: "ENOTFOUND" }, true, "network"],
    [{ code: "UND_ERR_CONNECT_TIMEOUT" }, true, "network"],
    [{ code: "ECONNRESET" }, false, "ambiguous"],
    [{ code: "UND_ERR_SOCKET" }, false, "ambiguous"],
    [{ code: attemptTimeout }, false, "ambiguous"],
    [{ code: unreadableReply }, false, "ambiguous"],
    [{ code: "PROXY_503" }, true, "network"],
    [{ code: "PROXY_407" }, false, "fatal"],
    [{ code: "PROXY_403" }, false, "fatal"],
    [{ code: "REPLY_TOO_LARGE" }, false, "fatal"],
    [{ code: "NOT_THE_API" }, false, "ambiguous"],
    [{ code: "CERT_HAS_EXPIRED" }, false, "fatal"],
  ];
  it.each(rows)("%j → retry %s, %s", (facts, retry, why) => {
    expect(decideRetry({ ...first, idempotent: false, ...facts })).toEqual({ retry, why });
  });
});

describe("retryDelayMs", () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const epoch = nowMs / 1000;
  const rows: [string, ReplyHeaders, number, number][] = [
    ["Retry-After in seconds", { "retry-after": "7" }, 1, 7000],
    ["Retry-After as a date", { "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" }, 1, 9000],
    ["Retry-After as a date gone by", { "retry-after": "Wed, 31 Dec 2025 23:59:00 GMT" }, 1, 0],
    ["Retry-After beyond five minutes", { "retry-after": "86400" }, 1, 300_000],
    ["Retry-After before the reset", { "retry-after": "2", "x-ratelimit-reset": "60" }, 1, 2000],
    ["junk in Retry-After", { "retry-after": "-1" }, 1, 500],
    ["reset in seconds", { "x-ratelimit-reset": "42", "x-ratelimit-remaining": "0" }, 1, 42_000],
    ["reset in seconds, nothing about what remains", { "x-ratelimit-reset": "42" }, 1, 42_000],
    ["reset of 10,000 is seconds, bounded", { "x-ratelimit-reset": "10000" }, 1, 300_000],
    ["reset as an epoch", { "x-ratelimit-reset": String(epoch + 30) }, 1, 30_000],
    ["reset as an epoch gone by", { "x-ratelimit-reset": String(epoch - 30) }, 1, 0],
    ["reset of a window that has room", { "x-ratelimit-reset": "42", "x-ratelimit-remaining": "5" }, 1, 500],
    ["the first of several headers", { "retry-after": ["3", "4"] }, 1, 3000],
    ["no header, first attempt", {}, 1, 500],
    ["no header, second attempt", {}, 2, 1000],
    ["no header, fifth attempt", {}, 5, 8000],
    ["no header, sixth attempt: the cap", {}, 6, 16_000],
    ["no header, many attempts", {}, 60, 16_000],
  ];
  it.each(rows)("%s", (_, headers, attempt, expected) => {
    expect(retryDelayMs(headers, attempt, { nowMs, random: () => 0.5 })).toBe(expected);
  });

  it("takes base and cap from its clock", () => {
    expect(retryDelayMs({}, 3, { nowMs, random: () => 0.5, baseMs: 100, maxMs: 300 })).toBe(150);
  });
});
