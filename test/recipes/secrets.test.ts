import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeFolder, root } from "../support/catalog.js";
import { runInProcess as runProgram } from "../support/in-process.js";

/** What no file and no output may hold, percent-encoded neither. */
const secrets = ["cl13nt-s3cr3t!", "t0k3n-of-the-test", "r3d1s-p@ss", "pr0xy-pass", "s0urce-pass", "s1gnature"];

/** An API that repeats everything it receives in its messages, as a debugging proxy would. */
async function startEchoingApi(status: number): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const message = `${request.headers.authorization} ${Buffer.concat(chunks)} ${secrets[0]}`;
    const json = (code: number, body: object) =>
      response.writeHead(code, { "x-trace-id": "abc" }).end(JSON.stringify(body));
    const blueprint = { identifier: "service", title: "S", schema: { properties: {} } };
    if (request.url === "/v1/auth/access_token")
      return status === 401
        ? json(401, { ok: false, error: "invalid_credentials", message })
        : json(200, { ok: true, accessToken: secrets[1], expiresIn: 10_800, tokenType: "Bearer" });
    if (request.url?.includes("/bulk")) {
      const errors = [{ index: 0, statusCode: 422, error: "bad", message }];
      return status === 207 ? json(207, { entities: [], errors }) : json(status, { ok: false, error: "bad", message });
    }
    return json(200, { ok: true, blueprint, blueprints: [blueprint], entities: [] });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

/** Every file below a folder, as text. */
function textsOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file));
  return Object.fromEntries(
    files.filter((file) => statSync(file).isFile()).map((file) => [file, readFileSync(file, "utf8")]),
  );
}

const mapping = `resources:
  - kind: service
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id, blueprint: '"service"' } } }
`;

describe("no file and no output holds a secret", () => {
  it.each([
    ["of an import whose entities are refused", 207, ["import", "service=services.ndjson"]],
    ["of an import whose requests are refused", 422, ["import", "service=services.ndjson"]],
    ["of an import that may not write", 403, ["import", "service=services.ndjson"]],
    ["of an import whose credentials are refused", 401, ["import", "service=services.ndjson"]],
    [
      "of an import of an address that nobody serves",
      207,
      ["import", "service=http://u:s0urce-pass@127.0.0.1:1/a.csv?sig=s1gnature"],
    ],
    ["of a look at first contact", 207, ["doctor", "--probe", "service"]],
    ["of a look at first contact with credentials that are refused", 401, ["doctor"]],
  ] as [string, number, string[]][])("%s", async (_, status, args) => {
    const cwd = await makeFolder();
    writeFileSync(join(cwd, "services.ndjson"), '{"id":"a"}\n');
    writeFileSync(join(cwd, "service.yaml"), mapping);
    const env = {
      PORT_API_URL: await startEchoingApi(status),
      PORT_CLIENT_ID: "id",
      PORT_CLIENT_SECRET: "cl13nt-s3cr3t!",
      PORTLOAD_PACE: "redis://user:r3d1s-p%40ss@127.0.0.1:1/0",
      HTTP_PROXY: "http://u:pr0xy-pass@127.0.0.1:1",
      NO_PROXY: "127.0.0.1",
      NODE_DEBUG: "",
      // Every wait for another attempt is the shortest.
      NODE_OPTIONS: "--import=data:text/javascript,Math.random=()=>0",
    };
    const more = [
      "-m",
      "service.yaml",
      "--report",
      "r.md",
      "--report",
      "r.html",
      "--report",
      "r.xml",
      "--progress",
      "plain",
    ];
    const pace = ["--pace", "redis://user:r3d1s-p%40ss@127.0.0.1:1/0", "--pace-fallback", "50%", "--output", "json"];
    const flags = args[0] === "import" ? [...more, ...pace] : [];
    const { stdout, stderr } = await runProgram([...args, ...flags], env, { cwd });
    expect(`${stdout}${stderr}`.length).toBeGreaterThan(20);
    const texts: Record<string, string> = { stdout, stderr, ...textsOf(cwd) };
    const found = Object.entries(texts).flatMap(([where, text]) =>
      [...secrets, ...secrets.map(encodeURIComponent)]
        .filter((secret) => text.includes(secret))
        .map((secret) => `${where}: ${secret}`),
    );
    expect(found).toEqual([]);
  });

  it("looks where there is something to find", () => {
    expect(Object.keys(textsOf(join(root, "samples"))).length).toBeGreaterThan(3);
  });
});
