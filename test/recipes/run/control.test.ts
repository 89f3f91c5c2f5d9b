import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ControlOptions, GraceOver, openControl } from "../../../src/recipes/run/control.js";

const control = (options: Partial<ControlOptions> = {}) => openControl({ concurrency: 4, ...options });

describe("the control of an import", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("keeps the first reason to stop", () => {
    const { stop } = control();
    expect([stop.reason, stop.signal.aborted]).toEqual([undefined, false]);
    stop.because("failed");
    stop.because("interrupted");
    expect([stop.reason, stop.signal.aborted]).toEqual(["failed", true]);
  });

  it("stops at an interruption from outside, and gives what is in flight ten seconds", () => {
    const outside = new AbortController();
    const { stop, grace } = control({ signal: outside.signal });
    outside.abort();
    expect([stop.reason, grace.aborted]).toEqual(["interrupted", false]);
    vi.advanceTimersByTime(10_000);
    expect(grace.reason).toBeInstanceOf(GraceOver);
  });

  it("is interrupted from the beginning where the signal was aborted before", () => {
    expect(control({ signal: AbortSignal.abort() }).stop.reason).toBe("interrupted");
  });

  it("leaves no listener and no timer behind", () => {
    const outside = new AbortController();
    const opened = control({ signal: outside.signal });
    expect(getEventListeners(outside.signal, "abort")).toHaveLength(1);
    opened.close();
    expect(getEventListeners(outside.signal, "abort")).toHaveLength(0);
    const interrupted = control({ signal: AbortSignal.abort() });
    expect(vi.getTimerCount()).toBe(1);
    interrupted.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["no budget", undefined, { rejected: 1000, read: 1000 }, undefined],
    ["as many as allowed", 2, { rejected: 2, read: 2 }, undefined],
    ["one more", 2, { rejected: 3, read: 3 }, "overBudget"],
    ["none allowed", 0, { rejected: 1, read: 1 }, "overBudget"],
    ["a share before a thousand records", { share: 0.01 }, { rejected: 999, read: 999 }, undefined],
    ["a share that holds", { share: 0.01 }, { rejected: 10, read: 1000 }, undefined],
    ["a share that is passed", { share: 0.01 }, { rejected: 11, read: 1000 }, "overBudget"],
  ])("judges the budget: %s", (_, maxErrors, counts, reason) => {
    const { stop, judge } = control({ maxErrors });
    judge(counts);
    expect(stop.reason).toBe(reason);
  });
});
