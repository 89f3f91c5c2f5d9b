import { describe, expect, it } from "vitest";
import { compileConstraints } from "../../src/check/constraints.js";
import type { Diagnostics } from "../../src/check/diagnostics.js";
import { exactNumber } from "../../src/same-value.js";

/** Milliseconds of the processor that some work takes. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** What a pattern refuses of a text. */
function refusals(pattern: string, text: string): string[] {
  const check = compileConstraints({ type: "string", pattern });
  if (check === undefined || check === "unreadable") throw new Error("the pattern compiles");
  const codes: string[] = [];
  const diagnostics = { refuse: (code: string) => void codes.push(code) } as Partial<Diagnostics> as Diagnostics;
  check(text, diagnostics);
  return codes;
}

describe("checks in bounded time", () => {
  it.each([
    ["^([a-z0-9]+[-_.]?)+$", "words joined by signs"],
    ["^(a+)+$", "a repetition of a repetition"],
    ["^(?=([a-z]+)+$)[a-z!]+$", "look-ahead, which only the native engine knows"],
  ])("of the pattern %s (%s), which backtracks", (pattern) => {
    // Without a bound these would take hours.
    expect(cpuMs(() => refusals(pattern, `${"a".repeat(60)}!`))).toBeLessThan(5000);
  });

  it("refuse what a pattern refuses, and let through what it lets through", () => {
    expect(refusals("^([a-z0-9]+[-_.]?)+$", `${"a".repeat(60)}!`)).toEqual(["out_of_bounds"]);
    expect(refusals("^([a-z0-9]+[-_.]?)+$", "a-b.c")).toEqual([]);
  });

  it("of a number with 200,000 zeros", () => {
    const zeros = "0".repeat(200_000);
    expect(cpuMs(() => exactNumber(`1${zeros}1`))).toBeLessThan(1000);
    expect(exactNumber(`${zeros}7`)).toBe(7);
    expect(exactNumber(`1${zeros}1`)).toBeUndefined();
  });
});
