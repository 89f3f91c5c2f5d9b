import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.js";
import type { Report } from "../../src/report/report.js";
import { importIdPattern } from "../../src/state/folders.js";
import { envOf, readingsOfRun } from "./catalog.js";
import { runInProcess } from "./in-process.js";
import { catalogOf, seeded } from "./nodes.js";
import { type Ended, start } from "./program.js";

/** Requests that a killed program has in flight at most. */
export const concurrency = 4;

/** A catalog, the only line to it, and the folders of the program that uses it. */
export interface World {
  readonly emulator: Emulator;
  /** For sources, mappings and plans. */
  readonly folder: string;
  readonly stateDir: string;
  /** Points at the line. */
  readonly env: Readonly<Record<string, string>>;
  readonly line: Line;
}

/** What a seed does: makes its files and its catalog, and says which command comes next, until none does. */
export interface Scenario {
  readonly name: string;
  readonly blueprints: readonly Blueprint[];
  begin(world: World, random: () => number): Promise<NextCommand>;
}

/** Arguments of the next command by how the one before ended, whose code is null when it was killed; undefined when all is done. */
export type NextCommand = (before: Ended | undefined) => Promise<readonly string[] | undefined>;

/** What a scenario leaves. */
export interface Left {
  readonly catalog: readonly unknown[];
  /** How often each entity was written. */
  readonly writes: ReadonlyMap<string, number>;
  readonly report: Report;
  readonly reasons: readonly string[];
  /** Text of the rejects files, by name. */
  readonly rejects: Readonly<Record<string, string>>;
  /** Text of the journal. */
  readonly journal: string;
  /** Exit code of the last command. */
  readonly code: number | null;
  readonly kills: number;
}

/** A scenario that nobody disturbs, within this process, and the same one whose commands are killed. */
export interface Compared {
  readonly calm: Left;
  readonly found: Left;
}

/** How a scenario is disturbed. */
export interface Disturbance {
  /** Kills at most; it may be done before the last of them. */
  readonly kills: number;
  /** What else happens with each, such as a power cut. */
  readonly onKilled?: (world: World, random: () => number) => Promise<void>;
}

/** Runs a scenario twice: undisturbed, and with kills (SIGKILL), each after a random number of bytes between program and API. */
export async function compareKilled(
  scenario: Scenario,
  seed: number,
  { kills: most, onKilled = async () => undefined }: Disturbance,
): Promise<Compared> {
  const calm = await inWorld(scenario, 0, async (world) => {
    const next = await scenario.begin(world, seeded(scatter(seed)));
    const before = world.line.passed();
    const ended = await follow(next, (args) => runInProcess(args, world.env));
    return { ...(await leftBy(world, ended, 0)), bytes: world.line.passed() - before };
  });
  const random = seeded(scatter(seed + 0.5));
  // A run may take fewer bytes than the undisturbed one, so that the kill would come too late.
  for (let attempt = 0; attempt < 5; attempt++) {
    const found = await inWorld(scenario, 3, async (world) => {
      const next = await scenario.begin(world, seeded(scatter(seed)));
      const before = world.line.passed();
      let kills = 0;
      const ended = await follow(next, async (args) => {
        const left = Math.max(0.95 * calm.bytes - (world.line.passed() - before), 0.1 * calm.bytes);
        const ended = await runUntil(world, args, kills < most ? 1 + Math.floor(random() * left) : undefined);
        if (ended.code !== null) return ended;
        kills++;
        await onKilled(world, random);
        return ended;
      });
      return leftBy(world, ended, kills);
    });
    if (found.kills > 0) return { calm, found };
  }
  throw new Error(`seed ${seed}: nothing was killed in five attempts`);
}

/** Neighbouring seeds begin with nearly the same number; those that this makes of them do not. */
function scatter(seed: number): number {
  return Math.imul(2 * seed, 0x9e3779b1) >>> 0;
}

async function follow(next: NextCommand, run: (args: readonly string[]) => Promise<Ended>): Promise<Ended> {
  let ended: Ended | undefined;
  for (let args = await next(undefined); args !== undefined; args = await next(ended)) {
    ended = await run([...args, "--concurrency", String(concurrency), "--quiet"]);
    if (ended.code !== null) expect([0, 1, 6], ended.stderr).toContain(ended.code);
  }
  if (ended === undefined) throw new Error("the scenario has no command");
  return ended;
}

/** Runs the program, and kills it once so many more bytes have passed. */
async function runUntil({ line, env }: World, args: readonly string[], bytes: number | undefined): Promise<Ended> {
  const program = start(args, { ...env, NODE_OPTIONS: "" });
  program.stdin.end();
  if (bytes !== undefined) line.cutAfter(bytes, () => program.kill("SIGKILL"));
  const ended = await program.ended;
  line.restore();
  return ended;
}

async function inWorld<T>(scenario: Scenario, latencyMs: number, use: (world: World) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "portload-kill-"));
  const { blueprints } = scenario;
  const emulator = await startEmulator({ limits: "off", readings: readingsOfRun(), blueprints, latencyMs });
  const line = await openLine(emulator);
  try {
    const stateDir = join(folder, "state");
    await mkdir(stateDir);
    return await use({ emulator, folder, stateDir, env: envOf(line), line });
  } finally {
    await line.close();
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folder of the latest import; undefined before there is one. */
export async function latestFolder(stateDir: string): Promise<string | undefined> {
  const ids = existsSync(stateDir) ? (await readdir(stateDir)).filter((name) => importIdPattern.test(name)) : [];
  const id = ids.sort().at(-1);
  return id === undefined ? undefined : join(stateDir, id);
}

async function leftBy(world: World, { code }: Ended, kills: number): Promise<Left> {
  const { emulator, stateDir } = world;
  // Both of a seed have folders of their own.
  const named = (text: string): string => text.replaceAll(world.folder, "");
  const folder = (await latestFolder(stateDir)) ?? "";
  const textOf = async (path: string) => (existsSync(path) ? await readFile(path, "utf8") : "");
  const names = existsSync(join(folder, "rejects")) ? (await readdir(join(folder, "rejects"))).sort() : [];
  const rejects = await Promise.all(names.map(async (name) => [name, await textOf(join(folder, "rejects", name))]));
  const reasons = (await textOf(join(folder, "reasons.ndjson"))).split("\n").filter((text) => text !== "");
  return {
    catalog: catalogOf(emulator),
    writes: new Map(
      emulator.store
        .blueprints()
        .flatMap(({ identifier: name }) => emulator.store.entities(name))
        .map(({ identifier, writes }) => [identifier, writes]),
    ),
    report: JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as Report,
    reasons: reasons.map((line) => named(JSON.stringify({ ...JSON.parse(line), traceId: undefined }))).sort(),
    rejects: Object.fromEntries(rejects),
    journal: await textOf(join(folder, "journal.ndjson")),
    code,
    kills,
  };
}

/** What every request passes, and which breaks off after so many bytes. */
export interface Line {
  readonly url: string;
  /** Bytes so far, both ways. */
  passed(): number;
  /** Breaks off once so many further bytes have passed, in the midst of a request or a reply, and calls back in that moment. */
  cutAfter(bytes: number, onCut: () => void): void;
  /** Passes everything again. */
  restore(): void;
  close(): Promise<void>;
}

async function openLine(emulator: Emulator): Promise<Line> {
  const { hostname, port, pathname } = new URL(emulator.url);
  const sockets = new Set<Socket>();
  let passed = 0;
  let left = Number.POSITIVE_INFINITY;
  let onCut = (): void => undefined;
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on("data", (chunk: Buffer) => {
      if (left <= 0) return;
      const part = chunk.subarray(0, left);
      to.write(part);
      passed += part.length;
      left -= part.length;
      if (left > 0) return;
      onCut();
      drop();
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(port), host: hostname, noDelay: true });
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    passed: () => passed,
    cutAfter(bytes, call) {
      [left, onCut] = [bytes, call];
    },
    restore() {
      left = Number.POSITIVE_INFINITY;
    },
    close: () =>
      new Promise((done) => {
        drop();
        server.close(() => done());
      }),
  };
}

/** Seeds under way at once beyond the one whose turn it is, since a killed program's next run spends most of its time waiting. */
const seedsAhead = 2;

/**
 * A test for each seed; later ones begin while an earlier one runs. A last test counts.
 *
 * @param leastKills - kills that all of them together must have
 * @param run - gives what it compared
 */
export function eachSeed(
  title: string,
  seeds: readonly number[],
  leastKills: number,
  run: (seed: number) => Promise<Compared>,
): void {
  const begun = new Map<number, Promise<() => void>>();
  let kills = 0;
  const begin = (seed: number): Promise<() => void> => {
    const known = begun.get(seed);
    if (known !== undefined) return known;
    const verdict = run(seed).then(
      ({ found }) => {
        kills += found.kills;
        return () => undefined;
      },
      (error: unknown) => () => {
        throw error;
      },
    );
    begun.set(seed, verdict);
    return verdict;
  };
  it.each(seeds.map((seed, i) => ({ seed, i })))(
    `${title} (seed $seed)`,
    async ({ seed, i }) => {
      for (const other of seeds.slice(i, i + 1 + seedsAhead)) void begin(other);
      (await begin(seed))();
    },
    120_000,
  );
  // Where a filter leaves seeds out there is nothing to count.
  if (seeds.length > 1)
    it(`is killed at least ${leastKills} times in all seeds`, () => {
      if (begun.size === seeds.length) expect(kills).toBeGreaterThanOrEqual(leastKills);
    });
}
