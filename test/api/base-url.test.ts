import { describe, expect, it } from "vitest";
import { resolveApiUrl } from "../../src/api/base-url.js";
import { UsageError } from "../../src/errors.js";

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
