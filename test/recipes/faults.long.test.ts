import { describe, expect, it } from "vitest";
import type { FaultRule, FaultScript } from "../../src/emulator/emulator-options.js";
import type { Mode } from "../../src/entity.js";
import type { ImportOptions } from "../../src/options/run.js";
import { runImport } from "../../src/recipes/import.js";
import type { RunContext } from "../../src/recipes/run/connect.js";
import type { Report } from "../../src/report/report.js";
import { envOf, type OnDisk, readingFlags, startCatalog } from "../support/catalog.js";
import { manualClock } from "../support/manual-clock.js";
import { catalogOf, type Node, nodeBlueprint, nodeImport, seeded } from "../support/nodes.js";

type Rule = Partial<FaultRule>;
const modes: readonly Mode[] = ["merge", "override", "create"];
/** All when the emulator reads Port as is likeliest; under another reading a tenth. */
const seeds = Array.from({ length: readingFlags.length === 0 ? 200 : 20 }, (_, i) => i + 1);

function someNodes(random: () => number, size: number): readonly Node[] {
  const any = (): string => `n${Math.floor(random() * size * 1.02)}`;
  return Array.from({ length: size }, (_, i) => ({
    id: `n${i}`,
    weight: random() < 0.02 ? "heavy" : i,
    ...(random() < 0.5 && { parent: any() }),
    ...(random() < 0.3 && { friends: [...new Set([any(), any()])] }),
  }));
}

interface Setting {
  readonly mode: Mode;
  /** Of the nodes. */
  readonly seed: number;
  readonly size: number;
}

const blueprints = [nodeBlueprint];
const calmRuns = new Map<string, ReturnType<typeof importCalmly>>();

async function importCalmly({ mode, seed, size }: Setting) {
  const emulator = await startCatalog({ blueprints });
  const given = await nodeImport(someNodes(seeded(seed), size));
  const { report } = await runImport({ ...given, mode }, { env: envOf(emulator) });
  return { expected: report, causes: causesOf(report, given), calm: catalogOf(emulator) };
}

/** Why what was rejected, whichever folder the source is in. */
function causesOf({ rejects }: Report, { stateDir = "" }: OnDisk<ImportOptions>): string {
  return JSON.stringify(rejects).replaceAll(stateDir, "");
}

/** Imports the same nodes with and without trouble. The clock does not wait: what an import sleeps through is over at once. */
async function compare(setting: Setting, faults: FaultScript, concurrency: number | "auto" = "auto") {
  const name = JSON.stringify(setting);
  const calmRun = calmRuns.get(name) ?? importCalmly(setting);
  calmRuns.set(name, calmRun);
  const { calm, expected, causes } = await calmRun;
  const given = await nodeImport(someNodes(seeded(setting.seed), setting.size));
  const troubled = await startCatalog({ blueprints, faults });
  const clock = manualClock({ auto: true, startMs: Date.now() });
  const context: RunContext = { env: envOf(troubled), clock };
  const found = await runImport({ ...given, mode: setting.mode, concurrency }, context);
  const attempts = found.report.requests.total - expected.requests.total;
  const same = { catalog: catalogOf(troubled), causes: causesOf(found.report, given) };
  return { calm: { catalog: calm, causes }, expected, troubled: same, attempts, ...found };
}

function expectSame(
  { calm, expected, troubled, report, error }: Awaited<ReturnType<typeof compare>>,
  mode: Mode,
): void {
  expect(error).toBeUndefined();
  expect(report).toMatchObject({ balanced: true, exitCode: expected.exitCode, records: expected.records });
  const { created, updated, rejected } = expected.entities;
  expect(report.entities).toMatchObject({ rejected, notAttempted: 0 });
  expect(report.entities.created + report.entities.updated).toBe(created + updated);
  // Mode create never merges what it made before the answer was lost.
  if (mode === "create") expect(report.entities.created).toBe(created);
  expect(troubled).toEqual(calm);
}

const few: Rule = { route: "bulk", requests: [1, 3, 4, 9] };
const faults: readonly [string, readonly Rule[]][] = [
  ["status 500 before the write", [{ ...few, status: 500 }]],
  ["status 500 after the write", [{ ...few, status: 500, written: true }]],
  ["status 502 with a page in place of JSON", [{ ...few, status: 502, body: "<html>bad gateway</html>" }]],
  ["status 503 with Retry-After", [{ ...few, status: 503, headers: { "retry-after": "30" } }]],
  ["status 504 after the write", [{ ...few, status: 504, written: true }]],
  ["status 408", [{ ...few, status: 408 }]],
  ["a request refused as a whole, once", [{ route: "bulk", requests: [2], status: 422 }]],
  ["status 413 out of the blue", [{ route: "bulk", requests: [2], status: 413 }]],
  ["sockets dropped before the write", [{ ...few, drop: "before" }]],
  ["sockets dropped after the write", [{ ...few, drop: "after" }]],
  ["truncated bodies", [{ ...few, garble: "truncated" }]],
  ["bodies that are no JSON", [{ ...few, garble: "malformed" }]],
  ["bodies of another shape", [{ ...few, garble: "shapeless" }]],
  ["an index that is missing", [{ ...few, index: "missing" }]],
  ["an index that is doubled", [{ ...few, index: "doubled" }]],
  ["an index out of range", [{ ...few, index: "outOfRange" }]],
  ["207 with all failed", [{ ...few, allFailed: 500 }]],
  ["429 with Retry-After", [{ ...few, status: 429, headers: { "retry-after": "7" } }]],
  [
    "429 with x-ratelimit headers",
    [{ ...few, status: 429, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "3" } }],
  ],
  ["429 without headers", [{ ...few, status: 429 }]],
  ["the token's end", [{ route: "bulk", requests: [1, 5, 12], expireToken: true }]],
  [
    "trouble with the token",
    [
      { route: "token", requests: [1], status: 503 },
      { route: "token", requests: [2], garble: "malformed" },
    ],
  ],
  [
    "trouble with blueprints",
    [
      { route: "blueprints", requests: [1], status: 500 },
      { route: "blueprints", requests: [2], drop: "after" },
    ],
  ],
  [
    "trouble with searches",
    [
      { route: "search", requests: [1, 2], garble: "truncated" },
      { route: "search", requests: [3], status: 504 },
    ],
  ],
  ["fixed latency", [{ delayMs: 4 }]],
  ["jittered latency", [{ delayMs: [0, 15] }]],
];

describe.each(modes)("in mode %s an import ends as an untroubled one in spite of", (mode) => {
  it.each(faults)("%s", async (_, rules) => {
    const compared = await compare({ mode, seed: 7, size: 130 }, { faults: rules as FaultScript["faults"] }, 2);
    expectSame(compared, mode);
    if (!rules.some(({ delayMs }) => delayMs !== undefined)) expect(compared.attempts).toBeGreaterThan(0);
  });
});

/** Two to five faults, each now and then. */
function mix(random: () => number): FaultScript {
  const statuses = [408, 429, 500, 502, 503, 504, 520];
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const kinds: readonly (() => Rule)[] = [
    () => ({ status: pick(statuses) }),
    () => ({ status: pick([500, 502, 504]), written: true }),
    () => ({ status: 429, headers: { "retry-after": String(1 + Math.floor(random() * 60)) } }),
    () => ({ drop: pick(["before", "after"] as const) }),
    () => ({ garble: pick(["truncated", "malformed", "shapeless"] as const) }),
    () => ({ route: "bulk", index: pick(["missing", "doubled", "outOfRange"] as const) }),
    () => ({ route: "bulk", allFailed: pick([429, 500, 503]) }),
    () => ({ delayMs: [0, 5] as [number, number] }),
  ];
  const rules = Array.from({ length: 2 + Math.floor(random() * 4) }, () => ({
    route: random() < 0.8 ? ("bulk" as const) : ("search" as const),
    probability: 0.02 + random() * 0.05,
    ...pick(kinds)(),
  }));
  // A fresh token that is refused at once is an end, not a fault: once is enough.
  const tokens: Rule[] =
    random() < 0.5 ? [{ route: "bulk", requests: 1 + Math.floor(random() * 15), expireToken: true }] : [];
  return { seed: Math.floor(random() * 1e9), faults: [...rules, ...tokens] as FaultScript["faults"] };
}

describe("an import in random trouble", () => {
  it.each(seeds)("balances, and leaves the catalog of an untroubled one (seed %i)", async (seed) => {
    const mode = modes[seed % modes.length] as Mode;
    const setting = { mode, seed: seed % 4, size: 100 + 60 * (seed % 4) };
    expectSame(await compare(setting, mix(seeded(seed * 7919))), mode);
  });
});

describe("quota taken by somebody else", () => {
  it("slows an import down and costs it nothing", async () => {
    const given = await nodeImport(someNodes(seeded(3), 400));
    const calm = await startCatalog({ blueprints });
    const expected = await runImport(given, { env: envOf(calm) });
    // 40 requests a half second, at most 4 at once.
    const limits = { limits: 0.7, limitPeriodMs: 500 };
    const faults = { faults: [{ route: "bulk" as const, probability: 0.2, takeQuota: 3 }] };
    const emulator = await startCatalog({ blueprints, faults, ...limits });
    const { report } = await runImport(given, { env: envOf(emulator) });
    expect(report).toMatchObject({ balanced: true, exitCode: 1 });
    expect(report.entities).toEqual(expected.report.entities);
    expect(catalogOf(emulator)).toEqual(catalogOf(calm));
  });
});
