import { describe, expect, it } from "vitest";
import { createClient } from "../../src/api/client.js";
import { ApiError, AuthError } from "../../src/errors.js";
import { manualClock } from "../support/manual-clock.js";
import { type Canned, secret, stub } from "./stub-server.js";

const merge = { mode: "merge", createMissing: false } as const;
const create = { mode: "create", createMissing: false } as const;
const made = { body: { ok: true, entities: [{ identifier: "a", index: 0, created: true }], errors: [] } };
const item = '{"identifier":"a"}';

/** Answers with the script's entries in turn; the last one repeats. */
const scripted =
  (...script: Canned[]) =>
  (_: unknown, n: number) =>
    script[Math.min(n, script.length) - 1] ?? "drop";

async function failureOf(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`no ApiError but ${String(error)}`);
  return error;
}

describe("retries", () => {
  for (const [name, trouble] of [
    ["a 503", { status: 503 }],
    ["a 408", { status: 408 }],
    ["a dropped connection", "drop"],
    ["a reply cut within its body", "cut"],
  ] as [string, Canned][]) {
    it(`sends an upsert again after ${name}`, async () => {
      const { client, seen, clock } = await stub(scripted(trouble, made));
      expect(await client.upsertBulk("b", [item], merge)).toMatchObject({ is: "done", body: [{ is: "created" }] });
      expect([seen.length, clock.asked]).toEqual([2, [500]]);
      expect(client.counts()).toMatchObject({ total: 3, retries: 1, byRoute: { token: 1, bulk: 2 } });
    });
  }

  it("gives up after the last attempt and says all about it", async () => {
    const body = { ok: false, error: "internal_error", message: `broken, ${secret}, t1` };
    const { client, url, clock } = await stub(() => ({ status: 500, body, headers: { "x-trace-id": "f00" } }), {
      maxAttempts: 4,
    });
    const error = await failureOf(client.countEntities("b"));
    expect(error.message).toBe(
      `GET ${url}/blueprints/b/entities-count: status 500, internal_error: broken, ***, ***, after 4 attempts`,
    );
    expect(error).toMatchObject({ status: 500, error: "internal_error", traceId: "f00", attempts: 4, method: "GET" });
    expect(error.hint).toBe("The API is in trouble; try again later.");
    expect(clock.asked).toEqual([500, 1000, 2000]);
  });

  it("gives up when the next attempt would come after the request's whole time", async () => {
    const { client, seen, clock } = await stub(() => ({ status: 503, headers: { "retry-after": "100" } }), {
      totalTimeoutMs: 250_000,
    });
    const start = clock.now();
    const error = await failureOf(client.countEntities("b"));
    expect([error.status, error.attempts, seen.length]).toEqual([503, 3, 3]);
    expect(clock.now() - start).toBe(200_000);
  });

  it("gives up in time on a 429 that comes again and again", async () => {
    const { client, clock } = await stub(() => ({ status: 429, headers: { "retry-after": "300" } }));
    const start = clock.now();
    const error = await failureOf(client.upsertBulk("b", [item], merge));
    expect([error.status, error.attempts]).toEqual([429, 3]);
    expect(clock.now() - start).toBeLessThan(900_000);
  });

  it("ends an attempt that takes longer than its time", async () => {
    const { client, seen } = await stub(scripted("hang", made), { timeoutMs: 60 });
    await client.upsertBulk("b", [item], merge);
    expect(seen.length).toBe(2);
  });

  it("repeats a read whose body is not what the API promises", async () => {
    const { client, seen } = await stub(scripted({ body: "<html>" }, { body: { ok: true, count: 3 } }));
    expect([await client.countEntities("b"), seen.length]).toEqual([3, 2]);
  });

  it("does not repeat a 422", async () => {
    const body = { ok: false, error: "invalid_request", message: "no" };
    const { client, seen } = await stub(() => ({ status: 422, body }));
    const error = await failureOf(client.search("b", { query: {} }));
    expect([error.status, error.attempts, seen.length]).toEqual([422, 1, 1]);
  });
});

describe("mode create", () => {
  for (const [name, trouble, cause] of [
    ["a 502", { status: 502 }, "status 502"],
    ["a 408", { status: 408 }, "status 408"],
    ["a dropped connection", "drop", "UND_ERR_SOCKET"],
    ["a timeout", "hang", "ATTEMPT_TIMEOUT"],
  ] as [string, Canned, string][]) {
    it(`is not sent again after ${name}: the reply counts as lost`, async () => {
      const { client, seen } = await stub(scripted(trouble), { timeoutMs: 60 });
      const reply = await client.upsertBulk("b", [item, item], create);
      expect(reply).toMatchObject({ is: "lost", cause });
      expect(seen.length).toBe(1);
    });
  }

  it("reports when a lost request was sent, by the server's clock", async () => {
    const date = "Thu, 01 Jan 2026 02:00:00 GMT";
    const { client } = await stub(scripted({ ...made, headers: { date } }, "drop"));
    await client.upsertBulk("b", [item], create);
    const reply = await client.upsertBulk("b", [item], create);
    expect(reply).toMatchObject({ is: "lost", sentAtMs: Date.parse(date) });
  });

  it("is sent again after a 429 and a 401", async () => {
    const { client, seen, tokens } = await stub(scripted({ status: 429 }, { status: 401 }, made));
    expect(await client.upsertBulk("b", [item], create)).toMatchObject({ is: "done", body: [{ is: "created" }] });
    expect([seen.length, tokens()]).toEqual([3, 2]);
  });
});

describe("429", () => {
  it("makes the whole family wait for as long as the server says, once", async () => {
    const { client, clock, seen } = await stub((_, n) =>
      n <= 3 ? { status: 429, headers: { "retry-after": "20" } } : made,
    );
    const start = clock.now();
    await Promise.all([1, 2, 3].map(() => client.upsertBulk("b", [item], merge)));
    const waited = clock.now() - start;
    expect([seen.length, client.counts().rateLimited]).toEqual([6, 3]);
    // 20 s and the jitter once, then a second for each: no reply has stated the limits yet.
    expect(waited).toBeGreaterThanOrEqual(21_000);
    expect(waited).toBeLessThan(25_000);
  });

  it("waits by itself where rate is off", async () => {
    const { client, clock } = await stub(scripted({ status: 429, headers: { "retry-after": "20" } }, made), {
      rate: "off",
    });
    await client.upsertBulk("b", [item], merge);
    expect(clock.asked).toEqual([21_000]);
  });
});

describe("401", () => {
  it("fetches one new token for 50 requests that are refused at once", async () => {
    let waiting: (() => void)[] = [];
    const { client, tokens } = await stub(
      async ({ headers }) => {
        if (headers.authorization === "Bearer t2") return made;
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length < 50) return;
          for (const wake of waiting) wake();
          waiting = [];
        });
        return { status: 401, body: { ok: false, error: "unauthorized" } };
      },
      { rate: "off" },
    );
    const replies = await Promise.all(Array.from({ length: 50 }, () => client.upsertBulk("b", [item], merge)));
    expect(replies.every((reply) => reply.is === "done")).toBe(true);
    expect(tokens()).toBe(2);
    expect(client.counts().byRoute).toMatchObject({ token: 2, bulk: 100 });
  });

  it("is an AuthError when the fresh token is refused as well", async () => {
    const { client, seen } = await stub(() => ({ status: 401, body: { ok: false, error: "unauthorized" } }));
    const error = await failureOf(client.upsertBulk("b", [item], merge));
    expect(error).toBeInstanceOf(AuthError);
    expect([error.attempts, seen.length]).toEqual([2, 2]);
  });
});

describe("an API that is not there", () => {
  it("is given up after three attempts, with the hint to check the address", async () => {
    const clock = manualClock({ auto: true });
    const credentials = { clientId: "id", clientSecret: secret };
    // Port 1 on loopback: nobody listens.
    const client = createClient({ apiUrl: "http://127.0.0.1:1/v1", credentials, clock, random: () => 0.999 });
    const error = await failureOf(client.listBlueprints());
    await client.close();
    expect(error.message).toBe(
      "POST http://127.0.0.1:1/v1/auth/access_token: the connection was refused (ECONNREFUSED), after 3 attempts",
    );
    expect(error.hint).toContain("PORT_API_URL");
    expect(clock.asked.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(3000);
    expect(JSON.stringify({ ...error, stack: error.stack })).not.toContain(secret);
  });
});

it("ends what is in flight and what waits with the signal's reason", async () => {
  const stop = new AbortController();
  const { client } = await stub(
    () => {
      setImmediate(() => stop.abort(new Error("interrupted")));
      return "hang";
    },
    { signal: stop.signal },
  );
  await expect(client.countEntities("b")).rejects.toThrow("interrupted");
  await expect(client.countEntities("b")).rejects.toThrow("interrupted");
});

it("reports how every attempt fared, waits not counted", async () => {
  const exchanges: unknown[] = [];
  const { client } = await stub(scripted({ status: 503 }, made), {
    onExchange: (exchange) => void exchanges.push(exchange),
  });
  await client.upsertBulk("b", [item], merge);
  expect(exchanges).toMatchObject([
    { route: "token", trouble: false },
    { route: "bulk", trouble: true },
    { route: "bulk", trouble: false },
  ]);
});
