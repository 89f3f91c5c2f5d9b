import { describe, expect, it } from "vitest";
import { manualClock } from "../support/manual-clock.js";
import { stub } from "./stub-server.js";

const get = { method: "GET", path: "/blueprints", route: "blueprints" } as const;

/** Waits until the condition holds; time of the client stops meanwhile. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setImmediate(done));
}

describe("traffic", () => {
  it("reports what is in flight", async () => {
    const { client, seen } = await stub(() => "hang");
    const asked = client.ask(get).catch(() => undefined);
    await until(() => seen.length === 1);
    expect(client.traffic()).toEqual({ inFlight: 1 });
    await client.close();
    await asked;
    expect(client.traffic()).toEqual({ inFlight: 0 });
  });

  it("counts down to the next attempt, of several the first one", async () => {
    const clock = manualClock();
    let calls = 0;
    const fails = { status: 503, body: {} };
    const { client } = await stub(
      () => (++calls <= 2 ? { ...fails, headers: { "retry-after": `${calls * 8}` } } : {}),
      { clock },
    );
    const asked = Promise.all([client.ask(get), client.ask(get)]);
    await until(() => client.traffic().wait?.requests === 2);
    expect(client.traffic()).toEqual({
      inFlight: 0,
      wait: { for: "retry", leftMs: 8000, requests: 2, why: "HTTP 503" },
    });
    clock.advance(5000);
    expect(client.traffic().wait).toMatchObject({ leftMs: 3000 });
    clock.advance(20_000);
    await asked;
    expect(client.traffic()).toEqual({ inFlight: 0 });
  });

  it("counts down to the end of a 429, which holds all of a family", async () => {
    const clock = manualClock();
    const { client } = await stub(
      (_, n) => (n === 1 ? { status: 429, headers: { "retry-after": "20" }, body: {} } : {}),
      { clock },
    );
    const asked = client.ask(get);
    await until(() => client.traffic().wait !== undefined);
    const { wait } = client.traffic();
    expect(wait?.for).toBe("quota");
    expect(wait?.leftMs).toBeGreaterThanOrEqual(20_000);
    expect(wait?.leftMs).toBeLessThanOrEqual(23_000);
    let isAnswered = false;
    void asked.then(() => (isAnswered = true));
    await until(() => {
      clock.advance(100);
      return isAnswered;
    });
    expect(client.traffic()).toEqual({ inFlight: 0 });
  });

  it("counts down to the end of a window that others have used up", async () => {
    const clock = manualClock();
    const headers = {
      "x-ratelimit-limit": "100",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": "240",
      "x-ratelimit-period": "300",
    };
    const { client } = await stub(() => ({ headers }), { clock });
    await client.ask(get);
    const asked = client.ask(get).catch(() => undefined);
    await until(() => client.traffic().wait !== undefined);
    expect(client.traffic().wait?.for).toBe("quota");
    expect(client.traffic().wait?.leftMs).toBeGreaterThan(230_000);
    await client.close();
    await asked;
  });

  it("says so when the token is waited for", async () => {
    const clock = manualClock();
    const { client, url } = await stub(() => ({}), { clock });
    expect(url).toContain("127.0.0.1");
    client.signIn();
    expect(client.traffic().wait).toBeUndefined();
    clock.advance(1500);
    expect(client.traffic().wait).toEqual({ for: "token" });
    await client.ask(get);
    expect(client.traffic().wait).toBeUndefined();
  });
});
