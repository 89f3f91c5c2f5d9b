import { createHash } from "node:crypto";
import Bottleneck from "bottleneck";
import type { Redis } from "ioredis";
import { publicRedisUrl } from "../addresses.js";
import { PaceError } from "../errors.js";
import type { Family } from "./call.js";
import type { SharedLimiter } from "./lane.js";

/** Limiters on one Redis, one for each route family. */
export interface RedisPace {
  /** The family's limiter, shared by all processes that name the same API on the same Redis (and database). */
  limiter(family: Family, gapMs: number): Promise<SharedLimiter>;
  /** Ends the connections; nothing is left behind but keys that expire within an hour. */
  close(): void;
}

/** Longest wait for a connection, and for the answer to a command, in milliseconds. */
const patienceMs = 5000;
/** Most that the clocks of this machine and of Redis may be apart: turns are given by the clocks of the jobs' machines. In milliseconds. */
const maxSkewMs = 2000;
/** How long Redis keeps an unused limiter, and how often those in use are renewed, in milliseconds. */
const keepMs = 3_600_000;
const refreshMs = 600_000;
/** What Bottleneck keeps of a limiter. Its own expiry takes no gaps with fractions, so we set it. */
const kept = [
  "settings",
  "job_weights",
  "job_expirations",
  "job_clients",
  "client_running",
  "client_num_queued",
  "client_last_registered",
  "client_last_seen",
];

/**
 * Connects to a Redis.
 *
 * The settings are those that were measured to hold: `minTime` only, for a shared reservoir lets twice the burst through at first; nothing is queued
 * while the connection is down.
 *
 * @throws {PaceError} when the package ioredis is missing, Redis does not answer, or its clock is far from ours
 */
export async function openRedisPace(url: string, apiUrl: string): Promise<RedisPace> {
  const shown = publicRedisUrl(url);
  const client = await connect(url, shown);
  const connection = new Bottleneck.IORedisConnection({ client });
  // The commands that fail of it say so.
  connection.on("error", () => undefined);
  try {
    await checkDatabase(client, url, shown);
    await checkClock(client, shown);
  } catch (error) {
    void connection.disconnect(false);
    throw error;
  }
  const api = createHash("sha256").update(apiUrl).digest("hex").slice(0, 16);
  const ids = new Set<string>();
  const keep = () => {
    for (const id of ids) for (const key of kept) client.pexpire(`b_${id}_${key}`, keepMs).catch(() => undefined);
  };
  const timer = setInterval(keep, refreshMs).unref();
  const watch = watchClock();
  return {
    limiter(family, gapMs) {
      const id = `portload-${api}-${family}`;
      ids.add(id);
      return startLimiter(connection, id, gapMs, shown, watch).finally(keep);
    },
    close() {
      clearInterval(timer);
      watch.close();
      void connection.disconnect(false);
    },
  };
}

async function startLimiter(
  connection: Bottleneck.IORedisConnection,
  id: string,
  gapMs: number,
  shown: string,
  watch: ClockWatch,
): Promise<SharedLimiter> {
  const limiter = new Bottleneck({ id, minTime: gapMs, connection });
  const waiting = new Set<(reason: unknown) => void>();
  const fail = (cause: unknown) => {
    for (const reject of waiting) reject(lostPace(shown, cause));
    waiting.clear();
  };
  // A job that cannot be registered stays in Bottleneck's queue; only this event says so.
  limiter.on("error", fail);
  watch.onSet(fail);
  await withPatience(limiter.ready(), shown);
  return {
    turn: () =>
      new Promise((resolve, reject) => {
        waiting.add(reject);
        limiter
          .schedule(() => {
            waiting.delete(reject);
            resolve();
            return Promise.resolve();
          })
          .catch((cause: unknown) => reject(lostPace(shown, cause)));
      }),
    async setGap(next) {
      try {
        await limiter.updateSettings({ minTime: next });
      } catch (cause) {
        throw lostPace(shown, cause);
      }
    },
  };
}

async function connect(url: string, shown: string): Promise<Redis> {
  const { Redis } = await import("ioredis").catch((cause: unknown) => {
    throw new PaceError("--pace needs the package ioredis, which is not installed", {
      hint: "Install it beside portload: npm install ioredis",
      cause,
    });
  });
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: patienceMs,
    commandTimeout: patienceMs,
    // A lost connection is reported at once: the caller stops or continues alone.
    retryStrategy: () => null,
  });
  let last: unknown;
  const settled = new Promise<void>((resolve, reject) => {
    client.on("error", (error) => {
      last = error;
    });
    client.once("ready", resolve);
    client.once("end", () => reject(last));
  });
  try {
    await withPatience(settled, shown);
    return client;
  } catch (cause) {
    client.disconnect();
    throw cause instanceof PaceError ? cause : lostPace(shown, cause);
  }
}

interface ClockWatch {
  /** Calls back once the clock was set, also where that was before. */
  onSet(callback: (cause: Error) => void): void;
  close(): void;
}

/** Detects that this machine's clock was set: turns are given by it, and one that is set back would stall them for as long. */
function watchClock(): ClockWatch {
  const offset = () => Date.now() - performance.now();
  const startMs = offset();
  const callbacks: ((cause: Error) => void)[] = [];
  let cause: Error | undefined;
  const timer = setInterval(() => {
    const movedMs = offset() - startMs;
    if (cause !== undefined || Math.abs(movedMs) <= maxSkewMs) return;
    cause = new Error(
      `this machine's clock was set ${movedMs < 0 ? "back" : "forward"} by ${Math.round(Math.abs(movedMs) / 1000)} s meanwhile`,
    );
    for (const callback of callbacks) callback(cause);
  }, 1000).unref();
  return {
    onSet(callback) {
      callbacks.push(callback);
      if (cause !== undefined) callback(cause);
    },
    close: () => clearInterval(timer),
  };
}

/** ioredis silently uses database 0 where that number does not exist. */
async function checkDatabase(client: Redis, url: string, shown: string): Promise<void> {
  const database = Number(new URL(url).pathname.slice(1) || 0);
  await client.select(database).catch((cause: unknown) => {
    throw new PaceError(`${shown} has no database ${database}`, { hint: "Most have 16, from 0 to 15.", cause });
  });
}

async function checkClock(client: Redis, shown: string): Promise<void> {
  const [seconds, micros] = await client.time();
  const aheadMs = Date.now() - (Number(seconds) * 1000 + Number(micros) / 1000);
  if (Math.abs(aheadMs) <= maxSkewMs) return;
  const apart = `${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? "ahead of" : "behind"}`;
  throw new PaceError(`this machine's clock is ${apart} the clock of ${shown}: jobs cannot take turns`, {
    hint: "Set the clocks of all machines by NTP.",
  });
}

async function withPatience(wait: Promise<unknown>, shown: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(lostPace(shown, new Error(`no answer in ${patienceMs / 1000} s`))), patienceMs);
  });
  try {
    await Promise.race([wait, late]);
  } finally {
    clearTimeout(timer);
  }
}

function lostPace(shown: string, cause: unknown): PaceError {
  const why = cause instanceof Error ? cause.message : "the connection was closed";
  return new PaceError(`the Redis of --pace, ${shown}, cannot be used: ${why}`, {
    hint: "Resume once it is back, or say by --pace-fallback 25% which share of the quota this job may use without it.",
    cause,
  });
}
