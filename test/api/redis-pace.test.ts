import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { realClock } from "../../src/api/clock.js";
import { openRedisPace } from "../../src/api/redis-pace.js";
import { PaceError } from "../../src/errors.js";
import { root } from "../support/catalog.js";
import { hasRedis, redisBehindCut, redisUrl, withoutRedis } from "./redis.js";
import { stub } from "./stub-server.js";

const flags = { mode: "merge", createMissing: false } as const;
let named = 0;
/** An API of its own for each test, so that no two share turns. */
const api = () => `http://test-${process.pid}-${Date.now()}-${named++}/v1`;

async function limiterOf(url: string, apiUrl: string, gapMs: number) {
  const pace = await openRedisPace(url, apiUrl);
  onTestFinished(() => pace.close());
  return pace.limiter("bulk", gapMs);
}

/** Takes turns, 16 asked for at a time, until the time is over; gives how many came. */
async function takeTurns(limiter: { turn(): Promise<void> }, untilMs: number): Promise<number> {
  let turns = 0;
  const worker = async () => {
    for (;;) {
      await limiter.turn();
      if (Date.now() >= untilMs) return;
      turns++;
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return turns;
}

it.runIf(process.env.CI === "true")("has a Redis to test with, since CI may not skip these", () => {
  expect(hasRedis, `no Redis answers at ${new URL(redisUrl).host}`).toBe(true);
});

// Turns are counted in real time, which another program may take away.
describe.skipIf(!hasRedis)(`a pace shared through Redis${withoutRedis}`, { retry: 2 }, () => {
  it("gives turns of two jobs one gap apart, and about half to each", async () => {
    const apiUrl = api();
    const [one, two] = await Promise.all([limiterOf(redisUrl, apiUrl, 10), limiterOf(redisUrl, apiUrl, 10)]);
    const end = Date.now() + 1500;
    const [first, second] = await Promise.all([takeTurns(one, end), takeTurns(two, end)]);
    expect(first + second).toBeLessThanOrEqual(152);
    expect(first + second).toBeGreaterThanOrEqual(135);
    expect(Math.min(first, second)).toBeGreaterThan(50);
  });

  it("follows a gap that another job sets", async () => {
    const apiUrl = api();
    const [one, two] = await Promise.all([limiterOf(redisUrl, apiUrl, 200), limiterOf(redisUrl, apiUrl, 200)]);
    await two.setGap(10);
    const turns = await takeTurns(one, Date.now() + 800);
    expect(turns).toBeGreaterThan(60);
    expect(turns).toBeLessThanOrEqual(82);
  });

  it("loses nothing to a job that is killed", async () => {
    const apiUrl = api();
    const code = `
      import { openRedisPace } from ${JSON.stringify(join(root, "node_modules/.cache/portload-bench/src/api/redis-pace.js"))};
      const limiter = await (await openRedisPace(${JSON.stringify(redisUrl)}, ${JSON.stringify(apiUrl)})).limiter("bulk", 10);
      const worker = async () => { for (;;) { await limiter.turn(); process.stdout.write("."); } };
      for (let n = 0; n < 30; n++) void worker();
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    const mine = await limiterOf(redisUrl, apiUrl, 10);
    child.kill("SIGKILL");
    await once(child, "close");
    const start = Date.now();
    await mine.turn();
    // 30 turns were reserved: 300 ms.
    expect(Date.now() - start).toBeLessThan(500);
    const turns = await takeTurns(mine, Date.now() + 1000);
    expect(turns).toBeGreaterThan(85);
  });

  it("is let in by user and password, which no message repeats when they are wrong", async () => {
    const admin = new Redis(redisUrl);
    const user = `portload-test-${process.pid}`;
    onTestFinished(async () => {
      await admin.acl("DELUSER", user);
      admin.disconnect();
    });
    await admin.acl("SETUSER", user, "on", ">hunter2", "~*", "&*", "+@all");
    const as = (password: string) => Object.assign(new URL(redisUrl), { username: user, password }).href;
    const limiter = await limiterOf(as("hunter2"), api(), 10);
    await limiter.turn();
    const error = await openRedisPace(as("hunter3"), api()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PaceError);
    expect(String(error)).toMatch(/cannot be used: WRONGPASS/);
    expect(`${String(error)}${(error as PaceError).stack}${(error as PaceError).hint}`).not.toMatch(/hunter/);
  });

  it.each([
    [5000, /is 5\.0 s ahead of the clock of redis:/],
    [-3000, /is 3\.0 s behind the clock of redis:/],
  ])("refuses a job whose clock is %i ms off", async (offMs, message) => {
    const now = Date.now.bind(Date);
    const spy = vi.spyOn(Date, "now").mockImplementation(() => now() + offMs);
    onTestFinished(() => spy.mockRestore());
    const error = await openRedisPace(redisUrl, api()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PaceError);
    expect(String(error)).toMatch(message);
  });

  it("is a PaceError once Redis goes away, for turns asked for before and after", async () => {
    const { url, cut } = await redisBehindCut();
    const limiter = await limiterOf(url, api(), 50);
    await limiter.turn();
    const before = [limiter.turn(), limiter.turn(), limiter.turn()];
    cut();
    const ends = await Promise.allSettled([...before, limiter.turn(), limiter.turn()]);
    const reasons = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
    expect(reasons.length).toBeGreaterThanOrEqual(2);
    expect(reasons.every((reason) => reason instanceof PaceError)).toBe(true);
    expect(reasons[0].hint).toContain("--pace-fallback");
  });

  it("stops a client's requests with the cause", async () => {
    const { url, cut } = await redisBehindCut();
    const { client } = await stub(() => ({}), { sharedPace: { url }, clock: realClock });
    await client.upsertBulk("b", ["{}"], flags);
    cut();
    const error = await client.upsertBulk("b", ["{}"], flags).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PaceError);
    await expect(client.upsertBulk("b", ["{}"], flags)).rejects.toBe(error);
    expect(client.warnings()).toEqual([]);
  });

  it("continues alone with the share that was said, and warns once", async () => {
    const { url, cut } = await redisBehindCut();
    const limits = { "x-ratelimit-limit": "1000", "x-ratelimit-period": "10" };
    const body = { ok: true, entities: [{ index: 0, created: true }], errors: [] };
    const { client } = await stub(() => ({ headers: limits, body }), {
      sharedPace: { url, fallbackShare: 0.25 },
      clock: realClock,
    });
    await client.upsertBulk("b", ["{}"], flags);
    cut();
    const start = Date.now();
    // A quarter of 100 a second, with a burst of a quarter of 100.
    await Promise.all(Array.from({ length: 40 }, () => client.upsertBulk("b", ["{}"], flags)));
    expect(Date.now() - start).toBeGreaterThan(500);
    expect(Date.now() - start).toBeLessThan(4000);
    expect(client.warnings()).toMatchObject([
      { code: "pace_fallback", message: expect.stringContaining("went on alone with 25 % of the quota") },
    ]);
  });
});

it("is refused in a database that the Redis does not have, before any work", async () => {
  const url = new URL(redisUrl);
  url.pathname = "/99";
  await expect(openRedisPace(url.href, api())).rejects.toThrow(/has no database 99/);
});

describe("a Redis that is not there", () => {
  // Port 1 on loopback: nobody listens.
  const sharedPace = { url: "redis://user:hunter2@127.0.0.1:1/3?x=y" };

  it("is reported by the first request, before anything is sent, without its password", async () => {
    const { client, tokens } = await stub(() => ({}), { sharedPace, clock: realClock });
    const error = await client.listBlueprints().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PaceError);
    expect(String(error)).toContain("redis://127.0.0.1:1/3, cannot be used");
    expect([tokens(), client.counts().total]).toEqual([0, 0]);
    expect(`${(error as PaceError).stack}${(error as PaceError).hint}`).not.toMatch(/hunter2|x=y/);
  });

  it("is a warning where a share is stated", async () => {
    const answer = { body: { ok: true, blueprints: [] } };
    const { client } = await stub(() => answer, {
      sharedPace: { ...sharedPace, fallbackShare: 0.1 },
      clock: realClock,
    });
    expect(await client.listBlueprints()).toEqual([]);
    expect(await client.upsertBulk("b", ["{}"], flags)).toMatchObject({ is: "done" });
    expect(client.warnings().length).toBe(1);
    expect(JSON.stringify(client.warnings())).not.toContain("hunter2");
  });
});
