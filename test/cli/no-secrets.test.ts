import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FaultRule } from "../../src/emulator/emulator-options.js";
import { startCatalog } from "../support/catalog.js";
import { nodeBlueprint, nodeImport } from "../support/nodes.js";
import { runProgram, start } from "../support/program.js";

const credentials = { clientId: "id-4f1c", clientSecret: "Zq7-secret-Rk29-never-told" };
const faults: Partial<FaultRule>[] = [
  { route: "token", requests: [1], status: 500 },
  { route: "bulk", requests: [3, 4], status: 429, headers: { "retry-after": "0" } },
  { route: "bulk", requests: [9], expireToken: true },
  { route: "bulk", requests: [12], garble: "malformed" },
  { route: "bulk", requests: [14], drop: "after" },
  // A server that repeats what it was sent.
  {
    route: "bulk",
    requests: [16],
    status: 422,
    body: JSON.stringify({ ok: false, error: "no", message: `secret ${credentials.clientSecret}` }),
  },
];

/** Serves a text at any address, and keeps the addresses asked for. */
async function serve(text: string): Promise<string> {
  const server = createServer((_, reply) => reply.setHeader("content-type", "application/x-ndjson").end(text));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function textsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  const paths = names.map((name) => join(folder, name));
  const texts = await Promise.all(
    paths.map(async (path) => ((await stat(path)).isFile() ? readFile(path, "utf8") : "")),
  );
  return [...names, ...texts];
}

describe("what a run leaves and says", () => {
  it("holds no client secret, no token, and no userinfo or query of a source's address", async () => {
    const emulator = await startCatalog({
      blueprints: [nodeBlueprint],
      credentials,
      latencyMs: 5,
      faults: { faults: faults as FaultRule[] },
    });
    const rows = Array.from({ length: 900 }, (_, i) => ({
      id: `n${i}`,
      weight: i % 90 === 0 ? "heavy" : i,
      parent: "ghost",
    }));
    const host = await serve(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const given = await nodeImport([]);
    const stateDir = given.stateDir ?? "";
    const env = {
      PORT_API_URL: emulator.url,
      PORT_CLIENT_ID: credentials.clientId,
      PORT_CLIENT_SECRET: credentials.clientSecret,
    };
    const forms = ["md", "html", "xml", "prom", "json"].flatMap((form) => ["--report", join(stateDir, `out.${form}`)]);
    const flags = ["--state-dir", stateDir, "--progress", "plain", "--output", "json", ...forms];
    const source = `http://reader:hunter2pass@${host}/exports/nodes.ndjson?signature=sig-53cr3t&x=1`;
    const first = start(["import", source, "-m", given.mapping, "--concurrency", "2", ...flags], env);
    first.stdin.end();
    while (emulator.stats().families.bulk.accepted < 20) await wait(1);
    first.kill("SIGTERM");
    const said = [await first.ended];
    said.push(await runProgram(["resume", source, "-m", given.mapping, ...flags], env));
    said.push(await runProgram(["retry", ...flags], env));
    said.push(await runProgram(["report", "--state-dir", stateDir], env));
    said.push(await runProgram(["import", source, "-m", given.mapping, ...flags], { ...env, PORT_CLIENT_ID: "wrong" }));
    expect(said.map(({ code }) => code)).toEqual([4, 1, 1, 0, 3]);

    const asked = await fetch(`${emulator.url}/auth/access_token`, {
      method: "POST",
      body: JSON.stringify(credentials),
      headers: { "content-type": "application/json" },
    });
    const { accessToken } = (await asked.json()) as { accessToken: string };
    const everything = [...(await textsIn(stateDir)), ...said.flatMap(({ stdout, stderr }) => [stdout, stderr])].join(
      "\n",
    );
    expect(everything.length).toBeGreaterThan(10_000);
    expect(everything).toContain(`http://${host}/exports/nodes.ndjson`);
    for (const secret of [credentials.clientSecret, accessToken, "hunter2pass", "sig-53cr3t", "Bearer ey"])
      expect(everything.includes(secret), secret.slice(0, 9)).toBe(false);
    // Tokens have this claim at their beginning, also the one before the last.
    expect(everything).not.toContain(accessToken.slice(0, 20));
  });
});
