import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { type Client, type ClientOptions, createClient } from "../../src/api/client.js";
import { type ManualClock, manualClock } from "../support/manual-clock.js";

/** A request as the stub saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A canned answer. `drop` closes the socket without one, `hang` never answers, `cut` stops within the body. */
export type Canned =
  | "drop"
  | "hang"
  | "cut"
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown };

export const secret = "s3cr3t-of-the-test";

/**
 * Starts a server on a free port that gives tokens t1, t2, … and answers the rest as given, and a client for it; both end with the test.
 *
 * @param tokensToo - whether requests for a token are answered as given, too
 */
export async function stub(
  answer: (request: Seen, n: number) => Canned | Promise<Canned>,
  options: Partial<ClientOptions> = {},
  tokensToo = false,
): Promise<{ client: Client; clock: ManualClock; seen: Seen[]; tokens: () => number; url: string }> {
  const seen: Seen[] = [];
  let tokens = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    const canned =
      one.path === "/v1/auth/access_token" && !tokensToo
        ? { body: { ok: true, accessToken: `t${++tokens}`, expiresIn: 10_800, tokenType: "Bearer" } }
        : await answer(one, seen.push(one));
    if (canned === "hang") return;
    if (canned === "drop") return void request.socket.destroy();
    if (canned === "cut") {
      response.writeHead(200, { "content-length": "1000" }).write("{");
      setImmediate(() => request.socket.destroy());
      return;
    }
    const isRaw = typeof canned.body === "string" || Buffer.isBuffer(canned.body);
    const text = isRaw ? (canned.body as string | Buffer) : JSON.stringify(canned.body ?? { ok: true });
    response.writeHead(canned.status ?? 200, { "content-type": "application/json", ...canned.headers }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const clock = manualClock({ auto: true });
  const credentials = { clientId: "id", clientSecret: secret };
  const client = createClient({ apiUrl: url, credentials, clock, random: () => 0.5, connections: "pool", ...options });
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { client, clock, seen, tokens: () => tokens, url };
}
