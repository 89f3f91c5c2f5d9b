import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createPlainHttp2, createSecureServer } from "node:http2";
import { type AddressInfo, createServer as createTcp, type Server } from "node:net";
import { join } from "node:path";
import { Agent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClient } from "../../src/api/client.js";
import { openDispatcher, proxyFor } from "../../src/api/connection.js";
import { failedMessage, hintFor } from "../../src/api/failure.js";
import { type ApiError, UsageError } from "../../src/errors.js";
import { makeFolder } from "../support/catalog.js";

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
          openDispatcher({ [name]: value });
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

  it("that asks to sign in is told as that, and is asked once", async () => {
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
  it.skipIf(!hasOpenssl)("because it speaks HTTP/2 alone is told as that (skipped without openssl)", async () => {
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
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    onTestFinished(() => dispatcher.close());
    const error = await failure(`https://127.0.0.1:${port}/v1`, { dispatcher });
    expect(error.message).toContain("the server speaks HTTP/2 only, and portload HTTP/1.1");
  });

  it("because it speaks HTTP/2 without TLS is told as no HTTP/1.1", async () => {
    const port = await listen(createPlainHttp2());
    const error = await failure(`http://127.0.0.1:${port}/v1`);
    expect(error.message).toContain("what answers does not speak HTTP/1.1");
  });

  it.each([
    ["CERT_HAS_EXPIRED", "the server's certificate has expired", /clock.*renew/],
    ["CERT_NOT_YET_VALID", "the server's certificate is not valid yet", /clock/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "the server's certificate is for another host", /host name/],
    ["SELF_SIGNED_CERT_IN_CHAIN", "the connection failed", /NODE_EXTRA_CA_CERTS/],
  ])("for %s is told as that", (code, message, hint) => {
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
