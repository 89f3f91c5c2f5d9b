/**
 * Measures bulk upserts of 20 entities into the emulator against a bare Fastify route that only parses and answers, in turn, in one run; then a catalog of a million
 * entities: memory, and the time of its snapshot.
 *
 *     npm run bench:emulator [-- --rounds <n>] [-- --million]
 *
 * Holds: the emulator takes at least half as many requests per second as the bare route, in the median of the rounds.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Pool } from "undici";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, million: { type: "boolean", default: false } },
});
const requestsPerRound = 2000;
const inFlight = 16;
const folder = mkdtempSync(join(tmpdir(), "portload-bench-"));

interface Usage {
  readonly cpuMs: number;
  readonly heapUsed: number;
  readonly rss: number;
  readonly entities: number;
}

interface Target {
  readonly name: string;
  readonly origin: string;
  readonly pool: Pool;
}

try {
  await compareRates(Number(values.rounds));
  if (values.million) await holdMillion();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compareRates(rounds: number): Promise<void> {
  const { child, urls } = await startServers();
  const token = await tokenOf(urls.emulator);
  const targets = (["bare", "emulator"] as const).map((name): Target => {
    const { origin } = new URL(urls[name]);
    return { name, origin, pool: new Pool(origin, { connections: inFlight }) };
  });
  const seen: { rate: number; cpu: number }[][] = [];
  for (let round = 0; round <= rounds; round++) {
    const pair: { rate: number; cpu: number }[] = [];
    // Every round changes one property of every entity.
    const bodies = Array.from({ length: requestsPerRound }, (_, page) => bodyOf(page, round));
    for (const { pool } of targets) {
      const before = await usageOf(child);
      const startedAt = performance.now();
      await sendAll(pool, bodies, token);
      const seconds = (performance.now() - startedAt) / 1000;
      pair.push({
        rate: requestsPerRound / seconds,
        cpu: ((await usageOf(child)).cpuMs - before.cpuMs) / requestsPerRound,
      });
    }
    // The first round warms both up, and creates what the others change.
    if (round > 0) seen.push(pair);
  }
  await Promise.all(targets.map(({ pool }) => pool.close()));
  child.send("stop");
  await once(child, "exit");
  for (const [index, { name }] of targets.entries()) {
    const rate = median(seen.map((pair) => pair[index]?.rate ?? 0));
    const cpu = median(seen.map((pair) => pair[index]?.cpu ?? 0));
    console.log(
      `${name.padEnd(8)} ${whole(rate)} requests/s, ${whole(rate * 20)} entities/s, ${cpu.toFixed(3)} ms of CPU a request`,
    );
  }
  const ratios = seen.map(([bare, emulator]) => (emulator?.rate ?? 0) / (bare?.rate ?? 1));
  const cpuRatios = seen.map(([bare, emulator]) => (bare?.cpu ?? 0) / (emulator?.cpu ?? 1));
  const ratio = median(ratios);
  console.log(
    `emulator / bare: ${ratio.toFixed(2)} by rate (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}), ${median(cpuRatios).toFixed(2)} by CPU: ${ratio >= 0.5 ? "holds" : "DOES NOT HOLD"}`,
  );
}

async function holdMillion(): Promise<void> {
  const file = join(folder, "catalog.ndjson");
  const first = await startServers(file);
  const pool = new Pool(new URL(first.urls.emulator).origin, { connections: inFlight });
  const token = await tokenOf(first.urls.emulator);
  const empty = await usageOf(first.child);
  const startedAt = performance.now();
  await sendAll(pool, lazily(50_000), token);
  const seconds = (performance.now() - startedAt) / 1000;
  const full = await usageOf(first.child);
  await pool.close();
  console.log(
    `${whole(full.entities)} entities created in ${seconds.toFixed(0)} s; heap ${whole((full.heapUsed - empty.heapUsed) / full.entities)} bytes an entity, rss ${whole(full.rss / 1e6)} MB`,
  );
  const writtenIn = await timeOf(async () => {
    first.child.send("stop");
    await once(first.child, "exit");
  });
  console.log(`snapshot of ${whole(statSync(file).size / 1e6)} MB written in ${writtenIn.toFixed(1)} s`);
  const readAt = performance.now();
  const second = await startServers(file);
  const { entities, rss } = await usageOf(second.child);
  console.log(
    `${whole(entities)} entities read in ${((performance.now() - readAt) / 1000).toFixed(1)} s, rss ${whole(rss / 1e6)} MB`,
  );
  second.child.kill();
}

async function startServers(
  snapshot?: string,
): Promise<{ child: ChildProcess; urls: { emulator: string; bare: string } }> {
  const child = fork(join(import.meta.dirname, "emulator-server.js"), snapshot === undefined ? [] : [snapshot]);
  const [urls] = (await once(child, "message")) as [{ emulator: string; bare: string }];
  return { child, urls };
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  child.send("usage");
  const [usage] = (await once(child, "message")) as [Usage];
  return usage;
}

async function tokenOf(url: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ clientId: "portload", clientSecret: "portload" });
  const reply = await fetch(`${url}/auth/access_token`, { method: "POST", headers, body });
  return ((await reply.json()) as { accessToken: string }).accessToken;
}

async function sendAll(pool: Pool, bodies: Iterable<string>, token: string): Promise<void> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const path = "/v1/blueprints/service/entities/bulk?upsert=true&merge=true";
  const waiting = bodies[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      const { statusCode, body } = await pool.request({ method: "POST", path, headers, body: next.value });
      await body.arrayBuffer();
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

function* lazily(pages: number): Generator<string> {
  for (let page = 0; page < pages; page++) yield bodyOf(page);
}

function bodyOf(page: number, round = 0): string {
  const entities = Array.from({ length: 20 }, (_, index) => {
    const n = page * 20 + index;
    return {
      identifier: `service-${n}`,
      title: `Service ${n}`,
      properties: {
        tier: n % 2 === 0 ? "gold" : "silver",
        replicas: (n % 9) + round,
        live: n % 3 === 0,
        since: "2026-01-02T03:04:05.678Z",
        home: `https://example.com/services/${n}`,
        tags: ["one", "two"],
        notes: `Service number ${n} of the benchmarkmark`,
        language: "typescript",
      },
      relations: { team: null },
    };
  });
  return JSON.stringify({ entities });
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString("en");
}
