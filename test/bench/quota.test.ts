import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type BulkStats, blueprint, disturb, figures, mapping, measure, thing } from "../../bench/quota-run.js";
import { isMet, scenariosOn } from "../../bench/quota-scenarios.js";
import { startEmulator } from "../../src/emulator/emulator.js";
import { runImport } from "../../src/recipes/import.js";
import { hasRedis, redisUrl, withoutRedis } from "../api/redis.js";
import { makeFolder } from "../support/catalog.js";

/**
 * The short form of `npm run bench:quota`: a quarter of Port's rate with the bursts of 60 s, all scenarios at once in one process.
 * 10 s at 29 a second: one request is 0.35 %.
 */
const load = { limits: "0.25", limitPeriod: "60s", burstMs: 8000, measuredMs: 10_000 };
const grain = 0.02;

/** Records for as long as somebody reads. */
function* things(from: number): Generator<string> {
  for (let n = 0; ; n++) yield thing(from, n);
}

async function run(scenario: ReturnType<typeof scenariosOn>[number]) {
  const folder = await makeFolder();
  const emulator = await startEmulator({
    blueprints: [blueprint],
    limits: Number(load.limits),
    limitPeriodMs: 60_000,
    latencyMs: scenario.roundTripMs,
  });
  const ended = new AbortController();
  try {
    mkdirSync(join(folder, "state"));
    writeFileSync(join(folder, "thing.yaml"), mapping);
    const stats = async () => emulator.stats().families.bulk as BulkStats;
    if (scenario.others !== undefined) void disturb(emulator.url, scenario.others, await stats(), ended.signal);
    const env = { PORT_API_URL: emulator.url, PORT_CLIENT_ID: "portload", PORT_CLIENT_SECRET: "portload" };
    const imports = scenario.imports.map(([flag, value], n) => {
      const options = {
        sources: ["thing=-"],
        mapping: join(folder, "thing.yaml"),
        stateDir: join(folder, `state/${n}`),
        ...(flag === "--quota-share" && { quotaShare: value }),
        ...(flag === "--pace" && { pace: value }),
      };
      return runImport(options, { env, stdin: Readable.from(things(n), { objectMode: false }), signal: ended.signal });
    });
    const { from, to } = await measure(stats, load);
    ended.abort();
    const reports = (await Promise.all(imports)).map(({ report }) => report.requests);
    const sum = (of: (requests: (typeof reports)[number]) => number) =>
      reports.reduce((total, one) => total + of(one), 0);
    return {
      ...figures(scenario.name, from, to),
      refused: sum(({ rateLimited }) => rateLimited),
      requests: sum(({ byRoute }) => byRoute.bulk),
    };
  } finally {
    ended.abort();
    await emulator.close();
  }
}

describe.concurrent(`an import against the emulator's limits${withoutRedis}`, () => {
  for (const scenario of scenariosOn(redisUrl)) {
    it.skipIf(scenario.name.includes("Redis") && !hasRedis)(
      `uses what docs/reliability.md says with ${scenario.name}`,
      { retry: 1 },
      async () => {
        const measured = await run(scenario);
        expect(isMet(measured, grain), JSON.stringify(measured)).toBe(true);
      },
    );
  }
});
