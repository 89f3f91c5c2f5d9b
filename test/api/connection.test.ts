import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createPlainHttp2, createSecureServer } from "node:http2";
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createClient } from "../../src/api/client.js";
import { openRequests, proxyFor } from "../../src/api/connection.js";
import { failedMessage, hintFor } from "../../src/api/failure.js";
import { type ApiError, UsageError } from "../../src/errors.js";
import { makeFolder } from "../support/catalog.js";
import { type Canned, stub } from "./stub-server.js";

const credentials = { clientId: "id", clientSecret: "s3cr3t-of-the-test" };

async function listen(server: Pick<Server, "listen" | "close" | "address">): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function failure(apiUrl: string, options: Partial<Parameters<typeof createClient>[0]> = {}): Promise<ApiError> {
  const client = createClient({ apiUrl, credentials, maxAttempts: 1, ...options });
  onTestFinished(() => client.close());
  return (await client.listBlueprints().catch((reason: unknown) => reason)) as ApiError;
}

/** Node's own HTTP, and undici's pool. */
const kinds = ["one", "pool"] as const;

describe.each(kinds)("requests over connections of kind %s", (connections) => {
  const item = '{"identifier":"a"}';
  const flags = { mode: "merge", createMissing: false } as const;
  const made: Exclude<Canned, string> = {
    body: { ok: true, entities: [{ identifier: "a", index: 0, created: true }], errors: [] },
  };
  const text = JSON.stringify(made.body);
  const written = { is: "done", body: [{ is: "created" }] };

  it.each<[string, Canned]>([
    ["as it is", made],
    ["in blocks", { ...made, headers: { "transfer-encoding": "chunked" } }],
    ["by gzip", { headers: { "content-encoding": "gzip" }, body: gzipSync(text) }],
    ["by brotli", { headers: { "content-encoding": "br" }, body: brotliCompressSync(text) }],
  ])("take a body %s, and send what they are given", async (_, canned) => {
    const { client, seen } = await stub(() => canned, { connections, userAgent: "portload/9" });
    expect(await client.upsertBulk("b", [item], flags)).toMatchObject(written);
    expect(seen).toMatchObject([
      {
        method: "POST",
        body: `{"entities":[${item}]}`,
        headers: { authorization: "Bearer t1", "content-type": "application/json", "user-agent": "portload/9" },
      },
    ]);
  });

  it.each<[string, Canned]>([
    ["is dropped", "drop"],
    ["is cut off within its body", "cut"],
    ["takes longer than its time", "hang"],
    ["is garbled", { headers: { "content-encoding": "gzip" }, body: "no gzip" }],
    ["is a 503", { status: 503 }],
  ])("send what may be repeated again where the answer %s", async (_, trouble) => {
    const { client, seen } = await stub((_request, n) => (n === 1 ? trouble : made), { connections, timeoutMs: 250 });
    expect(await client.upsertBulk("b", [item], flags)).toMatchObject(written);
    expect(seen.length).toBe(2);
  });

  it.each<[string, Canned]>([
    ["is dropped", "drop"],
    ["is cut off within its body", "cut"],
    ["takes longer than its time", "hang"],
  ])("lose what may not be repeated where the answer %s", async (_, trouble) => {
    const { client, seen } = await stub(() => trouble, { connections, timeoutMs: 250 });
    const reply = await client.upsertBulk("b", [item], { ...flags, mode: "create" });
    expect([reply.is, seen.length]).toEqual(["lost", 1]);
  });

  it("use a connection again, and end it when they are closed", async () => {
    const sockets = new Set<Socket>();
    const body = JSON.stringify({ ok: true, accessToken: "t", expiresIn: 9000, tokenType: "Bearer", blueprints: [] });
    const server = createServer((_, response) => response.end(body));
    server.on("connection", (socket) => sockets.add(socket));
    const client = createClient({ apiUrl: `http://127.0.0.1:${await listen(server)}/v1`, credentials, connections });
    for (let n = 0; n < 3; n++) await client.listBlueprints();
    expect(sockets.size).toBeLessThan(3);
    await client.close();
    await Promise.all([...sockets].map((socket) => socket.destroyed || once(socket, "close")));
  });

  it("end with the client what is in flight", async () => {
    const { client } = await stub(() => "hang", { connections });
    const failed = expect(client.listBlueprints()).rejects.toThrow("the client is closed");
    await client.close();
    await failed;
  });

  it("reach a host by its IPv6 address, where the machine has one", async ({ skip }) => {
    const server = createServer((_, response) => response.writeHead(418).end());
    const listening = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(0, "::1", () => resolve(true));
    });
    if (!listening) return skip("this machine has no IPv6 on loopback");
    onTestFinished(() => void server.close());
    const error = await failure(`http://[::1]:${(server.address() as AddressInfo).port}/v1`, { connections });
    expect(error.status).toBe(418);
  });
});

describe("the address of a proxy", () => {
  it.each(["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"])(
    "that cannot be one is refused by the name of %s, without repeating it",
    (name) => {
      const bad = [
        "http://user:p@ss/w0rd@127.0.0.1:3128",
        "http://user:100%sure@127.0.0.1:3128",
        "http://user:p#ss@h:1",
        "http://u:p?s@h:1",
        "socks5://h:1",
        "http://",
        "http:// h",
      ];
      for (const value of bad) {
        let error: unknown;
        try {
          openRequests("https://api.example/v1", "one", { [name]: value });
        } catch (cause) {
          error = cause;
        }
        expect(error, value).toBeInstanceOf(UsageError);
        expect((error as UsageError).message).toBe(`${name} is not the address of a proxy`);
        expect((error as UsageError).hint).toMatch(/percent-encode/);
      }
    },
  );

  it.each(["127.0.0.1", "user:p%40ss@127.0.0.1", "http://user:p@ss@127.0.0.1", "http://127.0.0.1"])(
    "%s with a port is used, as by curl",
    async (host) => {
      const authorizations: (string | undefined)[] = [];
      const proxy = createServer();
      proxy.on("connect", (request, socket) => {
        authorizations.push(request.headers["proxy-authorization"]);
        socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      });
      const port = await listen(proxy);
      const error = await failure("https://api.example/v1", { env: { HTTPS_PROXY: `${host}:${port}` } });
      expect(error.message).toContain("the proxy refused to connect (status 502)");
      const expected = host.includes("@") ? `Basic ${Buffer.from("user:p@ss").toString("base64")}` : undefined;
      expect(authorizations).toEqual([expected]);
    },
  );

  it("is shown with http:// where it has no scheme, and without its password", () => {
    const choice = (text: string) => proxyFor("https://api.example/v1", { HTTPS_PROXY: text })?.address;
    expect([choice("proxy.corp.example:3128"), choice("u:p@h:1"), choice("u:p/w@h:1")]).toEqual([
      "http://proxy.corp.example:3128",
      "http://h:1",
      "(no address)",
    ]);
  });

  it("that asks to sign in is reported as that, and is asked once", async () => {
    let asked = 0;
    const proxy = createTcp((socket) => {
      asked++;
      socket.once("data", () => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"));
    });
    const env = { HTTPS_PROXY: `http://u:pw@127.0.0.1:${await listen(proxy)}` };
    const error = await failure("https://api.example/v1", { env, maxAttempts: 8 });
    expect(error.message).toContain("the proxy asks for a user and a password (status 407)");
    expect(error.hint).toContain("HTTPS_PROXY");
    expect([asked, JSON.stringify({ ...error }).includes("pw")]).toEqual([1, false]);
  });
});

const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe("a server that cannot be talked to", () => {
  it.skipIf(!hasOpenssl)("because it speaks HTTP/2 alone is reported as that (skipped without openssl)", async () => {
    const folder = await makeFolder();
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-days", "1"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject],
      {
        stdio: "ignore",
      },
    );
    const port = await listen(createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }));
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const connections of kinds) {
      const error = await failure(`https://127.0.0.1:${port}/v1`, { connections });
      expect(error.message).toContain("the server speaks HTTP/2 only, and portload HTTP/1.1");
    }
  });

  it("because it speaks HTTP/2 without TLS is reported as no HTTP/1.1", async () => {
    const port = await listen(createPlainHttp2());
    for (const connections of kinds) {
      const error = await failure(`http://127.0.0.1:${port}/v1`, { connections });
      expect(error.message).toContain("what answers does not speak HTTP/1.1");
    }
  });

  it.each([
    ["CERT_HAS_EXPIRED", "the server's certificate has expired", /clock.*renew/],
    ["CERT_NOT_YET_VALID", "the server's certificate is not valid yet", /clock/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "the server's certificate is for another host", /host name/],
    ["SELF_SIGNED_CERT_IN_CHAIN", "the connection failed", /NODE_EXTRA_CA_CERTS/],
  ])("for %s is reported as that", (code, message, hint) => {
    expect(failedMessage(code)).toContain(message);
    expect(hintFor("https://api.port.io/v1", undefined, code).hint).toMatch(hint);
  });

  it("on this machine is about the emulator, elsewhere about Port", () => {
    const hintAt = (url: string, status: number | undefined) => hintFor(url, status, "ECONNREFUSED").hint;
    expect(hintAt("http://localhost:4455/v1/blueprints", undefined)).toMatch(/: portload emulator &$/);
    expect(hintAt("http://[::1]:4456/v1", undefined)).toMatch(/: portload emulator --port 4456 &$/);
    expect(hintAt("http://10.0.0.1:4455/v1", undefined)).toMatch(/HTTPS_PROXY/);
    expect(hintAt("http://127.0.0.1:4455/v1", 401)).toMatch(/PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload/);
    expect(hintAt("https://api.port.io/v1", 401)).toMatch(/PORT_REGION=us/);
  });
});
