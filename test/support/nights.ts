import { existsSync, mkdirSync, rmSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Clock } from "../../src/api/clock.js";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.js";
import type { SyncOptions } from "../../src/options/run.js";
import { runApply } from "../../src/recipes/apply.js";
import { runPlan } from "../../src/recipes/plan.js";
import type { Finished } from "../../src/recipes/run/finish.js";
import { runSync } from "../../src/recipes/sync.js";
import { blueprintOf, makeFolder, readingsOfRun } from "./catalog.js";
import { type Gate, hurried, type IsCut, keepImage, openGate, restoreImage } from "./gate.js";

const properties = { origin: { type: "string" }, crew: { type: "string" }, size: { type: "number" } } as const;
const app = blueprintOf("app", { schema: { properties } });

/** How a night ends before its end: at which of its requests, which may still be done, all of its process is gone. */
export interface Kill {
  readonly at: IsCut;
  readonly done: boolean;
}

/** The request at which a prune looks for what is stale: all is written by then. */
export const atScan: IsCut = ({ path, body }) => path.endsWith("/search") && body.includes('"combinator":"or"');

/** A nightly sync with prune of apps into an emulator, whose days pass when the test says so. */
export interface Nights {
  readonly emulator: Emulator;
  readonly gate: Gate;
  readonly stateDir: string;
  /** Where the plan is kept. */
  readonly planFile: string;
  /** Ids of the source. */
  source: readonly string[];
  /** Text before the mapping's resources, and what the resource owns. */
  mapping: { readonly head: string; readonly where: string };
  /** A line of the source that is not a record of an app. */
  broken: string;
  /** Time between two nights. */
  dayMs: number;
  run(options?: Partial<SyncOptions>, kill?: Kill): ReturnType<typeof runSync>;
  /** Plans a night, and keeps the plan as a file. */
  plan(options?: Partial<SyncOptions>): Promise<Finished>;
  /** Applies the plan that was made last. */
  apply(kill?: Kill): ReturnType<typeof runApply>;
  /** A state folder that knows nothing. */
  freshFolder(): void;
  /** Lets another owner have an entity. */
  takeOver(identifier: string): Promise<void>;
  /** Identifiers in the catalog whose origin is ours, and whose it is not. */
  owned(): ReadonlySet<string>;
  foreign(): ReadonlySet<string>;
}

/** Starts nights over a catalog of some entities of ours and of another owner's. */
export async function startNights(owned: readonly string[], foreign: readonly string[] = []): Promise<Nights> {
  let nowMs = Date.now();
  // Within a night its time passes, too.
  const clock = () => ++nowMs;
  const emulator = await startEmulator({
    limits: "off",
    readings: readingsOfRun(),
    blueprints: [app],
    clock,
    tokenTtlMs: 1e12,
  });
  onTestFinished(() => emulator.close());
  const gate = await openGate(emulator, clock);
  const folder = await makeFolder();
  const [stateDir, image] = [join(folder, "state"), join(folder, "image")];
  const planFile = join(folder, "tonight.plan");
  const files = { source: join(folder, "apps.csv"), mapping: join(folder, "nightly.yaml") };
  const env = { PORT_API_URL: gate.url, PORT_CLIENT_ID: "portload", PORT_CLIENT_SECRET: "portload" };
  const ids = (isOurs: boolean) =>
    new Set(
      emulator.store
        .entities("app")
        .filter(({ properties: { origin } }) => (origin === "inventory") === isOurs)
        .map(({ identifier }) => identifier),
    );
  const nights: Nights = {
    takeOver: async (identifier) => void (await write([identifier], "scanner")),
    emulator,
    gate,
    stateDir,
    planFile,
    source: owned,
    mapping: { head: "", where: "{ property: origin, value: inventory }" },
    broken: "",
    dayMs: 24 * 3_600_000,
    freshFolder: () => rmSync(stateDir, { recursive: true, force: true }),
    owned: () => ids(true),
    foreign: () => ids(false),
    run: (options = {}, kill) =>
      night(kill, async (clock) => runSync({ ...(await given()), ...options }, { env, ...clock })),
    plan: (options = {}) =>
      night(undefined, async () => {
        const { file, discard, ...planned } = await runPlan({ ...(await given()), ...options }, { env });
        if (file !== undefined) await copyFile(file, planFile);
        await discard();
        return planned;
      }),
    apply: (kill) =>
      night(kill, async (clock) => {
        // The sources as they are said to be: another content would be a drift.
        await given();
        return runApply({ plan: planFile, stateDir }, { env, ...clock });
      }),
  };
  const given = async () => {
    await writeFile(files.source, `id,size\n${nights.source.map((id) => `${id},1\n`).join("")}${nights.broken}`);
    await writeFile(files.mapping, mappingOf(nights.mapping));
    return { prune: true, stateDir, sources: [files.source], mapping: files.mapping };
  };
  /** One night, at which the process may be killed. */
  async function night<T>(kill: Kill | undefined, work: (clock: { clock?: Clock }) => Promise<T>): Promise<T> {
    nowMs += nights.dayMs;
    gate.open();
    if (kill !== undefined)
      gate.cutAt(kill.at, kill.done, () => {
        if (existsSync(stateDir)) keepImage(stateDir, image);
        else mkdirSync(image, { recursive: true });
      });
    try {
      return await work(kill ? { clock: hurried } : {});
    } finally {
      if (gate.isCut) restoreImage(stateDir, image);
      gate.open();
    }
  }
  const post = async (path: string, body: unknown, token = "") => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const reply = await fetch(`${emulator.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return (await reply.json()) as { accessToken?: string };
  };
  const { accessToken } = await post("/auth/access_token", { clientId: "portload", clientSecret: "portload" });
  const write = (names: readonly string[], origin: string) => {
    const fields = { origin, crew: origin === "inventory" ? "night" : "day", size: 1 };
    const entities = names.map((identifier) => ({ identifier, properties: fields }));
    return post("/blueprints/app/entities/bulk?upsert=true&merge=true", { entities }, accessToken);
  };
  for (const [origin, names] of [
    ["inventory", owned],
    ["scanner", foreign],
  ] as const)
    for (let start = 0; start < names.length; start += 20) await write(names.slice(start, start + 20), origin);
  return nights;
}

function mappingOf({ head, where }: Nights["mapping"]): string {
  return `${head}
resources:
  - kind: apps
    prune: { where: ${where} }
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"app"'
          properties: { size: .size, origin: '"inventory"', crew: '"night"' }
`;
}

/** Identifiers from one number to another, both included. */
export function idsFrom(first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => `i${first + i}`);
}
