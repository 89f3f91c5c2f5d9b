import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { mostMute, mostRefusals } from "../../src/api/bulk.js";
import { type Client, createClient } from "../../src/api/client.js";
import { ApiError, AuthError } from "../../src/errors.js";
import { root } from "../support/catalog.js";
import { type Canned, stub } from "./stub-server.js";

const merge = { mode: "merge", createMissing: false } as const;
const page = "<!doctype html><html><title>Sign in</title></html>";
const html = (status = 200): Canned => ({ status, headers: { "content-type": "text/html" }, body: page });
const envelope = (status: number): Canned => ({ status, body: { ok: false, error: "some_error", message: "words" } });
const blueprint = { identifier: "b", schema: { properties: {} } };

/** What is sent on each route of the table in docs/reliability.md. */
const routes: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  bulk: (client) => client.upsertBulk("b", ["{}", "{}"], merge),
  search: (client) => client.existing("b", ["x", "y"]),
  blueprints: (client) => client.listBlueprints(),
  single: (client) => client.entity.write("b", "{}", { ...merge, validationOnly: false, identifier: "x" }),
  delete: (client) => client.entity.deleteListed("b", ["x", "y"], { deleteDependents: false }),
  token: (client) => client.listBlueprints(),
};

/** What became of a call: `stops` with an ApiError that names the stranger, `error` another ApiError, `value` a refusal or a result. */
async function fate(route: string, canned: Canned): Promise<string> {
  const { client, seen } = await stub(
    ({ method, path }) => {
      // What a call asks besides.
      if (route === "bulk" && method === "GET") return { body: { ok: true, blueprint } };
      if (route === "delete" && path.includes("search")) return { body: { ok: true, entities: [] } };
      return canned;
    },
    { maxAttempts: 5 },
    route === "token",
  );
  const result = await routes[route]?.(client).then(
    () => "value",
    (error: unknown) => {
      expect(error).toBeInstanceOf(ApiError);
      expect((error as ApiError).hint).toBeTruthy();
      if (error instanceof AuthError) return "credentials";
      return /what answers there is not Port's API/.test(String(error)) ? "stops" : "error";
    },
  );
  return `${result} ${seen.length}`;
}

/** Rows of the table in docs/reliability.md: what of a reply; on bulk, search, blueprints, single, delete, token. */
function documented(): readonly (readonly string[])[] {
  const text = readFileSync(join(root, "docs/reliability.md"), "utf8");
  const [, table = ""] = /<!-- table: servers -->\n([\s\S]*?)\n\n/.exec(text) ?? [];
  return table
    .split("\n")
    .slice(2)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const replies = new Map<string, readonly Canned[]>(
  Object.entries({
    "200 with an HTML page": [html()],
    "301, 302, 307, 308": [301, 302, 307, 308].map((status) => ({
      status,
      headers: { location: "https://x.example/y?sig=z" },
    })),
    "404, 409 not in Port's form": [html(404), html(409), { status: 404, body: { message: "no Route matched" } }],
    "405, 410, 451, 501, 505, 511": [405, 410, 451, 501, 505, 511].flatMap((status) => [
      html(status),
      envelope(status),
    ]),
    "status 407": [html(407)],
    "400, 403, 422 not in Port's form": [html(400), html(403), html(422)],
    "status 413": [html(413), envelope(413)],
    "404, 409, 422 in Port's form": [envelope(404), envelope(409), envelope(422)],
    "403 in Port's form": [envelope(403)],
    "status 401": [envelope(401)],
    "408, 429, 500, 502 to 504, 520 to 524": [408, 429, 500, 503, 520].flatMap((status) => [
      html(status),
      envelope(status),
    ]),
    "200 with JSON of another shape": [{ body: { hello: "world" } }],
  }),
);

/** The fate that each word of the table means. */
const words: Readonly<Record<string, RegExp>> = {
  "exit 3 at once": /^stops 4$/,
  "a refusal": /^(value|error) [12]$/,
  halved: /^(value|error) [123]$/,
  "exit 3": /^error 1$/,
  "exit 3, no second try": /^(stops|error|credentials) 1$/,
  "new token, then exit 3": /^credentials 2$/,
  "sent again": /^error 5$/,
  "sent twice again": /^error 3$/,
  "read back": /^value 1$/,
  "looked up": /^value 2$/,
  "as it came": /^value 1$/,
};

describe("a reply on a route", () => {
  const table = documented();

  it("has a row for each kind of reply", () => {
    expect(table.map(([reply]) => reply)).toEqual([...replies.keys()]);
    expect(table.flatMap((row) => row.slice(1)).filter((word) => words[word] === undefined)).toEqual([]);
  });

  it.each(
    table.flatMap(([reply = "", ...cells]) => cells.map((word, at) => [reply, Object.keys(routes)[at] ?? "", word])),
  )("of %s on %s: %s", async (reply, route, word) => {
    for (const canned of replies.get(reply) ?? []) expect(await fate(route, canned)).toMatch(words[word] ?? /never/);
  });
});

/** A server that answers every route alike, the token's, too, and what it received. */
async function contact(canned: Exclude<Canned, string>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(canned.status ?? 200, canned.headers).end(canned.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const client = createClient({ apiUrl, credentials: { clientId: "id", clientSecret: "s3cr3t" } });
  onTestFinished(async () => {
    await client.close();
    server.close();
  });
  const error = (await client.listBlueprints().catch((reason: unknown) => reason)) as ApiError;
  return { error, asked, token: `${apiUrl}/auth/access_token` };
}

describe("what answers in place of the API", () => {
  const location = "https://u:pw@x.example/y?sig=z";

  it.each([
    ["an HTML page", html(), "an HTML page (status 200)", /web app/],
    ["a page that does not say so", { body: "\n <html>" }, "an HTML page (status 200)", /web app/],
    [
      "a redirect",
      { status: 301, headers: { location } },
      "a redirect to https://x.example/y (status 301)",
      /PORT_API_URL/,
    ],
    ["a network", html(511), "a network that asks to sign in (status 511)", /Sign in/],
    ["a proxy", html(407), "a proxy that asks to sign in (status 407)", /HTTPS_PROXY/],
    ["a gateway's login", html(401), "an HTML page (status 401)", /sign in/],
    ["a web server", html(404), "an HTML page (status 404)", /web app/],
    ["nothing", { status: 404, body: "" }, "an empty reply (status 404)", /web app/],
  ] as [string, Exclude<Canned, string>, string, RegExp][])(
    "is named at once, with what to do: %s",
    async (_, canned, what, hint) => {
      const { error, asked, token } = await contact(canned);
      expect(error.message).toBe(`POST ${token}: what answers there is not Port's API: ${what}`);
      expect([asked.length, hint.test(error.hint ?? "")]).toEqual([1, true]);
      expect(JSON.stringify({ ...error })).not.toMatch(/pw|sig=/);
    },
  );

  it("is tried four times where the API has answered before, for a gateway may just be replaced", async () => {
    const list = { body: { ok: true, blueprints: [] } };
    const { client, seen } = await stub((_, n) => (n === 1 || n === 5 ? list : html(404)));
    await client.listBlueprints();
    expect(await client.listBlueprints()).toEqual([]);
    expect(seen.length).toBe(5);
    await expect(client.listBlueprints()).rejects.toThrow(/not Port's API.*after 4 attempts/);
  });

  it("makes a creation read back, and ends after four in a row", async () => {
    const { client, seen } = await stub(() => html());
    const create = () => client.upsertBulk("b", ["{}"], { mode: "create", createMissing: false });
    for (let n = 0; n < 3; n++) expect(await create()).toMatchObject({ is: "lost", cause: "NOT_THE_API" });
    await expect(create()).rejects.toThrow("not Port's API");
    expect(seen.length).toBe(4);
  });
});

describe("replies that are too long", () => {
  const endless = "x".repeat(1024 * 1024);

  it.each([
    ["bulk", 9],
    ["delete", 9],
    ["single", 17],
  ])("end a request on %s after as many bytes as it may have", async (route, mebibytes) => {
    const { client, seen } = await stub(() => ({ body: endless.repeat(mebibytes) }));
    const error = (await routes[route]?.(client).catch((reason: unknown) => reason)) as ApiError;
    expect([error.fault, error.message.includes("larger than any of Port's API"), seen.length]).toEqual([
      "REPLY_TOO_LARGE",
      true,
      1,
    ]);
  });

  it("are bounded also where they are compressed, or say no length", async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    const { client } = await stub(() => ({ headers: { "content-encoding": "gzip" }, body: bomb }));
    await expect(client.upsertBulk("b", ["{}"], merge)).rejects.toThrow("larger than any of Port's API");
    const chunked = await stub(() => ({ headers: { "transfer-encoding": "chunked" }, body: endless.repeat(9) }));
    await expect(chunked.client.upsertBulk("b", ["{}"], merge)).rejects.toThrow("larger than any of Port's API");
  });

  it("make a look-up ask for fewer entities", async () => {
    const large = "x".repeat(1024 * 1024 - 100);
    const { client } = await stub(({ body }) => {
      const { value } = JSON.parse(body).query.rules[0] as { value: string[] };
      return { body: { ok: true, entities: value.map((identifier) => ({ identifier, large })) } };
    });
    const asked = Array.from({ length: 40 }, (_, n) => `e${n}`);
    expect((await client.lookUp("b", asked)).size).toBe(40);
  });
});

describe("compressed replies", () => {
  const body = JSON.stringify({ ok: true, entities: [{ identifier: "e" }] });

  it.each([
    ["gzip", gzipSync(body)],
    ["x-gzip", gzipSync(body)],
    ["br", brotliCompressSync(body)],
    ["deflate", deflateSync(body)],
    ["gzip, br", brotliCompressSync(gzipSync(body))],
    ["identity", Buffer.from(body)],
  ])("are read: %s", async (coding, bytes) => {
    const { client } = await stub(() => ({ headers: { "content-encoding": coding }, body: bytes }));
    expect(await client.existing("b", ["e"])).toEqual(new Set(["e"]));
  });

  it("that are cut or garbled count as a fault on the way, and are asked for again", async () => {
    const whole = gzipSync(body);
    const { client, seen } = await stub((_, n) => ({
      headers: { "content-encoding": "gzip" },
      body: n === 1 ? whole.subarray(0, 20) : n === 2 ? Buffer.from("no gzip") : whole,
    }));
    expect(await client.existing("b", ["e"])).toEqual(new Set(["e"]));
    expect(seen.length).toBe(3);
  });

  it("in a coding that nobody asked for are named", async () => {
    const { client } = await stub(() => ({ headers: { "content-encoding": "zstd" }, body }));
    await expect(client.existing("b", ["e"])).rejects.toThrow("compressed in a way that was not asked for");
  });
});

describe("a search that does not end", () => {
  const all = { query: { combinator: "and", rules: [] } };
  const drain = async (client: Client) => {
    let entities = 0;
    for await (const each of client.pages("b", all)) entities += each.length;
    return entities;
  };

  it.each([
    ["a cursor that does not move", () => "same"],
    ["cursors that alternate", (n: number) => (n % 2 ? "a" : "b")],
  ])("is ended: %s", async (_, next) => {
    const { client, seen } = await stub((_request, n) => ({
      body: { ok: true, entities: [{ identifier: `e${n}` }], next: next(n) },
    }));
    await expect(drain(client)).rejects.toThrow("the search does not end: its pages repeat");
    await expect(client.lookUp("b", ["x", "y", "z"])).rejects.toThrow("the search does not end");
    expect(seen.length).toBeLessThan(12);
  });

  it("is ended where its pages hold nothing of what was asked for, and none of that is kept", async () => {
    const { client, seen } = await stub((_, n) => ({
      body: { ok: true, entities: [{ identifier: n === 2 ? "x" : `other${n}` }], next: `c${n}` },
    }));
    await expect(client.lookUp("b", ["x", "y"])).rejects.toThrow("its pages hold nothing that was asked for");
    expect(seen.length).toBe(6);
  });

  it("is ended where its pages are empty", async () => {
    const { client, seen } = await stub((_, n) => ({ body: { ok: true, entities: [], next: `c${n}` } }));
    await expect(drain(client)).rejects.toThrow("the search does not end");
    expect(seen.length).toBeLessThan(6);
  });

  it("is ended where it gives more entities than the blueprint has", async () => {
    const entities = Array.from({ length: 1000 }, (_, n) => ({ identifier: `e${n}` }));
    const { client, seen } = await stub(({ path }, n) =>
      path.includes("entities-count")
        ? { body: { ok: true, count: 1000 } }
        : { body: { ok: true, entities, next: `c${n}` } },
    );
    await expect(drain(client)).rejects.toThrow("it gave 64000 entities of a blueprint that has 1000");
    expect(seen.length).toBeLessThan(70);
  });

  it("of a look-up gives no entity that was not asked for", async () => {
    const { client } = await stub(() => ({
      body: { ok: true, entities: [{ identifier: "stranger" }, { identifier: "x" }] },
    }));
    expect([...(await client.existing("b", ["x", "y"]))]).toEqual(["x"]);
  });
});

describe("a way on which nothing gets through", () => {
  async function send(canned: Canned, most = 200, items: readonly string[] = ["{}"]) {
    const { client, seen } = await stub(({ method }) =>
      method === "GET" ? { body: { ok: true, blueprint } } : canned,
    );
    for (let n = 0; n < most; n++) {
      const error = await client.upsertBulk("b", items, merge).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) return { error: String(error), sent: seen.length };
    }
    return { error: undefined, sent: seen.length };
  }

  it.each([
    ["a firewall's page for everything", html(403)],
    ["413 for everything", html(413)],
    ["409 for everything in Port's form", envelope(409)],
  ])("ends the run: %s", async (_, canned) => {
    const { error, sent } = await send(canned);
    expect(error).toContain(`${mostRefusals} requests in a row were refused as a whole: status`);
    expect(sent).toBe(mostRefusals);
  });

  it("ends the run where replies never say anything of an entity", async () => {
    const { error, sent } = await send({ body: { hello: "world" } });
    expect(error).toContain(`${mostMute} replies in a row say nothing of any entity`);
    expect(sent).toBe(mostMute);
  });

  it("is not seen in a source with many bad entities", async () => {
    const { error } = await send({ status: 422, body: { ok: false, error: "invalid_request", message: "no" } }, 150);
    expect(error).toBeUndefined();
  });
});

describe("a deletion", () => {
  const flags = { deleteDependents: false };

  it("counts what its reply names, each once, and looks up the rest", async () => {
    const { client } = await stub(({ path }) =>
      path.includes("search")
        ? { body: { ok: true, entities: [{ identifier: "c" }] } }
        : { body: { ok: true, deletedEntities: ["a", "a", "a", "x"] } },
    );
    const reply = await client.entity.deleteListed("b", ["a", "b", "c"], flags);
    expect(reply).toMatchObject({ is: "done", body: { deletedEntities: ["a"] }, left: ["c"] });
  });

  it("counts what an attempt did whose reply was lost", async () => {
    const { client } = await stub(({ path }, n) =>
      path.includes("search")
        ? { body: { ok: true, entities: [] } }
        : n === 1
          ? "drop"
          : { body: { ok: true, deletedEntities: [] } },
    );
    const reply = await client.entity.deleteListed("b", ["a", "b"], flags);
    expect(reply).toMatchObject({ is: "done", body: { deletedEntities: ["a", "b"] }, left: [] });
  });

  it("asks for nothing more where all are named", async () => {
    const { client, seen } = await stub(() => ({ body: { ok: true, deletedEntities: ["b", "a"] } }));
    expect(await client.entity.deleteListed("b", ["a", "b"], flags)).toMatchObject({
      body: { deletedEntities: ["a", "b"] },
    });
    expect(seen.length).toBe(1);
  });
});
