import { describe, expect, it } from "vitest";
import { autoWidth, fixedWidth } from "../../../src/recipes/run/control.js";

function round(width: ReturnType<typeof autoWidth>, ms: number): void {
  for (let i = width.now; i > 0; i--) width.settle(ms, false);
}

describe("autoWidth", () => {
  it("doubles once a round trip while latency holds, up to 256", () => {
    const width = autoWidth();
    const seen = [width.now];
    for (let i = 0; i < 7; i++) {
      round(width, 1000);
      seen.push(width.now);
    }
    expect(seen).toEqual([8, 16, 32, 64, 128, 256, 256, 256]);
  });

  it("stays while the server queues", () => {
    const width = autoWidth();
    round(width, 20);
    round(width, 60);
    expect(width.now).toBe(16);
  });

  it("halves on trouble, once for all requests in flight", () => {
    const width = autoWidth();
    round(width, 20);
    round(width, 20);
    for (let i = 0; i < 32; i++) width.settle(20, true);
    expect(width.now).toBe(16);
  });

  it("never falls below one", () => {
    const width = autoWidth();
    for (let i = 0; i < 100; i++) width.settle(20, true);
    expect(width.now).toBe(1);
  });
});

describe("fixedWidth", () => {
  it("never changes", () => {
    const width = fixedWidth(3);
    width.settle(1, true);
    expect(width.now).toBe(3);
  });
});
