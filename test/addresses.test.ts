import { describe, expect, it } from "vitest";
import { publicRedisUrl, resolveApiUrl, resolveRedisUrl } from "../src/addresses.js";
import { UsageError } from "../src/errors.js";

describe("resolveApiUrl", () => {
  const rows: [string, { apiUrl?: string; env: Record<string, string> }, string][] = [
    ["the EU by default", { env: {} }, "https://api.port.io/v1"],
    ["the US by region", { env: { PORT_REGION: "us" } }, "https://api.us.port.io/v1"],
    ["empty variables count as unset", { env: { PORT_REGION: "", PORT_API_URL: "" } }, "https://api.port.io/v1"],
    ["PORT_API_URL over PORT_REGION", { env: { PORT_REGION: "us", PORT_API_URL: "http://h:1/v1" } }, "http://h:1/v1"],
    ["the flag over all", { apiUrl: "http://f", env: { PORT_API_URL: "http://h" } }, "http://f/v1"],
    ["/v1 only where the path is empty", { apiUrl: "https://gate/port/v2/", env: {} }, "https://gate/port/v2"],
  ];
  it.each(rows)("%s", (_, sources, expected) => {
    expect(resolveApiUrl(sources)).toBe(expected);
  });

  it.each([
    "api.port.io",
    "ftp://api.port.io",
    "",
    "https://",
    "https://user:hush@api.port.io",
    "https://h/v1?key=hush",
    "https://h/#hush",
  ])("refuses %j without repeating it", (apiUrl) => {
    const attempt = () => resolveApiUrl({ apiUrl, env: {} });
    expect(attempt).toThrow(UsageError);
    expect(attempt).not.toThrow(/hush/);
  });

  it("refuses an unknown region", () => {
    expect(() => resolveApiUrl({ env: { PORT_REGION: "mars" } })).toThrow(UsageError);
  });
});

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
    expect(() => resolveRedisUrl(text, {})).toThrow("--pace is not a Redis address");
  });
});

describe("publicRedisUrl", () => {
  it("leaves out user, password and query", () => {
    expect(publicRedisUrl("rediss://user:p%40ss@host:6380/2?family=6")).toBe("rediss://host:6380/2");
    expect(publicRedisUrl("p@ss")).toBe("redis://***");
  });
});
