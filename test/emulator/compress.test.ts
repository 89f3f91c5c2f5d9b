import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { request } from "undici";
import { describe, expect, it } from "vitest";
import { startSession } from "./session.js";

const keys = { clientId: "portload", clientSecret: "portload" };

describe("a search's reply", () => {
  it.each<[string, "gzip" | "br" | "deflate" | undefined]>([
    ["gzip, deflate", "gzip"],
    ["br;q=1.0, gzip;q=0.5", "br"],
    ["deflate", "deflate"],
    ["*", "gzip"],
    ["*;q=0, br", "br"],
    ["br;q=0, gzip;q=0", undefined],
    ["identity, *;q=0", undefined],
    ["identity", undefined],
  ])("comes packed to those who take %s as %s", async (takes, encoding) => {
    const { call, emulator } = await startSession();
    await call("POST", "/v1/blueprints/service/entities", { identifier: "alpha" });
    const { accessToken } = (await call("POST", "/v1/auth/access_token", keys)).body as { accessToken: string };
    for (const [path, body] of [
      ["/v1/blueprints/service/entities/search", { query: { combinator: "and", rules: [] } }],
      ["/v1/entities/search", { combinator: "and", rules: [] }],
    ] as const) {
      const reply = await request(new URL(path, emulator.url), {
        method: "POST",
        headers: { authorization: accessToken, "content-type": "application/json", "accept-encoding": takes },
        body: JSON.stringify(body),
      });
      const bytes = Buffer.from(await reply.body.arrayBuffer());
      const unpack = {
        gzip: gunzipSync,
        br: brotliDecompressSync,
        deflate: inflateSync,
        none: (packed: Buffer) => packed,
      };
      const text = String(unpack[encoding ?? "none"](bytes));
      expect([reply.statusCode, reply.headers["content-encoding"]]).toEqual([200, encoding]);
      expect(JSON.parse(text)).toEqual((await call("POST", path, body)).body);
    }
  });
});
