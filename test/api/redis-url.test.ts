import { describe, expect, it } from "vitest";
import { publicRedisUrl, resolveRedisUrl } from "../../src/api/redis-url.js";
import { UsageError } from "../../src/errors.js";

describe("resolveRedisUrl", () => {
  const rows: [string, string | undefined, string | undefined, string | undefined][] = [
    ["is none by default", undefined, undefined, undefined],
    ["takes the flag", "redis://a:6379", undefined, "redis://a:6379"],
    ["takes the variable", undefined, "rediss://u:p@a/1", "rediss://u:p@a/1"],
    ["prefers the flag", "redis://a/1", "redis://:p@b/1", "redis://a/1"],
    ["takes a password from the variable of the same server", "redis://a/1", "redis://:p@a/1", "redis://:p@a/1"],
    ["keeps a flag's own password", "redis://:q@a/1", "redis://:p@a/1", "redis://:q@a/1"],
  ];
  it.each(rows)("%s", (_, flag, variable, expected) => {
    expect(resolveRedisUrl(flag, { PORTLOAD_PACE: variable })).toBe(expected);
  });

  it.each(["http://a", "a:6379", "redis://", "secret"])("refuses %s without repeating it", (text) => {
    expect(() => resolveRedisUrl(text, {})).toThrow(UsageError);
    expect(() => resolveRedisUrl(text, {})).toThrow("--pace is no address of a Redis");
  });
});

describe("publicRedisUrl", () => {
  it("leaves out user, password and query", () => {
    expect(publicRedisUrl("rediss://user:p%40ss@host:6380/2?family=6")).toBe("rediss://host:6380/2");
    expect(publicRedisUrl("p@ss")).toBe("redis://***");
  });
});
