import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClient } from "../../src/api/client.js";
import { ApiError, AuthError } from "../../src/errors.js";
import { secret, stub } from "./stub-server.js";

const blueprint = { identifier: "my svc/ü", title: "S", schema: { properties: { a: { type: "string" } } } } as const;
const stored = { ...blueprint, createdAt: "2026-01-01T00:00:00Z", createdBy: "x", updatedAt: "", updatedBy: "x" };
const flags = { mode: "merge", createMissing: true } as const;
const notFound = { status: 404, body: { ok: false, error: "not_found", message: "no such blueprint" } };

describe("upsertBulk", () => {
  it("puts the entities into the body as they are, and says who writes", async () => {
    const { client, seen } = await stub(() => ({ status: 207, body: { ok: true, entities: [], errors: [] } }), {
      userAgent: "portload/9",
    });
    await client.upsertBulk("my svc/ü", ['{"n":1.0}', '{"n":1E5}'], { ...flags, runId: "r&1" });
    expect(seen[0]).toMatchObject({
      method: "POST",
      path: "/v1/blueprints/my%20svc%2F%C3%BC/entities/bulk?upsert=true&merge=true&create_missing_related_entities=true&validation_only=false&run_id=r%261",
      body: '{"entities":[{"n":1.0},{"n":1E5}]}',
      headers: { authorization: "Bearer t1", "content-type": "application/json", "user-agent": "portload/9" },
    });
  });

  it.each([
    ["merge", "upsert=true&merge=true"],
    ["override", "upsert=true&merge=false"],
    ["create", "upsert=false&merge=false"],
  ] as const)("asks for mode %s by %s", async (mode, query) => {
    const { client, seen } = await stub(() => ({}));
    await client.upsertBulk("b", ["{}"], { mode, createMissing: false, validationOnly: true });
    expect(seen[0]?.path).toBe(
      `/v1/blueprints/b/entities/bulk?${query}&create_missing_related_entities=false&validation_only=true`,
    );
  });

  it("settles by index, with the trace id", async () => {
    const error = { identifier: "b", index: 1, statusCode: 404, error: "not_found", message: "m" };
    const body = { ok: true, entities: [{ identifier: "a", index: 0, created: false }], errors: [error] };
    const { client } = await stub(() => ({ status: 207, body, headers: { "x-trace-id": "abc" } }));
    expect(await client.upsertBulk("b", ["{}", "{}", "{}"], flags)).toEqual({
      is: "done",
      status: 207,
      sentAtMs: expect.any(Number),
      traceId: "abc",
      body: [
        { is: "updated" },
        { is: "refused", status: 404, error: "not_found", message: "m", traceId: "abc" },
        { is: "unknown" },
      ],
    });
  });

  it("leaves all unknown when a 2xx is not JSON", async () => {
    const { client, seen } = await stub(() => ({ body: "ok" }));
    expect(await client.upsertBulk("b", ["{}"], flags)).toEqual({
      is: "done",
      status: 200,
      sentAtMs: expect.any(Number),
      body: [{ is: "unknown" }],
    });
    expect(seen.length).toBe(1);
  });

  it("says that the body is too large", async () => {
    const { client } = await stub(() => ({ status: 413 }));
    expect(await client.upsertBulk("b", ["{}"], flags)).toMatchObject({ is: "refused", status: 413 });
  });

  it("gives a refusal of the whole request as a value", async () => {
    const { client } = await stub(() => ({
      status: 422,
      body: { ok: false, error: "invalid_request", message: "no" },
    }));
    expect(await client.upsertBulk("b", ["{}"], flags)).toMatchObject({
      is: "refused",
      status: 422,
      error: "invalid_request",
      message: "no",
    });
  });
});

describe("blueprints", () => {
  it("lists, gets, creates and replaces", async () => {
    const { client, seen } = await stub(({ path, method }) =>
      path === "/v1/blueprints" && method === "GET"
        ? { body: { ok: true, blueprints: [stored] } }
        : { body: { ok: true, blueprint: stored } },
    );
    expect(await client.listBlueprints()).toEqual([stored]);
    expect(await client.getBlueprint(blueprint.identifier)).toEqual(stored);
    expect(await client.createBlueprint(blueprint)).toEqual(stored);
    expect(await client.replaceBlueprint(blueprint)).toEqual(stored);
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /v1/blueprints",
      "GET /v1/blueprints/my%20svc%2F%C3%BC",
      "POST /v1/blueprints",
      "PUT /v1/blueprints/my%20svc%2F%C3%BC",
    ]);
    expect(JSON.parse(seen[2]?.body ?? "")).toEqual(blueprint);
    expect(client.counts().byRoute).toMatchObject({ blueprints: 4, token: 1 });
  });

  it("gives undefined for one that does not exist", async () => {
    const { client } = await stub(() => notFound);
    expect(await client.getBlueprint("x")).toBeUndefined();
  });

  it("looks whether a lost creation was done", async () => {
    const { client } = await stub(({ method }) =>
      method === "POST" ? "drop" : { body: { ok: true, blueprint: stored } },
    );
    expect(await client.createBlueprint(blueprint)).toEqual(stored);
  });

  it("is an ApiError with status 409 when it exists", async () => {
    const { client } = await stub(() => ({ status: 409, body: { ok: false, error: "identifier_taken", message: "" } }));
    await expect(client.createBlueprint(blueprint)).rejects.toMatchObject({ status: 409, error: "identifier_taken" });
  });
});

describe("existing", () => {
  /** Finds the identifiers that start with "e", by pages of `pageSize`. */
  const catalog =
    (pageSize = 1000) =>
    ({ body }: { body: string }) => {
      const { query, from = "0", include, limit } = JSON.parse(body);
      expect([include, limit]).toEqual([["$identifier"], 1000]);
      const hits = query.rules[0].value.filter((id: string) => id.startsWith("e"));
      const end = Number(from) + pageSize;
      const entities = hits.slice(Number(from), end).map((identifier: string) => ({ identifier }));
      return { body: { ok: true, entities, ...(end < hits.length && { next: String(end) }) } };
    };

  it("reports those that exist, page by page", async () => {
    const { client, seen } = await stub(catalog(2));
    expect(await client.existing("b", ["e1", "x", "e2", "e3", "e1"])).toEqual(new Set(["e1", "e2", "e3"]));
    expect(seen.length).toBe(2);
    expect(client.counts().byRoute.search).toBe(2);
  });

  it("asks for at most 1,000 identifiers at a time", async () => {
    const { client, seen } = await stub(catalog());
    const all = Array.from({ length: 2500 }, (_, n) => `e${n}`);
    expect((await client.existing("b", all)).size).toBe(2500);
    expect(seen.map(({ body }) => JSON.parse(body).query.rules[0].value.length)).toEqual([1000, 1000, 500]);
  });

  it("keeps each body within 512 KiB of UTF-8", async () => {
    const { client, seen } = await stub(catalog());
    const all = Array.from({ length: 1000 }, (_, n) => `e${n}${'ü"'.repeat(400)}`);
    expect((await client.existing("b", all)).size).toBe(1000);
    expect(seen.length).toBeGreaterThan(1);
    for (const { body } of seen) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(512 * 1024);
  });

  it.each([413, 422, 504])("halves what the server answers with %d, at once", async (status) => {
    const find = catalog();
    const { client, seen, clock } = await stub((request) =>
      JSON.parse(request.body).query.rules[0].value.length > 2 ? { status } : find(request),
    );
    expect(await client.existing("b", ["e1", "e2", "e3", "x", "e4"])).toEqual(new Set(["e1", "e2", "e3", "e4"]));
    expect([seen.length, clock.asked]).toEqual([5, []]);
  });

  it("is an ApiError when a single identifier is refused", async () => {
    const { client } = await stub(() => ({
      status: 422,
      body: { ok: false, error: "invalid_request", message: "no" },
    }));
    await expect(client.existing("b", ["a", "b"])).rejects.toMatchObject({ status: 422 });
  });

  it("sends nothing for nothing", async () => {
    const { client } = await stub(catalog());
    expect([await client.existing("b", []), client.counts().total]).toEqual([new Set(), 0]);
  });
});

it("counts every attempt, reply and byte", async () => {
  const { client } = await stub((_, n) => (n === 1 ? { status: 503 } : { body: { ok: true, count: 7 } }));
  expect(await client.countEntities("b")).toBe(7);
  expect(client.counts()).toEqual({
    total: 3,
    retries: 1,
    rateLimited: 0,
    byStatus: { "200": 2, "503": 1 },
    byRoute: { token: 1, blueprints: 0, bulk: 0, single: 0, search: 0, delete: 0, other: 2 },
    bytesSent: JSON.stringify({ clientId: "id", clientSecret: secret }).length,
  });
});

it("reports the used share of the bulk quota once a reply stated it", async () => {
  const headers = {
    "x-ratelimit-limit": "1000",
    "x-ratelimit-period": "300",
    "x-ratelimit-remaining": "750",
    "x-ratelimit-reset": "100",
  };
  const { client } = await stub(() => ({ headers }));
  expect(client.quotaUse()).toBeUndefined();
  await client.upsertBulk("b", ["{}"], flags);
  expect(client.quotaUse()).toBe(0.25);
});

describe("credentials that are refused", () => {
  it("are an AuthError after one attempt, without the secret", async () => {
    const body = { ok: false, error: "invalid_credentials", message: `Invalid credentials id/${secret}` };
    let asked = 0;
    const server = createServer((request, response) => {
      asked++;
      request.resume().on("end", () => response.writeHead(401).end(JSON.stringify(body)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const client = createClient({ apiUrl, credentials: { clientId: "id", clientSecret: secret } });
    onTestFinished(async () => {
      await client.close();
      server.close();
    });
    const error = await client.listBlueprints().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AuthError);
    if (!(error instanceof ApiError)) return;
    expect(error.message).toBe(
      `POST ${apiUrl}/auth/access_token: status 401, invalid_credentials: Invalid credentials id/***`,
    );
    expect([asked, error.hint?.includes("PORT_CLIENT_SECRET")]).toEqual([1, true]);
    expect(JSON.stringify({ ...error, stack: error.stack })).not.toContain(secret);
  });
});

describe("proxies", () => {
  it("goes through HTTP_PROXY, but not for hosts of NO_PROXY", async () => {
    const tunnels: string[] = [];
    const proxy = createServer();
    proxy.on("connect", (request, socket) => {
      tunnels.push(request.url ?? "");
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void proxy.close());
    const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const answer = () => ({ body: { ok: true, count: 1 } });
    const past = await stub(answer, { env: { HTTP_PROXY, NO_PROXY: "127.0.0.1" } });
    expect(await past.client.countEntities("b")).toBe(1);
    const through = await stub(answer, { env: { HTTP_PROXY } });
    const error = await through.client.countEntities("b").catch((reason: unknown) => reason);
    expect(String(error)).toContain("the proxy refused to connect (status 403)");
    // It would refuse again.
    expect(tunnels).toEqual([new URL(through.url).host]);
  });
});
