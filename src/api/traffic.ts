import type { Clock } from "./clock.js";

/** What requests wait for: room in the quota, another attempt, or the token. */
export interface Wait {
  readonly for: "quota" | "retry" | "token";
  /** Milliseconds until it continues, where that is known. */
  readonly leftMs?: number;
  /** Requests that wait for another attempt, and what was wrong with the one that is sent first. */
  readonly requests?: number;
  readonly why?: string;
}

/** The traffic between us and the API at this moment. */
export interface Traffic {
  /** Requests sent and not answered. */
  readonly inFlight: number;
  readonly wait?: Wait;
}

/** Sees what requests are doing. */
export interface TrafficWatch {
  /** A request is sent (+1), or its answer arrived (-1). */
  onWire(change: 1 | -1): void;
  /** The token is asked for: all others wait. */
  askToken<T>(work: () => Promise<T>): Promise<T>;
  /** A request waits so long for its next attempt. */
  untilRetry(delayMs: number, why: string, sleep: Promise<void>): Promise<void>;
  /** @param laneUntilMs - when the first that waits for the quota may go; undefined where none does */
  read(laneUntilMs: number | undefined): Traffic;
}

/** Shorter waits are the normal rhythm of the pace, and are not reported. */
const shortMs = 1000;

/** Starts with nothing under way. */
export function watchTraffic(clock: Clock): TrafficWatch {
  let inFlight = 0;
  let tokenSinceMs: number | undefined;
  const retries = new Set<{ readonly untilMs: number; readonly why: string }>();
  const waitOf = (laneUntilMs: number | undefined): Wait | undefined => {
    const now = clock.now();
    const [next, ...others] = [...retries].sort((a, b) => a.untilMs - b.untilMs);
    const left = next && { leftMs: Math.max(0, next.untilMs - now), why: next.why };
    if (tokenSinceMs !== undefined && (left !== undefined || now - tokenSinceMs >= shortMs))
      return { for: "token", ...left };
    if (laneUntilMs !== undefined && laneUntilMs - now >= shortMs) return { for: "quota", leftMs: laneUntilMs - now };
    return left && { for: "retry", ...left, requests: others.length + 1 };
  };
  return {
    onWire(change) {
      inFlight += change;
    },
    async askToken(work) {
      tokenSinceMs = clock.now();
      try {
        return await work();
      } finally {
        tokenSinceMs = undefined;
      }
    },
    async untilRetry(delayMs, why, sleep) {
      const retry = { untilMs: clock.now() + delayMs, why };
      retries.add(retry);
      try {
        await sleep;
      } finally {
        retries.delete(retry);
      }
    },
    read(laneUntilMs) {
      const wait = waitOf(laneUntilMs);
      return { inFlight, ...(wait && { wait }) };
    },
  };
}
