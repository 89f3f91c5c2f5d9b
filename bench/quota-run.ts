import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** One way to press the emulator's limits, each part in its own process. */
export interface Scenario {
  readonly name: string;
  readonly roundTripMs: number;
  /** Flags of each import; as many imports as entries. */
  readonly imports: readonly (readonly string[])[];
  /** Share of the bulk rate that another client takes, whatever it is answered. */
  readonly others?: number;
}

/** How hard and how long. */
export interface Load {
  /** As of `portload emulator`. */
  readonly limits: string;
  readonly limitPeriod: string;
  /** Longest time for the burst to be used up, then the time measured. In milliseconds. */
  readonly burstMs: number;
  readonly measuredMs: number;
}

/** What became of it. Shares are of what the limits allow. */
export interface Measured {
  readonly name: string;
  /** Share of the allowed bulk requests accepted after the burst, of all clients. */
  readonly used: number;
  /** The same since the start, burst and start-up included. */
  readonly usedInAll: number;
  /** 429s of our imports after the burst, and in all, and their requests in all. */
  readonly refusedAfter: number;
  readonly refused: number;
  readonly requests: number;
}

/** Counts of the bulk family, as the emulator's. */
export interface BulkStats {
  readonly accepted: number;
  readonly refused: number;
  readonly allowed: number;
  readonly limit: number;
  readonly periodMs: number;
  readonly burst: number;
}

/** How the other client fared. */
export interface OthersSent {
  readonly accepted: number;
  readonly refused: number;
}

/** Maps the records of {@link thing}. */
export const mapping = `resources:
  - kind: thing
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id
          title: .title
          blueprint: '"thing"'
          properties: { a: .a, b: .b }
`;
/** The blueprint of the things. */
export const blueprint = {
  identifier: "thing",
  title: "Thing",
  schema: { properties: { a: { type: "string" }, b: { type: "number" } } },
} as const;

/** The n-th record of an import as a line. */
export function thing(from: number, n: number): string {
  return `{"id":"t${from}-${n}","title":"Thing ${n}","a":"text ${n}","b":${n}}\n`;
}

/**
 * Runs a scenario: an emulator with limits, and imports of a stream that never ends, until they have been measured.
 *
 * @param program - path of the built program
 */
export async function runScenario(program: string, scenario: Scenario, load: Load): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "portload-quota-"));
  const children: ChildProcess[] = [];
  const ended = new AbortController();
  try {
    mkdirSync(join(folder, "blueprints"));
    writeFileSync(join(folder, "blueprints/thing.json"), JSON.stringify(blueprint));
    writeFileSync(join(folder, "thing.yaml"), mapping);
    const flags = [
      "--port",
      "0",
      "--blueprints",
      "blueprints",
      "--limits",
      load.limits,
      "--limit-period",
      load.limitPeriod,
    ];
    const emulator = spawn(
      process.execPath,
      [program, "emulator", ...flags, "--latency", `${scenario.roundTripMs}ms`],
      {
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    children.push(emulator);
    const url = await addressOf(emulator);
    const stats = async (): Promise<BulkStats> => {
      const reply = await fetch(url.replace("/v1", "/__emulator/stats"));
      return ((await reply.json()) as { families: { bulk: BulkStats } }).families.bulk;
    };
    const imports = scenario.imports.map((more, n) => startImport(program, folder, url, n, more));
    children.push(...imports.map(({ child }) => child));
    const { from, to, others } = await measure(stats, load, () => disturb(url, scenario.others, ended.signal));
    for (const { finish } of imports) finish();
    await Promise.all(imports.map(({ ended }) => ended));
    return { ...figures(scenario.name, from, to), ...oursOf(await stats(), others()) };
  } finally {
    ended.abort();
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * The counts when the burst is used up, and after the time to be measured.
 *
 * @param startOthers - starts the other client once the imports have begun; gives what counts its 429s
 */
export async function measure(
  stats: () => Promise<BulkStats>,
  load: Load,
  startOthers: () => Promise<() => OthersSent>,
): Promise<{ readonly from: BulkStats; readonly to: BulkStats; readonly others: () => OthersSent }> {
  while ((await stats()).accepted === 0) await sleep(100);
  const others = await startOthers();
  const from = await burstUsed(stats, load);
  await sleep(load.measuredMs);
  return { from, to: await stats(), others };
}

/** What was used between two counts, and since the start. */
export function figures(name: string, from: BulkStats, to: BulkStats): Omit<Measured, "refused" | "requests"> {
  return {
    name,
    used: (to.accepted - from.accepted) / (to.allowed - from.allowed),
    usedInAll: to.accepted / to.allowed,
    refusedAfter: to.refused - from.refused,
  };
}

/** What is ours of the counts at the end. */
export function oursOf(end: BulkStats, others: OthersSent): Pick<Measured, "refused" | "requests"> {
  const refused = end.refused - others.refused;
  return { refused, requests: end.accepted - others.accepted + refused };
}

/** Waits until the burst is used up: imports come no nearer to what is allowed; or until the time for that is over. */
async function burstUsed(stats: () => Promise<BulkStats>, load: Load): Promise<BulkStats> {
  const end = Date.now() + load.burstMs;
  const seen: BulkStats[] = [];
  for (;;) {
    const now = await stats();
    seen.push(now);
    // Two seconds ago.
    const before = seen.at(-21);
    const gained = before && before.allowed - before.accepted - (now.allowed - now.accepted);
    const few = ((now.limit / now.periodMs) * 2000) / 10;
    if (Date.now() >= end || (gained !== undefined && now.accepted > now.burst && gained < few)) return now;
    await sleep(100);
  }
}

interface RunningImport {
  readonly child: ChildProcess;
  /** Ends its stream; it then finishes what it has read. */
  finish(): void;
  readonly ended: Promise<void>;
}

function startImport(program: string, folder: string, url: string, n: number, more: readonly string[]): RunningImport {
  const flags = ["-m", "thing.yaml", "--state-dir", `state-${n}`, "--output", "json", "--progress", "none", "--quiet"];
  const child = spawn(process.execPath, [program, "import", "thing=-", ...flags, ...more], {
    cwd: folder,
    env: { ...process.env, PORT_API_URL: url, PORT_CLIENT_ID: "portload", PORT_CLIENT_SECRET: "portload" },
  });
  let err = "";
  child.stdout.resume();
  child.stderr.on("data", (text) => {
    err += text;
  });
  const stop = feed(child, n);
  const done = once(child, "close").then(() => {
    if (child.exitCode !== 0) throw new Error(`the import ended with ${child.exitCode}: ${err}`);
  });
  done.catch(() => undefined);
  return { child, finish: stop, ended: done };
}

/** Writes records for as long as somebody reads, until the function it gives is called. */
function feed({ stdin }: ChildProcess, n: number): () => void {
  if (stdin === null) return () => undefined;
  let open = true;
  let id = 0;
  const write = () => {
    while (open) {
      let text = "";
      for (const end = id + 200; id < end; id++) text += thing(n, id);
      if (!stdin.write(text)) return;
    }
  };
  stdin.on("drain", write);
  stdin.on("error", () => {
    open = false;
  });
  write();
  return () => {
    open = false;
    stdin.end();
  };
}

/** Somebody else who takes a share of the bulk rate evenly and does not care for 429s; gives what says how many they got. */
export async function disturb(url: string, share: number | undefined, signal: AbortSignal): Promise<() => OthersSent> {
  if (share === undefined) return () => ({ accepted: 0, refused: 0 });
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ clientId: "portload", clientSecret: "portload" });
  const token = await fetch(`${url}/auth/access_token`, { method: "POST", headers: json, body });
  const { accessToken } = (await token.json()) as { accessToken: string };
  const headers = { ...json, authorization: `Bearer ${accessToken}` };
  let [accepted, refused] = [0, 0];
  const send = async (n: number): Promise<number> => {
    const entities = [{ identifier: `other-${n}`, properties: {} }];
    const reply = await fetch(`${url}/blueprints/thing/entities/bulk?upsert=true`, {
      method: "POST",
      headers,
      body: JSON.stringify({ entities }),
    });
    await reply.text();
    if (reply.status === 429) refused++;
    else accepted++;
    return (Number(reply.headers.get("x-ratelimit-limit")) / Number(reply.headers.get("x-ratelimit-period"))) * share;
  };
  const perSecond = await send(0);
  const press = async () => {
    const start = Date.now();
    for (let sent = 1; !signal.aborted; await sleep(10))
      for (; sent < ((Date.now() - start) * perSecond) / 1000; sent++) send(sent).catch(() => undefined);
  };
  void press();
  return () => ({ accepted, refused });
}

/** The address that an emulator prints once it answers. */
async function addressOf({ stderr }: ChildProcess): Promise<string> {
  let printed = "";
  for await (const text of stderr ?? []) {
    printed += text;
    const [, url] = /listening on (http\S+)\s/.exec(printed) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`the emulator did not start: ${printed}`);
}
